"""File systems of this process's own: full ones, read-only ones, and one inside another.

They are seen by no other process and are gone with this one. Root may do that, and elsewhere whoever may have a user
namespace.
"""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

_NEW_MOUNTS = 0x00020000
_NEW_USER = 0x10000000
_READ_ONLY = 1
_REMOUNT = 32
_PRIVATE = 1 << 18
_RECURSIVE = 1 << 14

PAGE = 4096
"""Bytes of a block of tmpfs."""


class MountError(Exception):
    """No mount is allowed to this process; the message says why."""


def separate() -> None:
    """Give this process, which has one thread, mounts of its own.

    Raises:
        MountError: It may not have them.
    """
    user, group = os.geteuid(), os.getegid()
    try:
        _called("unshare", _NEW_MOUNTS if user == 0 else _NEW_MOUNTS | _NEW_USER)
        if user != 0:
            Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
            Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
            Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
        _called("mount", None, b"/", None, _RECURSIVE | _PRIVATE, None)
    except OSError as error:
        raise MountError(f"mounting needs root, or a user namespace: {error.strerror}") from error


def mount(folder: Path, size: int) -> None:
    """Mount an empty tmpfs of `size` bytes on a folder.

    Raises:
        MountError: It cannot be.
    """
    try:
        _called("mount", b"tmpfs", os.fsencode(folder), b"tmpfs", 0, f"size={size}".encode())
    except OSError as error:
        raise MountError(f"tmpfs cannot be mounted: {error.strerror}") from error


def set_read_only(folder: Path, *, read_only: bool) -> None:
    """Make what is mounted on a folder read-only, or writable again.

    Raises:
        MountError: A file on it is open for writing.
    """
    try:
        _called("mount", None, os.fsencode(folder), None, _REMOUNT | (_READ_ONLY if read_only else 0), None)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        raise MountError("a file is open for writing, so that the file system cannot be made read-only") from error


def unmount(folder: Path) -> None:
    """Take what is mounted on a folder away, with all that is in it."""
    _called("umount2", os.fsencode(folder), 2)


def fill(file: Path, leave: int) -> None:
    """Fill the file system of `file` with it, but for so many bytes, in whole pages."""
    with file.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"\0" * PAGE)
        except OSError:
            stream.truncate(max(0, stream.tell() - leave))


def _called(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*(ctypes.c_ulong(each) if isinstance(each, int) else each for each in arguments)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
