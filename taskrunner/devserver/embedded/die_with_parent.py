"""A script that becomes another program, one that dies with the process that started it.

Usage: die_with_parent.py DEATH_SIGNAL PARENT_PID UID GID PROGRAM ARGUMENT…
It stands alone (standard library only) and runs between fork and exec, in place of an unsafe preexec_fn.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(death_signal: str, parent: str, uid: str, gid: str, *command: str) -> None:
    if sys.platform != "linux":
        sys.exit("only Linux can end a process together with its parent: elsewhere, use containers (`make start`)")
    # A shell's background job ignores SIGINT and hands that down; our children must hear it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if int(uid) != os.geteuid():
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    # Only now: a change of user clears the death signal.
    if ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        sys.exit("prctl(PR_SET_PDEATHSIG) is refused here: allow it, or use containers (`make start`)")
    if os.getppid() != int(parent):
        sys.exit("the process that started this one has ended already")
    try:
        os.execv(command[0], command)  # noqa: S606 (no shell is the point)
    except OSError as error:
        sys.exit(f"cannot run {command[0]} as user {uid}: {error.strerror} (chmod -R o+rX lets others run it)")


if __name__ == "__main__":
    main(*sys.argv[1:])
