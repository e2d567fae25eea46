"""A directory for the servers' Unix sockets whose path is short and plain enough to be one."""

import hashlib
import os
import re
import stat
import tempfile
from pathlib import Path

from taskrunner.devserver.embedded.account import Account, StartError

# The kernel takes 107 bytes in all.
LONGEST = 107 - len("/.s.PGSQL.5432")


def socket_directory(directory: Path) -> Path:
    """Inside `directory`, or where that path is too long or odd, under the temporary directory."""
    inside = directory / "sockets"
    if _usable(inside):
        return inside
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    outside = Path(tempfile.gettempdir()) / f"taskrunner-{digest}"
    if not _usable(outside):
        raise StartError(f"{outside} is too long a path for a Unix socket: set TMPDIR to a shorter one")
    return outside


def make_private(directory: Path, account: Account) -> None:
    """Create `directory` for `account` alone, and trust none that somebody else put there first."""
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), account.uid):
        raise StartError(f"{directory} belongs to somebody else: remove it, or set TMPDIR to another place")
    account.own(directory)
    directory.chmod(0o700)


def _usable(path: Path) -> bool:
    # PostgreSQL and libpq read a comma as the end of a path, URLs need quotes for much else.
    return len(str(path)) <= LONGEST and re.fullmatch(r"[\w./-]+", str(path), re.ASCII) is not None
