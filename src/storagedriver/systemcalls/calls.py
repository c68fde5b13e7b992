"""System calls as strace tells them, read into records."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_LINE = re.compile(r"(?P<process>\d+) +(?P<rest>.*)")
_WHOLE = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+|0x[0-9a-f]+|\?)(?P<tail>.*)")
_BEGUN = re.compile(r"(?P<text>(?P<name>\w+)\(.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"<\.\.\. (?P<name>\w+) resumed>(?P<text>.*)")
_DESCRIPTOR = re.compile(r"(?P<number>-?\d+|AT_FDCWD)<(?P<path>[^>]*)>(?P<deleted>\(deleted\))?")
_TEXT = re.compile(r'"(?P<text>(?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?')
_MARKS = re.compile(r'"[^"]*"|<[^>]*>|[][(){},]')
_ERROR = re.compile(r" (E[A-Z0-9]+) \(")

_DELETED = " (deleted)"

_OF_ONE_PATH = frozenset(
    [
        "access",
        "chmod",
        "chown",
        "creat",
        "getxattr",
        "lchown",
        "lstat",
        "mkdir",
        "mknod",
        "open",
        "readlink",
        "removexattr",
        "rmdir",
        "setxattr",
        "stat",
        "statfs",
        "truncate",
        "unlink",
        "utime",
        "utimes",
    ]
)
_AT = frozenset(
    [
        "faccessat",
        "faccessat2",
        "fchmodat",
        "fchownat",
        "fstatat64",
        "futimesat",
        "mkdirat",
        "mknodat",
        "newfstatat",
        "openat",
        "openat2",
        "readlinkat",
        "statx",
        "unlinkat",
        "utimensat",
    ]
)

_PATHS: Mapping[str, Sequence[tuple[int | None, int]]] = {
    **dict.fromkeys(_OF_ONE_PATH, ((None, 0),)),
    **dict.fromkeys(_AT, ((0, 1),)),
    **dict.fromkeys(("rename", "link"), ((None, 0), (None, 1))),
    **dict.fromkeys(("renameat", "renameat2", "linkat"), ((0, 1), (2, 3))),
    "symlink": ((None, 1),),
    "symlinkat": ((1, 2),),
}
"""Where calls have their paths, each with the place of the descriptor that it begins at."""


@dataclass(frozen=True, slots=True)
class SystemCall:
    """One system call of a traced process.

    Attributes:
        process: The thread that made it.
        name: "fsync".
        arguments: As strace writes them, with text in hexadecimal.
        result: What it returned; None if the process was killed in it.
        error: The name of the error that it returned: "ENOSPC"; empty for none.
        injected: Whether strace tampered with it.
        occurrence: Which of its thread's calls of this name it is, from 1.
        returned_path: What the descriptor that it returned belongs to; empty if it returned none.
    """

    process: int
    name: str
    arguments: tuple[str, ...]
    result: int | None
    error: str
    injected: bool
    occurrence: int
    returned_path: str = ""

    @property
    def paths(self) -> list[str]:
        """The absolute paths that the call names, and those of the descriptors that it is given, in their order."""
        found = []
        named = _PATHS.get(self.name, ())
        taken = {place for place, _ in named if place is not None}
        for directory, place in named:
            path = self.path_at(directory, place)
            if path is not None:
                found.append(path)
        for place, argument in enumerate(self.arguments):
            described = _DESCRIPTOR.fullmatch(argument)
            if described is not None and place not in taken and described["number"] != "AT_FDCWD":
                found.append(_path_of(described["path"]))
        return found

    def path_at(self, directory: int | None, place: int) -> str | None:
        """The path at a place of the arguments, beginning at the descriptor at another; None if it is none."""
        name = self.text(place)
        base = "" if directory is None else (self.descriptor_path(directory) or "")
        if name is None:
            # utimensat(fd, NULL) is about the descriptor itself.
            return base or None
        decoded = os.fsdecode(name)
        return os.path.normpath(os.path.join(base, decoded)) if decoded else base  # noqa: PTH118  not paths of this process

    def text(self, place: int) -> bytes | None:
        """The bytes at a place of the arguments; None if it holds no text."""
        if place >= len(self.arguments):
            return None
        found = _TEXT.fullmatch(self.arguments[place])
        return None if found is None else _bytes_of(found["text"])

    def number(self, place: int) -> int | None:
        """The number, or descriptor, at a place of the arguments; None if it holds neither."""
        if place >= len(self.arguments):
            return None
        argument = self.arguments[place]
        described = _DESCRIPTOR.fullmatch(argument)
        try:
            return int(argument if described is None else described["number"], 0)
        except ValueError:
            return None

    def descriptor_path(self, place: int) -> str | None:
        """What the descriptor at a place of the arguments belongs to; None if it holds none."""
        described = _DESCRIPTOR.fullmatch(self.arguments[place]) if place < len(self.arguments) else None
        return None if described is None else _path_of(described["path"])

    def touches(self, folder: str) -> bool:
        """Whether it is about the folder or what lies in it."""
        return any(path == folder or path.startswith(f"{folder}/") for path in self.paths)

    def shown(self, folder: str) -> str:
        """The call in a few words, with paths below `folder` by their last part: "rename(~x, file)"."""
        names = [path.rpartition("/")[2] if path != folder else "." for path in self.paths]
        return f"{self.name}({', '.join(names)})"


def parse(trace: str) -> list[SystemCall]:
    """The calls of a trace that `strace -f -y -xx` wrote, in the order in which they returned."""
    begun: dict[str, str] = {}
    seen: Counter[tuple[int, str]] = Counter()
    calls = []
    for line in trace.splitlines():
        split = _LINE.fullmatch(line)
        if split is None:
            continue
        process, rest = split["process"], split["rest"]
        unfinished = _BEGUN.fullmatch(rest)
        if unfinished is not None:
            begun[process] = unfinished["text"]
            continue
        resumed = _RESUMED.fullmatch(rest)
        if resumed is not None:
            rest = begun.pop(process, f"{resumed['name']}(") + resumed["text"]
        call = _call(int(process), rest, seen)
        if call is not None:
            calls.append(call)
    for process, text in begun.items():
        # The process was killed in it, or another of its threads ended it.
        call = _call(int(process), f"{text}) = ?", seen)
        if call is not None:
            calls.append(call)
    return calls


def between(calls: Iterable[SystemCall], begin: str, end: str) -> list[SystemCall]:
    """The calls after the one on the path `begin`, up to the one on `end` or the last."""
    found: list[SystemCall] = []
    inside = False
    for call in calls:
        if inside and end in call.paths:
            break
        if inside:
            found.append(call)
        inside = inside or begin in call.paths
    return found


def _call(process: int, text: str, seen: Counter[tuple[int, str]]) -> SystemCall | None:
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        return None
    name, tail = whole["name"], whole["tail"]
    seen[process, name] += 1
    failed = _ERROR.search(tail)
    described = _DESCRIPTOR.match(whole["result"] + tail)
    return SystemCall(
        process=process,
        name=name,
        arguments=tuple(_split(whole["arguments"])),
        result=None if whole["result"] == "?" else int(whole["result"], 0),
        error="" if failed is None else failed[1],
        injected="(INJECTED)" in tail,
        occurrence=seen[process, name],
        returned_path="" if described is None else _path_of(described["path"]),
    )


def _split(arguments: str) -> list[str]:
    """The arguments at the commas that are in no bracket. Text is in hexadecimal, so that it holds none."""
    if not arguments:
        return []
    found, begin, depth = [], 0, 0
    for mark in _MARKS.finditer(arguments):
        match mark[0]:
            case "(" | "[" | "{":
                depth += 1
            case ")" | "]" | "}":
                depth -= 1
            case "," if depth == 0:
                found.append(arguments[begin : mark.start()].strip())
                begin = mark.end()
    return [*found, arguments[begin:].strip()]


def _bytes_of(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _path_of(text: str) -> str:
    path = os.fsdecode(_bytes_of(text)) if text.startswith("\\x") else text
    return path.removesuffix(_DELETED)
