"""Where the embedded cluster of a data directory lives, and which user it belongs to.

Beside the data it serves, in `postgres/`, where that works. Not where weir runs as root and PostgreSQL, which refuses
root, would run as a user who cannot get there: then in `/var/lib/weir/<hash of the data directory's real path>`, and a
file in the data directory says so. Directories we did not make are never changed, whatever their mode.
"""

import contextlib
import hashlib
import itertools
import os
import pwd
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from common.pg_binaries import Account, EmbeddedPostgresError, installed, may

ELSEWHERE = Path("/var/lib/weir")
"""Parent of the clusters that cannot live in their data directory."""

POINTER = "postgres.location"
"""File in the data directory that names the cluster's home when it is `ELSEWHERE`."""

SOCKET_NAME = ".s.PGSQL.5432"
"""What PostgreSQL calls its socket, after the port it would have."""

_MAX_SOCKET_PATH_BYTES = 107
"""sun_path of sockaddr_un holds 108 bytes with the final NUL on Linux."""

_SERVICE_ACCOUNTS = ("weir", "postgres", "nobody")
"""Whom root runs the server as, first that exists: `weir` if somebody made one; `postgres` exists to own clusters and
nobody logs in as it; `nobody` is everywhere, and last because other daemons may share it."""


@dataclass(frozen=True, slots=True)
class Home:
    """The private directory (0700) that holds one cluster and what belongs to it."""

    path: Path
    owner: Account
    """The user the server runs as; also the owner of `path`."""

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data directory; exists once initdb has finished."""
        return self.path / "cluster"

    @property
    def log(self) -> Path:
        """What the server says before its own log files (in `log/`) are open."""
        return self.path / "start.log"

    @property
    def origin(self) -> Path | None:
        """File that names the data directory of a home `ELSEWHERE`, `None` for others.

        Beside the home: root writes it, and never writes by path into a directory that another user may change.
        """
        return ELSEWHERE / f"{self.path.name}.data-directory" if self.path.parent == ELSEWHERE else None

    @property
    def socket_directory(self) -> Path:
        """Private directory of the server's socket: in the home, or in `/tmp` where that path would not do.

        Too long for the kernel, or with a comma, which both PostgreSQL and asyncpg take for the end of a path.
        """
        inside = self.path / "run"
        if len(os.fsencode(inside / SOCKET_NAME)) <= _MAX_SOCKET_PATH_BYTES and "," not in str(inside):
            return inside
        return Path(tempfile.gettempdir()) / f"weir-{self.owner.uid}-{_hash(self.path)}"


def find_home(data_dir: Path) -> Home | None:
    """Give the home of a data directory's cluster, or `None` where there is none yet. Changes nothing.

    Raises `EmbeddedPostgresError` where the pointer leads nowhere: a new empty database in place of a lost one would be
    the worst answer.
    """
    real = data_dir.resolve()
    pointer = real / POINTER
    if not pointer.exists():
        inside = real / "postgres"
        return Home(inside, _owner(inside)) if inside.is_dir() else None
    path = Path(pointer.read_text().strip())
    if not path.is_dir():
        raise EmbeddedPostgresError(
            f"the database of {real} was in {path}, which is gone; restore that directory, or delete {pointer} to begin "
            "with an empty database"
        )
    home = Home(path, _owner(path))
    _check_not_copied(real, home)
    return home


def make_home(data_dir: Path) -> Home:
    """Find or make the home, and the directories in it. The caller holds the start lock; safe to be killed at any point.

    Raises `EmbeddedPostgresError`, and `OSError` where a directory cannot be made.
    """
    home = find_home(data_dir) or _new_home(data_dir.resolve())
    _check_ours(home)
    if home.origin:
        home.origin.write_text(f"{data_dir.resolve()}\n")
    for directory in (home.path / "log", home.socket_directory):
        make_private(directory, home.owner)
    return home


def make_private(directory: Path, owner: Account) -> None:
    """Make a directory that only `owner` can enter; one that exists must be just that already."""
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        found = directory.lstat()
        if (
            not stat.S_ISDIR(found.st_mode)
            or found.st_mode & 0o077
            or found.st_uid not in {owner.uid, os.geteuid()}
        ):
            raise EmbeddedPostgresError(
                f"{directory} must be a directory only {owner.name} can enter"
            ) from None
    if os.geteuid() == 0 and directory.lstat().st_uid != owner.uid:
        os.chown(directory, owner.uid, owner.gid, follow_symlinks=False)


def _new_home(real: Path) -> Home:
    account = _account(real)
    home = Home(real / "postgres", account)
    if os.geteuid() == 0 and not (may(account, real, 0o1) and installed().usable_by(account)):
        ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
        if not may(account, ELSEWHERE, 0o1):
            raise EmbeddedPostgresError(
                f"{account.name}, who runs PostgreSQL, must be able to search {ELSEWHERE}"
            )
        home = Home(_unused(ELSEWHERE / _hash(real)), account)
    make_private(home.path, account)
    if home.path.parent == ELSEWHERE:
        (real / POINTER).write_text(f"{home.path}\n")
    return home


def _unused(path: Path) -> Path:
    """Give `path`, or the first of `path-2`, `path-3` … that holds no cluster.

    One that does belonged to a data directory of the same name that was deleted: its database must not appear in a new
    one, and it is not ours to throw away.
    """
    names = itertools.chain(
        [path], (path.with_name(f"{path.name}-{number}") for number in itertools.count(2))
    )
    return next(name for name in names if not (name / "cluster").exists())


def _account(real: Path) -> Account:
    """Say who shall own a new cluster: we, and where we are root, the owner of the data directory or a service account."""
    if uid := os.geteuid():
        return _named(uid)
    if owner := real.stat().st_uid:
        with contextlib.suppress(EmbeddedPostgresError):
            return _named(owner)
    for name in _SERVICE_ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root, and none of the users {', '.join(_SERVICE_ACCOUNTS)} exists; make a user weir"
    )


def _owner(path: Path) -> Account:
    uid = path.stat().st_uid
    # Still root's: we were killed between mkdir and chown.
    return _account(path.parent) if uid == 0 else _named(uid)


def _named(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedPostgresError(
            f"user id {uid} has no name on this machine, and PostgreSQL needs one; run as a named user, or set "
            "WEIR_DATABASE_URL to a PostgreSQL of your own"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _check_ours(home: Home) -> None:
    if os.geteuid() not in {0, home.owner.uid}:
        raise EmbeddedPostgresError(
            f"the embedded database in {home.path} belongs to user {home.owner.name}; run weir as that user, or as root"
        )
    if set(str(home.path)) & set('"$`\\\n'):
        raise EmbeddedPostgresError(
            f"PostgreSQL's pg_ctl cannot work in {home.path}: a path with quotes, backslashes or $ in it confuses it"
        )


def _check_not_copied(real: Path, home: Home) -> None:
    """Refuse a copy of a data directory whose original still exists: two servers would share one database unknowingly."""
    if not home.origin or not home.origin.exists():
        return
    origin = Path(home.origin.read_text().strip())
    if (
        origin != real
        and (origin / POINTER).exists()
        and (origin / POINTER).read_text().strip() == str(home.path)
    ):
        raise EmbeddedPostgresError(
            f"{real} is a copy of {origin}, and both name the database in {home.path}; use weir backup and restore to "
            f"copy one, or delete {real / POINTER} to begin with an empty database"
        )


def _hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
