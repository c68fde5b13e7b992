"""What this process holds at one moment: descriptors, sockets, threads, temporary files, memory."""

from __future__ import annotations

import ctypes
import enum
import gc
import linecache
import os
import re
import resource
import socket
import stat
import struct
import threading
import tracemalloc
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_DESCRIPTORS = Path("/dev/fd")
_TASKS = Path("/proc/self/task")
_MEMORY = Path("/proc/self/smaps_rollup")
_MEMORY_ROUGHLY = Path("/proc/self/statm")

_RESIDENT = re.compile(r"^Rss:\s+(\d+) kB", re.MULTILINE)

_TCP_STATES = (
    "",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
)
"""As Linux numbers them."""


class Resource(enum.StrEnum):
    """What a driver uses and has to give back."""

    DESCRIPTORS = "descriptors"
    """Of files, pipes and all else that is no socket."""
    SOCKETS = "sockets"
    THREADS = "threads"
    TEMPORARY_FILES = "temporary files"
    OBJECTS = "memory of objects"
    """What Python allocated, in bytes."""
    RESIDENT = "resident memory"
    """All memory of the process that is in use, libraries' own included, in bytes."""

    @property
    def in_bytes(self) -> bool:
        """Whether it is an amount of memory; the others are counted."""
        return self in {Resource.OBJECTS, Resource.RESIDENT}


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a process holds.

    Attributes:
        named: What can be counted, a name for each: "file /tmp/x", "socket to 127.0.0.1:9000, CLOSE_WAIT".
        memory: Bytes, of what can be told on this system.
    """

    named: Mapping[Resource, tuple[str, ...]]
    memory: Mapping[Resource, int]

    def amount(self, kind: Resource) -> int:
        """How many there are, or how many bytes; 0 for what cannot be told here."""
        return self.memory.get(kind, 0) if kind.in_bytes else len(self.named[kind])


def untold(kind: Resource) -> str | None:
    """Why this system does not tell how much of a resource a process holds; None if it does."""
    if kind is Resource.RESIDENT and not _MEMORY.exists():
        return "this system has no /proc/self/smaps_rollup that tells the resident memory"
    if kind in {Resource.DESCRIPTORS, Resource.SOCKETS} and not _DESCRIPTORS.exists():
        return "this system has no /dev/fd that lists the open descriptors"
    return None


def empty_caches() -> None:
    """Collect all garbage, and let Python forget what it keeps for itself."""
    # Python's own caches are bounded, and not the driver's: patterns of regular expressions, parts of URLs, lines of code.
    re.purge()
    urllib.parse.clear_cache()  # type: ignore[attr-defined]  # for tests, says its docstring
    linecache.clearcache()
    # What a finaliser lets go of is garbage of the next round.
    gc.collect()
    gc.collect()


def look(temporary: Path, *, exactly: bool) -> Holdings:
    """What this process holds, after all garbage is collected and Python's own caches are emptied.

    Args:
        temporary: The folder for temporary files, which is this process's alone.
        exactly: Whether resident memory is counted page by page, which takes milliseconds, and descriptors are told by what
            they are of, which takes as long where there are hundreds; else they are counted.
    """
    empty_caches()
    # First, as all that follows takes memory itself.
    memory = {Resource.OBJECTS: tracemalloc.get_traced_memory()[0]}
    resident = _resident(exactly=exactly)
    if resident is not None:
        memory[Resource.RESIDENT] = resident
    descriptors, sockets = _descriptors(exactly=exactly)
    named = {
        Resource.DESCRIPTORS: descriptors,
        Resource.SOCKETS: sockets,
        Resource.THREADS: tuple(_threads()),
        Resource.TEMPORARY_FILES: tuple(sorted(str(path.relative_to(temporary)) for path in temporary.rglob("*"))),
    }
    return Holdings(named, memory)


def give_back_free_memory() -> None:
    """Let the C library return what is free to the system, so that resident memory is what is in use; as far as it can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _resident(*, exactly: bool) -> int | None:
    try:
        if not exactly:
            return int(_MEMORY_ROUGHLY.read_text().split()[1]) * resource.getpagesize()
        told = _RESIDENT.search(_MEMORY.read_text())
    except OSError:
        return None
    return None if told is None else int(told[1]) * 1024


def _descriptors(*, exactly: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A name for each open descriptor of another kind, and for each socket; one name for all unless exactly."""
    others, sockets = [], []
    for name in _DESCRIPTORS.iterdir() if _DESCRIPTORS.exists() else ():
        number = int(name.name)
        try:
            mode = os.fstat(number).st_mode
        except OSError:
            # That of the listing itself.
            continue
        if stat.S_ISSOCK(mode):
            sockets.append(_socket(number) if exactly else "socket")
        else:
            others.append(_file(number, mode) if exactly else "descriptor")
    return tuple(sorted(others)), tuple(sorted(sockets))


def _file(number: int, mode: int) -> str:
    try:
        target = str(Path(f"/proc/self/fd/{number}").readlink())
    except OSError:
        target = ""
    if stat.S_ISFIFO(mode):
        return "pipe"
    kind = "directory" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "descriptor"
    return f"{kind} {target}".rstrip()


def _socket(number: int) -> str:
    with socket.socket(fileno=os.dup(number)) as copy:
        try:
            peer = copy.getpeername()
        except OSError:
            return "socket without a peer"
        where = ":".join(str(part) for part in peer[:2]) if isinstance(peer, tuple) else "this machine"
        return f"socket to {where}{_state(copy)}"


def _state(connection: socket.socket) -> str:
    if not hasattr(socket, "TCP_INFO"):
        return ""
    try:
        (number,) = struct.unpack("B", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1))
    except OSError:
        return ""
    return f", {_TCP_STATES[number]}" if 0 < number < len(_TCP_STATES) else ""


def _threads() -> Iterator[str]:
    """The names of the threads, those among them that a library made without Python."""
    known = {thread.native_id: thread.name for thread in threading.enumerate()}
    yield from sorted(known.values())
    if not _TASKS.exists():
        return
    for task in sorted(_TASKS.iterdir()):
        if int(task.name) not in known:
            try:
                yield f"{(task / 'comm').read_text().strip()} (not Python's)"
            except OSError:
                # It has ended.
                continue
