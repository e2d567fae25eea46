"""Which process a process is: told by the machine, the id and the start ticks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from queueapp import process_identity
from queueapp.process_identity import is_same_process, machine, start_ticks
from tests.waiting import wait_until


@pytest.fixture
def child():
    """A process that waits for the end of its input."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        yield process
        process.kill()


def test_every_process_sees_the_same_ticks(child):
    look = f"from queueapp.process_identity import start_ticks; print(start_ticks({child.pid}))"
    seen = subprocess.run([sys.executable, "-c", look], stdout=subprocess.PIPE, check=True).stdout
    assert int(seen) == start_ticks(child.pid)
    assert is_same_process(child.pid, int(seen))


def test_an_id_that_was_given_out_again_is_another_process(child):
    assert not is_same_process(child.pid, start_ticks(child.pid) - 1)


def test_a_process_that_nobody_has_waited_for_has_ended(child):
    ticks = start_ticks(child.pid)
    child.stdin.close()
    wait_until(lambda: start_ticks(child.pid) is None)
    assert not is_same_process(child.pid, ticks)
    child.wait()
    assert (start_ticks(child.pid), is_same_process(child.pid, ticks)) == (None, False)


def test_a_name_full_of_signs_misleads_nobody(tmp_path):
    odd = tmp_path / "a) Z 1 (b"
    odd.symlink_to("/bin/sleep")
    with subprocess.Popen([odd, "600"]) as process:
        wait_until(lambda: "Z 1" in (process_identity.PROC / str(process.pid) / "comm").read_text())
        assert start_ticks(process.pid) >= start_ticks(os.getpid())
        process.kill()


def test_a_process_that_proc_does_not_show_counts_as_alive(child, tmp_path, monkeypatch):
    """As where /proc is mounted with `hidepid`, or a service runs with `ProtectProc`."""
    ticks = start_ticks(child.pid)
    monkeypatch.setattr(process_identity, "PROC", tmp_path)
    assert is_same_process(child.pid, ticks)
    child.kill()
    child.wait()
    assert not is_same_process(child.pid, ticks)


def test_a_process_that_proc_shows_and_does_not_describe_counts_as_alive(child, monkeypatch):
    """As where /proc is mounted with `hidepid=1`, and the process is another user's."""
    ticks = start_ticks(child.pid)

    def refuse(path):
        raise PermissionError(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert is_same_process(child.pid, ticks)


def test_a_machine_is_a_boot_and_a_namespace():
    boot, namespace = machine().split("/")
    assert boot in (process_identity.PROC / "sys/kernel/random/boot_id").read_text()
    assert os.readlink("/proc/self/ns/pid") == f"pid:[{namespace}]"
