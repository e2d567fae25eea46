"""What helps to develop and to operate works in any project."""

import subprocess
import sys


def test_doctor_finds_no_fault(shop):
    assert "PostgreSQL" in shop.manage("doctor")  # it exits with 1 where one part is at fault


def test_the_embedded_servers_need_no_settings():
    program = "from taskrunner.devserver.embedded import EmbeddedServers"
    subprocess.run([sys.executable, "-c", program], check=True, env={})
