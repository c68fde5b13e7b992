"""Short histories that between them put each requirement to the test; what convicts a driver, convicts it here at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storagedriver import StorageDriver
from storagedriver.plugin.deadline import deadline
from storagedriver.testing import ContractViolation, content
from storagedriver_suites.properties.alphabet import INVALID, ROOT_IS_REFUSED
from storagedriver_suites.properties.execution import apply, finish
from storagedriver_suites.properties.refusing import INVALID_CALLS
from storagedriver_suites.properties.state import State
from storagedriver_suites.properties.steps import (
    Cancel,
    CloseReader,
    CloseWriter,
    Commit,
    Delete,
    Feed,
    Get,
    InvalidPath,
    List,
    Move,
    OpenReader,
    OpenWalk,
    OpenWriter,
    Put,
    PutText,
    Read,
    ReadOn,
    Stat,
    Step,
    Walk,
    WalkOn,
    Write,
)

LONG = content(200_000, seed=1)
CHUNK = content(65_536, seed=2)


def stream(
    path: str, *pieces: bytes, append: bool = False, end: type[Commit | Cancel | CloseWriter] = Commit
) -> list[Step]:
    return [OpenWriter(0, path, append), *(Write(0, piece) for piece in pieces), end(0)]


TREE: list[Step] = [Put(path, path.encode()) for path in ("a/a", "a/b/c", "a-b/x", "ab", "a.b", "a0", "A/a")]


def after(before: Sequence[Step], steps: Iterable[Step]) -> list[list[Step]]:
    """A history for each of the steps."""
    return [[*before, step] for step in steps]


REFUSED = [
    *after(TREE, (InvalidPath(method, path, of) for path, of in INVALID.items() for method in INVALID_CALLS)),
    *after(TREE, (InvalidPath(method, "/", "PATH-3") for method in ROOT_IS_REFUSED)),
]

OFFSETS = [
    *after([Put("a", LONG)], (Read("a", offset) for offset in (0, 1, 65_535, 65_536, 131_073, 199_999))),
    *after([Put("a", b"")], (Read("a", offset) for offset in (0, 2, 1 << 40, -1))),
    *after([Put("a", b"12")], (Read("a", offset) for offset in (0, 2, 3, 1 << 40, -1))),
]

PROBES: Sequence[Sequence[Step]] = (
    *REFUSED,
    [*TREE, Stat("/"), List("/"), Stat(""), List(""), Walk("")],
    [Put("n" * 120, b"1"), Put("n" * 119 + "m", b"2"), Get("n" * 120)],
    [Put("n" * 240, b"1"), Stat("n" * 240), Get("n" * 240)],
    [Put("a/.b", b"1"), Put("a/b", b"2"), List("a"), Walk("a")],
    [Put("A", b"1"), Put("a", b"2"), Get("A"), Delete("a"), Get("A")],
    [Put("a/b", b"1"), Put("a-b", b"2"), Put("a_b", b"3"), Put("a.b", b"4"), Put("ab", b"5")],
    [Put("a", LONG), Get("a"), Put("a", b"x"), Get("a"), Put("a", b""), Get("a"), Stat("a")],
    [Put("a", bytes(range(256)) * 2), Get("a"), Put("a", b"x"), Get("a")],
    [Put("a", b"content", "bytearray"), Get("a")],
    [Put("a", b"content", "memoryview"), Get("a")],
    [PutText("a")],
    [Put("a", b"old"), PutText("a"), Get("a")],
    [Put("a/b/c/d", b"1"), Get("a/b/c/d")],
    [Get("a"), Put("a/b", b"1"), Get("a"), Get("a/b/c"), Get("a/c")],
    [Put("a", b"old"), Put("a/b", b"below"), Get("a")],
    [Put("a/b", b"old"), Put("a", b"above"), Get("a/b")],
    [Put("a", CHUNK), OpenReader(0, "a"), ReadOn(0, 10), Put("a", CHUNK[::-1]), ReadOn(0, -1)],
    [Put("a", LONG), OpenReader(0, "a"), ReadOn(0, 10), Put("a", LONG[::-1]), ReadOn(0, -1)],
    [Put("a", LONG), OpenReader(0, "a"), ReadOn(0, 10), Delete("a"), ReadOn(0, -1)],
    *OFFSETS,
    [Read("a"), Put("a/b", b"1"), Read("a"), OpenReader(0, "a")],
    [Read("a", 5)],
    [Put("a", LONG), OpenReader(0, "a"), ReadOn(0, 0), ReadOn(0, 3), ReadOn(0, 4096), ReadOn(0, -1), ReadOn(0, 1)],
    [Put("a", b"12"), OpenReader(0, "a"), ReadOn(0, -1), ReadOn(0, 1), ReadOn(0, 1), CloseReader(0)],
    [Put("a", b"12"), OpenReader(0, "a"), CloseReader(0)],
    [Put("a", LONG), OpenReader(0, "a"), OpenReader(1, "a"), ReadOn(0, 9), ReadOn(1, 9), ReadOn(0, 9), ReadOn(1, -1)],
    [Put("a", b"old"), OpenWriter(0, "a"), Write(0, b"new"), Get("a"), Stat("a"), Commit(0), Get("a")],
    [OpenWriter(0, "a"), Write(0, CHUNK), Write(0, b"x"), Stat("a"), Get("a"), Commit(0), Get("a")],
    [*stream("a", CHUNK), Get("a"), *stream("b", CHUNK, CHUNK, b"x"), Get("b"), *stream("c", b"", b"x", b""), Get("c")],
    [Put("a", b"old"), *stream("a", b"more", append=True), Get("a"), *stream("b", b"1", append=True)],
    [Put("a", b""), *stream("a", b"more", append=True), Get("a")],
    [OpenWriter(0, "a"), Write(0, b"1"), Write(0, b"22"), Commit(0), OpenWriter(1, "a", append=True), Write(1, b"3")],
    [Put("a", b"old"), *stream("a", b"new", end=Cancel), Get("a"), Write(0, b"1"), Commit(0)],
    [Put("a", b"old"), *stream("a", b"new"), Commit(0), Write(0, b"1"), Cancel(0), Get("a")],
    [Put("a", b"old"), *stream("a", b"new", end=CloseWriter), Commit(0), Write(0, b"1"), Cancel(0), Get("a")],
    [Put("a", b"old"), *stream("a", b"new", end=CloseWriter), Get("a")],
    [OpenWriter(0, "a"), OpenWriter(1, "a"), Write(0, b"one"), Write(1, b"second"), Commit(1), Commit(0), Get("a")],
    [OpenWriter(0, "a"), OpenWriter(1, "a"), Write(0, b"one"), Write(1, b"second"), Commit(0), Commit(1), Get("a")],
    [OpenWriter(0, "a"), OpenWriter(1, "a"), Write(0, CHUNK), Write(1, b"second"), Commit(0), Cancel(1), Get("a")],
    [*stream("a"), Get("a"), Put("b", b"old"), *stream("b", append=True), Get("b")],
    [*stream("a", b"staged", end=CloseWriter), *stream("a", b"+", append=True), Get("a")],
    [
        *stream("a", b"staged", end=CloseWriter),
        *stream("a", b"+", append=True, end=CloseWriter),
        *stream("a", append=True),
    ],
    [Put("a", LONG), OpenReader(0, "a"), OpenWriter(0, "b"), Feed(0, 0, 100), Feed(0, 0, -1), Commit(0), Get("b")],
    [Put("a", LONG), OpenReader(0, "a"), OpenWriter(0, "a"), Feed(0, 0, 100), Feed(0, 0, -1), Commit(0), Get("a")],
    [Put("a", b"12"), Stat("a"), Put("a", b"345"), Stat("a"), *stream("a", b"6"), Stat("a")],
    [Put("a", LONG), Stat("a")],
    [Put("a/b/c", b"1"), Stat("a"), Stat("a/b"), Stat("a/b/c")],
    [Stat("a"), Put("ab", b"1"), Stat("a"), Put("a-b/c", b"2"), Stat("a")],
    *([*TREE, List(path)] for path in ("", "a", "a/b", "a-b", "ab", "b", "a/a/a")),
    [Put("a/b", b"1"), List("a"), Put("a/c", b"2"), List("a"), Delete("a/b"), List("a"), Walk("")],
    [Put("a", b"content"), Put("b", b"longer old content"), Move("a", "b"), Get("b"), Stat("b"), Get("a")],
    [Put("a", b"content"), Move("a", "d/e/f"), Get("d/e/f")],
    [Put("b", b"old"), Move("a", "b"), Get("b"), Move("b/c", "d")],
    [Put("a", b"1"), Move("a", "a"), Get("a"), Move("b", "b")],
    [*TREE, Move("a", "z"), Get("z/a"), Get("z/b/c"), Get("ab")],
    [*TREE, Move("ab", "a"), Get("a/a"), Move("a0", "a0/b"), Get("a0"), Move("a", "a/b/d")],
    [Put("a", b"1"), Put("b", b"2"), Move("a", "b/c"), Get("a"), Get("b")],
    [*TREE, Delete("a"), Get("a/a"), Stat("a/b"), List("a"), Get("ab")],
    [*TREE, Delete("ab"), Get("a.b"), Delete("ab"), Delete("a/a/x")],
    [Put("ab", b"1"), Delete("a")],
    [Put("a/a", b"1"), *stream("a/a", b"s", end=CloseWriter), Delete("a/a"), *stream("a/a", append=True)],
    [Put("a/a", b"1"), *stream("a/a", b"s", end=CloseWriter), Delete("a"), *stream("a/a", append=True)],
    *(
        [*TREE, Walk(path, after, prune)]
        for path, after, prune in (
            ("", None, None),
            ("a", None, None),
            ("", "a", None),
            ("", "a/b", None),
            ("", "a/b/c", None),
            ("", "a-b", None),
            ("", None, "a"),
            ("", None, "a/b"),
            ("b", None, None),
            ("ab", None, None),
            ("", "aa", None),
        )
    ),
    [*TREE, OpenWalk(0, ""), WalkOn(0, 1), Delete("a"), WalkOn(0, 100)],
    [*TREE, OpenWalk(0, ""), WalkOn(0, 3, prune=True), Delete("ab"), WalkOn(0, 100)],
    [*TREE, OpenWalk(0, "a"), WalkOn(0, 1), Delete("a/b"), WalkOn(0, 100)],
)


HANG_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Conviction:
    """A violation, and the step that showed it."""

    violation: ContractViolation
    step: Step


def tried(driver: StorageDriver, history: Sequence[Step], number: int = 0, *, audits: bool = True) -> Conviction | None:
    """What comes of a history on a driver; None if nothing is wrong."""
    state = State(driver, f"/check/h{number}", Counter(), audits=audits)
    step = history[0]
    try:
        # Some drivers wait for what never comes.
        with deadline(HANG_SECONDS):
            for step in history:
                apply(state, step)
            step = Delete("")  # As the end of a history is.
            finish(state)
    except ContractViolation as violation:
        return Conviction(violation, step)
    finally:
        state.release()
    return None
