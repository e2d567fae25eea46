"""What helps to develop and to operate works in any project."""

import subprocess
import sys


def test_doctor_finds_no_fault(shop):
    said = shop.manage("doctor")
    assert "PostgreSQL" in said and "fault" not in said


def test_the_embedded_servers_need_no_settings():
    program = "from taskrunner.devserver.embedded import EmbeddedServers"
    subprocess.run([sys.executable, "-c", program], check=True, env={})
