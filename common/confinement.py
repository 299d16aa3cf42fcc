"""Gives up, for the rest of this process's life, what code that reads hostile data must not have. For child processes only.

Decoders of pictures are where such data has most often won. So they run in a child that has nothing worth winning: no
files, no network, no other processes, little memory and time, and not the rights of root.
"""

import ctypes
import math
import os
import resource
from contextlib import suppress
from pathlib import Path

_NOBODY = 65_534
_NICENESS = 10
"""Pictures may come later; media may not."""
_PR_SET_NO_NEW_PRIVS = 38


def confine(*, memory_bytes: int) -> None:
    """Take everything away but the pipes that are open, `memory_bytes` more than now, and the CPU that nobody else wants.

    All modules must have been imported before: afterwards no file can be opened, and no thread started.
    """
    os.nice(_NICENESS)
    limits = {
        resource.RLIMIT_AS: _address_space_bytes() + memory_bytes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 0,
    }
    _give_up_root()
    for kind, wanted in limits.items():
        hard = resource.getrlimit(kind)[1]
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (most, most))


def limit_cpu(seconds: int) -> None:
    """Have the kernel end this process after so many more seconds of CPU time, whole ones; each call starts anew."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    most = math.ceil(usage.ru_utime + usage.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _address_space_bytes() -> int:
    """What the libraries take: half a gigabyte of addresses, and little memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _give_up_root() -> None:
    if os.geteuid() == 0:
        with suppress(OSError):  # a container may have no such user, and no right to become another one
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
