"""The system account that the embedded servers run as, and its way to the files they need."""

import logging
import os
import pwd
import stat
from pathlib import Path
from typing import NamedTuple

logger = logging.getLogger(__name__)


class StartError(RuntimeError):
    """Something could not be started; the message says why and what to do."""


class Account(NamedTuple):
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid)

    def reach(self, path: Path) -> None:
        """Give each directory above `path` the search bit that this account lacks, and nothing more."""
        if self == current_account():
            return
        for directory in path.resolve().parents:
            mode = directory.stat().st_mode
            if directory.stat().st_uid != self.uid and not mode & stat.S_IXOTH:
                directory.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
                logger.warning("chmod o+x %s: the servers run as `nobody` and pass through it", directory)


def current_account() -> Account:
    return Account(os.geteuid(), os.getegid())


def server_account() -> Account:
    """Ourselves, or `nobody` for root, as whom PostgreSQL refuses to run."""
    if os.geteuid() != 0:
        return current_account()
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise StartError(
            "PostgreSQL does not run as root, and this machine has no user `nobody` to run it as: start as a "
            "plain user, or set DATABASE_URL, OWNER_DATABASE_URL and REDIS_URL to servers of your own"
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)
