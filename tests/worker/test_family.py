"""Which processes die with the one that forked them."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil

from queueapp.worker.processes.family import children_die_with_us
from tests.waiting import wait_until


def child(ready):
    """Forked: ends with 7 when it is told."""
    pid = os.fork()
    if pid == 0:
        os.read(ready, 1)
        os._exit(7)
    return pid


def forks_in_a_thread():
    """Run as a program: what a thread has forked outlives it."""
    children_die_with_us()
    ready, tell = os.pipe()
    pids = []
    thread = threading.Thread(target=lambda: pids.append(child(ready)))
    thread.start()
    thread.join()
    while len(os.listdir("/proc/self/task")) > 1:  # until the kernel has let go of it, too
        time.sleep(0.01)
    os.write(tell, b".")
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pids[0], 0)[1]))


def forks_and_is_killed():
    """Run as a program: what the main thread has forked dies with it."""
    children_die_with_us()
    ready, _ = os.pipe()
    print(child(ready), flush=True)  # which may not have begun to run when we die
    os.kill(os.getpid(), signal.SIGKILL)


def run(function):
    program = f"from tests.worker.test_family import {function.__name__} as run; run()"
    return subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=False)


def test_what_a_thread_has_forked_outlives_the_thread():
    assert run(forks_in_a_thread).returncode == 7


def test_what_the_main_thread_has_forked_dies_with_it():
    orphan = int(run(forks_and_is_killed).stdout)
    wait_until(lambda: not psutil.pid_exists(orphan) or psutil.Process(orphan).status() == psutil.STATUS_ZOMBIE)
