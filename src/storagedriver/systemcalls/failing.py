"""How each system call can fail, as the manual and file systems have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storagedriver.systemcalls.calls import SystemCall

_OPENS = ("open", "openat", "openat2", "creat")
_WRITES = ("write", "pwrite64", "writev", "pwritev", "pwritev2", "copy_file_range", "sendfile", "splice")
_FLUSHES = ("fsync", "fdatasync", "sync_file_range", "syncfs", "msync")
_MAKES = ("mkdir", "mkdirat", "mknod", "mknodat", "symlink", "symlinkat", "link", "linkat")
_RENAMES = ("rename", "renameat", "renameat2")
_REMOVALS = ("unlink", "unlinkat", "rmdir")
_READS = ("read", "pread64", "readv", "preadv", "preadv2", "getdents64", "getdents")
_LOOKS = (
    "stat",
    "lstat",
    "newfstatat",
    "fstatat64",
    "statx",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
)
_SETS = ("chmod", "fchmodat", "chown", "fchownat", "utimensat", "utimes", "truncate", "setxattr", "lsetxattr")
_BY_DESCRIPTOR = ("fstat", "fchmod", "fchown", "futimens", "fsetxattr", "fgetxattr", "flistxattr", "fstatfs")

_ERRORS: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(_OPENS, ("EMFILE", "EACCES", "EIO", "EINTR")),
    **dict.fromkeys(_WRITES, ("ENOSPC", "EIO", "EINTR")),
    **dict.fromkeys(("fallocate", "ftruncate"), ("ENOSPC", "EIO", "EINTR")),
    **dict.fromkeys(_FLUSHES, ("EIO", "ENOSPC", "EINTR")),
    **dict.fromkeys(_MAKES, ("ENOSPC", "EIO", "EACCES")),
    **dict.fromkeys(_RENAMES, ("EIO", "ENOSPC", "EACCES", "EXDEV")),
    **dict.fromkeys(_REMOVALS, ("EIO", "EACCES")),
    **dict.fromkeys(_READS, ("EIO", "EINTR")),
    **dict.fromkeys(_LOOKS, ("EIO", "EACCES")),
    **dict.fromkeys(_SETS, ("EIO", "EACCES")),
    **dict.fromkeys(_BY_DESCRIPTOR, ("EIO",)),
    # The descriptor is closed all the same; what was written may be lost.
    "close": ("EIO", "ENOSPC", "EINTR"),
    "flock": ("EINTR", "EIO"),
}

_WRITING = frozenset({"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"})


def errors_of(call: SystemCall) -> list[str]:
    """The errors that a call can really return, the likeliest first; none if it does not fail where it is used right."""
    errors = list(_ERRORS.get(call.name, ()))
    if call.name in _OPENS and any(flag in argument for argument in call.arguments for flag in _WRITING):
        errors.insert(0, "ENOSPC")
    if call.name == "newfstatat" and call.text(1) == b"":
        # About a descriptor.
        return ["EIO"]
    return errors


def is_removal(call: SystemCall) -> bool:
    """Whether the call removes a name: what cannot be removed is left."""
    return call.name in _REMOVALS
