"""Traces of strace are read into calls: paths, descriptors, errors, and calls that others interrupt."""

from __future__ import annotations

import os

from storagedriver.systemcalls import errors_of, parse
from storagedriver.systemcalls.calls import between


def hexed(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(text))


def test_paths_begin_at_their_descriptor() -> None:
    """A name below a descriptor is told as an absolute path, and the descriptor itself is not."""
    trace = f'7 renameat(5<{hexed("/f/~s")}>, "{hexed("x")}", 6<{hexed("/f/d")}>, "{hexed("a, b")}") = 0\n'

    (call,) = parse(trace)

    assert call.paths == ["/f/~s/x", "/f/d/a, b"]
    assert call.touches("/f")
    assert not call.touches("/f/d/a")
    assert call.shown("/f") == "renameat(x, a, b)"


def test_an_error_an_injection_and_a_returned_descriptor_are_told() -> None:
    trace = (
        f'7 openat(AT_FDCWD<{hexed("/cwd")}>, "{hexed("/f/x")}", O_RDWR|O_CREAT|O_EXCL, 0666) = 5<{hexed("/f/x")}>\n'
        f"7 fsync(5<{hexed('/f/x')}>) = -1 EIO (Input/output error) (INJECTED)\n"
    )

    opened, flushed = parse(trace)

    assert (opened.result, opened.returned_path, opened.error) == (5, "/f/x", "")
    assert (flushed.result, flushed.error, flushed.injected) == (-1, "EIO", True)
    assert errors_of(opened)[0] == "ENOSPC"


def test_calls_that_other_threads_interrupt_are_put_together() -> None:
    """They come in the order in which they returned, and are counted for each thread."""
    trace = (
        f'7 pwrite64(5<{hexed("/f/x")}>, "{hexed("abc")}", 3, 0 <unfinished ...>\n'
        f"8 fsync(6<{hexed('/f/y')}>) = 0\n"
        "7 <... pwrite64 resumed>) = 3\n"
        f'7 pwrite64(5<{hexed("/f/x")}>, "{hexed("d")}", 1, 3) = 1\n'
    )

    calls = parse(trace)

    assert [(call.process, call.name, call.occurrence) for call in calls] == [
        (8, "fsync", 1),
        (7, "pwrite64", 1),
        (7, "pwrite64", 2),
    ]
    assert (calls[1].text(1), calls[1].number(3)) == (b"abc", 0)


def test_a_call_in_which_the_process_was_killed_has_no_result() -> None:
    trace = f'7 rename("{hexed("/f/x")}", "{hexed("/f/y")}") = ?\n7 +++ killed by SIGKILL +++\n'

    (call,) = parse(trace)

    assert call.result is None
    assert call.paths == ["/f/x", "/f/y"]


def test_a_deleted_file_is_told_by_its_old_path() -> None:
    trace = f"7 close(5<{hexed('/f/x')}>(deleted)) = 0\n"

    assert parse(trace)[0].paths == ["/f/x"]


def test_what_lies_between_the_marks_is_the_operation() -> None:
    looks = "".join(
        f'7 access("{hexed(path)}", F_OK) = -1 ENOENT (No such file)\n' for path in ("/b", "/f/x", "/e", "/f/y")
    )

    assert [call.paths for call in between(parse(looks), "/b", "/e")] == [["/f/x"]]
