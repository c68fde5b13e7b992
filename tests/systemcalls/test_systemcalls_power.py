"""What a power failure may leave, by traces written by hand: the model drops what was not flushed and nothing else."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from storagedriver.systemcalls import SystemCall, missing_flushes, power_failures
from storagedriver.systemcalls.disk import Recording, Renamed

FOLDER = "/f"


def hexed(text: str) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in os.fsencode(text)) + '"'


def calls(*made: tuple[str, tuple[str, ...], int]) -> list[SystemCall]:
    """Calls of these names, arguments and results; a text that begins with a slash or ends with ! is a path or data."""
    counted = itertools.count(1)
    return [SystemCall(1, name, arguments, result, "", False, next(counted)) for name, arguments, result in made]


def opened(path: str, flags: str, descriptor: int) -> tuple[str, tuple[str, ...], int]:
    return "open", (hexed(path), flags, "0666"), descriptor


def written(descriptor: int, data: str, position: int = 0) -> tuple[str, tuple[str, ...], int]:
    return "pwrite64", (f"{descriptor}<x>", hexed(data), str(len(data)), str(position)), len(data)


def flushed(descriptor: int) -> tuple[str, tuple[str, ...], int]:
    return "fsync", (f"{descriptor}<x>",), 0


def renamed(source: str, dest: str) -> tuple[str, tuple[str, ...], int]:
    return "rename", (hexed(source), hexed(dest)), 0


NEW_FILE = (opened("/f/~t", "O_WRONLY|O_CREAT|O_EXCL", 5), written(5, "new!"))
FLUSHED_DIRECTORY = (opened("/f", "O_RDONLY|O_DIRECTORY", 6), flushed(6))


def replay(*made: tuple[str, tuple[str, ...], int], before: dict[str, bytes] | None = None) -> Recording:
    recording = Recording(Path(FOLDER), {"file": b"old"} if before is None else before, ())
    recording.replay(calls(*made))
    return recording


def states(recording: Recording, after: int) -> list[dict[str, bytes]]:
    return [each.tree.files(recording.folder) for each in power_failures(recording, after) if each.after == after]


def test_what_was_flushed_in_order_is_there_in_every_state() -> None:
    """File, name, directory: after the last flush nothing is left to chance."""
    recording = replay(*NEW_FILE, flushed(5), renamed("/f/~t", "/f/file"), *FLUSHED_DIRECTORY)

    assert states(recording, 5) == [{"file": b"new!"}]
    assert missing_flushes(recording, [b"new!"]) == []


def test_before_the_return_the_old_file_or_the_new_is_there() -> None:
    recording = replay(*NEW_FILE, flushed(5), renamed("/f/~t", "/f/file"), *FLUSHED_DIRECTORY)

    seen = {failure.tree.files(recording.folder)["file"] for failure in power_failures(recording, 5)}

    assert seen == {b"old", b"new!"}


def test_a_name_without_its_content_is_a_state_where_the_file_was_not_flushed() -> None:
    recording = replay(*NEW_FILE, renamed("/f/~t", "/f/file"), *FLUSHED_DIRECTORY)

    assert {"file": b""} in states(recording, 4)
    assert {"file": b"ne"} in states(recording, 4)
    assert missing_flushes(recording, [b"new!"]) == ["file: what call 2 wrote is not flushed"]


def test_a_flush_after_the_name_is_too_late() -> None:
    """At the end all is there; in between the name stands for nothing."""
    recording = replay(*NEW_FILE, renamed("/f/~t", "/f/file"), flushed(5), *FLUSHED_DIRECTORY)

    assert states(recording, 5) == [{"file": b"new!"}]
    assert any(failure.tree.files(recording.folder) == {"file": b""} for failure in power_failures(recording, 5))
    assert missing_flushes(recording, [b"new!"]) == ["file: call 3 gives the name before what call 2 wrote is flushed"]


def test_a_new_directory_has_to_be_flushed_into_the_one_above() -> None:
    made = ("mkdir", (hexed("/f/d"), "0777"), 0)
    below = (
        *NEW_FILE,
        flushed(5),
        renamed("/f/~t", "/f/d/file"),
        opened("/f/d", "O_RDONLY|O_DIRECTORY", 6),
        flushed(6),
    )

    recording = replay(made, *below, before={})

    assert {} in states(recording, 6)
    assert [each for each in missing_flushes(recording, [b"new!"]) if "name d" in each]


def test_a_renaming_loses_neither_name() -> None:
    """Whichever directory was flushed, the file is at one of both paths, or at both."""
    above = ("mkdir", (hexed("/f/d"), "0777"), 0)
    both = (opened("/f", "O_RDONLY|O_DIRECTORY", 6), opened("/f/d", "O_RDONLY|O_DIRECTORY", 7))
    for flush in ((), (flushed(6),), (flushed(7),)):
        recording = replay(above, *both, flushed(6), renamed("/f/file", "/f/d/file"), *flush)

        seen = [failure.tree.files(recording.folder) for failure in power_failures(recording, 3 + 1 + len(flush))]

        assert all({"file", "d/file"} & files.keys() for files in seen)


def test_old_and_new_name_are_both_there_where_the_old_directory_was_not_flushed() -> None:
    above = ("mkdir", (hexed("/f/d"), "0777"), 0)
    flush = (opened("/f/d", "O_RDONLY|O_DIRECTORY", 7), flushed(7))
    recording = replay(above, *FLUSHED_DIRECTORY, renamed("/f/file", "/f/d/file"), *flush)

    assert {"file": b"old", "d/file": b"old"} in states(recording, 5)
    assert isinstance(recording.changes[-1].change, Renamed)


def test_a_write_in_place_leaves_nothing_of_the_old_content() -> None:
    recording = replay(opened("/f/file", "O_WRONLY|O_TRUNC", 5), written(5, "new!"), flushed(5))

    seen = {failure.tree.files(recording.folder)["file"] for failure in power_failures(recording, 2)}

    assert b"" in seen


def ways_to_write() -> Iterator[tuple[str, tuple[tuple[str, tuple[str, ...], int], ...], bytes]]:
    append = opened("/f/file", "O_WRONLY|O_APPEND", 5)
    plain = opened("/f/file", "O_RDWR", 5)
    yield "write at the position", (plain, ("write", ("5<x>", hexed("N"), "1"), 1)), b"Nld"
    yield "two writes", (plain, *(("write", ("5<x>", hexed(each), "1"), 1) for each in "NE")), b"NEd"
    yield (
        "seek and write",
        (plain, ("lseek", ("5<x>", "1", "SEEK_SET"), 1), ("write", ("5<x>", hexed("N"), "1"), 1)),
        b"oNd",
    )
    yield "append", (append, ("write", ("5<x>", hexed("N"), "1"), 1)), b"oldN"
    yield "cut", (plain, ("ftruncate", ("5<x>", "1"), 0)), b"o"
    yield "grow", (plain, ("fallocate", ("5<x>", "0", "0", "5"), 0)), b"old\0\0"
    yield "gap", (plain, written(5, "N", 4)), b"old\0N"
    yield "short", (plain, ("write", ("5<x>", hexed("NEW"), "3"), 1)), b"Nld"
    pieces = f"[{{iov_base={hexed('N')}, iov_len=1}}, {{iov_base={hexed('E')}, iov_len=1}}]"
    yield "pieces", (plain, ("pwritev", ("5<x>", pieces, "2", "1"), 2)), b"oNE"
    copied = ("copy_file_range", ("5<x>", "[0]", "5<x>", "[3]", "3", "0"), 3)
    yield "copy", (plain, copied), b"oldold"
    yield "copy of a descriptor", (plain, ("dup", ("5<x>",), 9), ("write", ("9<x>", hexed("N"), "1"), 1)), b"Nld"


@pytest.mark.parametrize(
    ("made", "content"), [each[1:] for each in ways_to_write()], ids=[each[0] for each in ways_to_write()]
)
def test_every_way_to_write_is_replayed(made: tuple[tuple[str, tuple[str, ...], int], ...], content: bytes) -> None:
    assert replay(*made).files() == {"file": content}


def test_calls_that_failed_changed_nothing() -> None:
    recording = Recording(Path(FOLDER), {"file": b"old"}, ())

    recording.replay([SystemCall(1, "rename", (hexed("/f/file"), hexed("/f/x")), -1, "EIO", True, 1)])

    assert recording.files() == {"file": b"old"}
    assert recording.changes == []


def test_a_flush_that_failed_is_not_made_good_by_another() -> None:
    """Systems forget what they could not write, and the next flush succeeds."""
    recording = Recording(Path(FOLDER), {"file": b"old"}, ())
    failed = SystemCall(1, "fsync", ("5<x>",), -1, "EIO", True, 1)
    made = calls(*NEW_FILE, flushed(5), renamed("/f/~t", "/f/file"), *FLUSHED_DIRECTORY)

    recording.replay([*made[:2], failed, *made[2:]])

    assert {"file": b""} in states(recording, 6)
