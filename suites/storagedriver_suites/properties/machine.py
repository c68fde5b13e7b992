"""The histories as a state machine of Hypothesis, which draws them and makes those that fail short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from storagedriver.testing import ContractViolation
from storagedriver_suites.properties import steps
from storagedriver_suites.properties.alphabet import INVALID, ROOT_IS_REFUSED, Alphabet
from storagedriver_suites.properties.execution import apply, finish
from storagedriver_suites.properties.model import is_below
from storagedriver_suites.properties.refusing import INVALID_CALLS
from storagedriver_suites.properties.state import State

Begin = Callable[[bool], State]
"""Begins a history in an empty directory; the argument says whether it audits."""

End = Callable[[list[steps.Step], State], None]
"""Ends a history, and judges what it left."""

Fail = Callable[[list[steps.Step], State, ContractViolation], ContractViolation]
"""Takes a history that failed; what it returns is raised."""

_MANY = 1 << 16
_STRAYS = 200
"""Numbers from which on a path is any of the alphabet."""


class HistoryMachine(RuleBasedStateMachine):
    """What every machine of histories shares; `machine_of` adds the rules that draw from an alphabet."""

    alphabet: ClassVar[Alphabet]
    fail: ClassVar[Fail]
    end: ClassVar[End]

    def __init__(self) -> None:
        """Begin; the machine's first rule makes the directory."""
        super().__init__()
        self.history: list[steps.Step] = []
        self.state: State | None = None
        self.failed = False
        self.focus: Sequence[str] = self.alphabet.paths[:1]

    def do(self, step: steps.Step) -> None:
        """Make a step."""
        if self.state is None or self.failed:
            return
        self.history.append(step)
        try:
            apply(self.state, step)
        except ContractViolation as violation:
            self.failed = True
            raise type(self).fail(self.history, self.state, violation) from violation

    def path(self, number: int) -> str:
        """One of the few paths that this history is about, or one at which a file is; now and then any other."""
        files = [] if self.state is None else list(self.state.model.files)
        return self._one_of([*self.focus, *files], number)

    def file(self, number: int) -> str:
        """A path at which a file is; now and then another."""
        files = [] if self.state is None else list(self.state.model.files)
        return self._one_of(files or self.focus, number)

    def written(self, slot: int, number: int) -> str:
        """The path of a writer, ended ones too; any other where there is none in the slot."""
        writer = None if self.state is None else self.state.model.writers.get(slot)
        return self.path(number) if writer is None else writer.path

    def place(self, number: int) -> str:
        """What is there, or was, or may be: a file, a directory, or "" for the history's directory."""
        if self.state is None:
            return ""
        return self._one_of([*self.focus, "", *self.state.model.tree(), *self.state.model.gone], number)

    def directory(self, number: int) -> str | None:
        """A directory that is there; None if there is none."""
        tree = {} if self.state is None else self.state.model.tree()
        directories = [path for path, is_directory in tree.items() if is_directory]
        return directories[number % len(directories)] if directories else None

    def goal(self, source: str, number: int) -> str:
        """Where to move `source`: a directory to where nothing is, as else the move is refused; a file anywhere."""
        if self.state is None or not self.state.model.is_directory(source):
            return self.path(number)
        model = self.state.model
        free = [
            path
            for path in dict.fromkeys([*model.gone, *self.focus, "moved", "moved/on", *self.alphabet.paths])
            if path not in model.tree() and not model.in_the_way(path) and not is_below(path, source)
        ]
        return free[number % len(free)] if free else self.path(number)

    def _one_of(self, likely: Sequence[str], number: int) -> str:
        everything = self.alphabet.paths
        if number < _STRAYS:
            return likely[number % len(likely)]
        return everything[(number - _STRAYS) % len(everything)]

    def has_readers(self) -> bool:
        """Whether a reader is open."""
        return self.state is not None and bool(self.state.model.readers)

    def has_writers(self) -> bool:
        """Whether there are writers, ended ones too."""
        return self.state is not None and bool(self.state.model.writers)

    def has_walks(self) -> bool:
        """Whether a walk is open."""
        return self.state is not None and bool(self.state.model.walks)

    def teardown(self) -> None:
        """Judge the whole state at the end, and leave nothing behind."""
        state = self.state
        if state is None:
            return
        try:
            if not self.failed:
                type(self).end(self.history, state)
        except ContractViolation as violation:
            raise type(self).fail(self.history, state, violation) from violation
        finally:
            state.release()


def _finish(history: list[steps.Step], state: State) -> None:  # noqa: ARG001  the state knows it all
    finish(state)


def machine_of(
    alphabet: Alphabet, begin: Begin, fail: Fail, exhausted: Callable[[], bool], end: End = _finish
) -> type[HistoryMachine]:
    """A machine whose rules cover the interface, drawing from `alphabet`."""
    families = st.integers(0, len(alphabet.families) - 1)
    paths = st.integers(0, _STRAYS + len(alphabet.paths) - 1)
    slots = st.integers(0, 2)
    # By their places: Hypothesis shows what it draws from, and megabytes are not to be shown.
    contents = st.integers(0, len(alphabet.contents) - 1)
    pieces = st.integers(0, len(alphabet.pieces) - 1)
    offsets = st.sampled_from(alphabet.offsets)
    sizes = st.sampled_from(alphabet.sizes)
    buffers = st.sampled_from(["bytes", "bytes", "bytearray", "memoryview"])
    invalid = st.sampled_from(
        [
            *(steps.InvalidPath(method, path, of) for path, of in INVALID.items() for method in INVALID_CALLS),
            *(steps.InvalidPath(method, "/", "PATH-3") for method in ROOT_IS_REFUSED),
        ]
    )
    perhaps_after = st.none() | paths

    class Machine(HistoryMachine):
        """The rules."""

        @initialize(
            audits=st.sampled_from([True, True, False]),
            family=families,
            members=st.integers(1, 6),
            files=st.integers(0, 5),
        )
        def begins(self, audits: bool, family: int, members: int, files: int) -> None:
            if not exhausted():
                self.state = begin(audits)
                self.focus = alphabet.families[family][:members]
                for path in self.focus[:files]:
                    self.do(steps.Put(path, path[:2].encode()))

        @rule(path=paths, content=contents, buffer=buffers)
        def put(self, path: int, content: int, buffer: str) -> None:
            self.do(steps.Put(self.path(path), alphabet.contents[content], buffer))

        @rule(path=paths, content=contents)
        def put_small(self, path: int, content: int) -> None:
            # Files are what all else is about: they should be many.
            self.do(steps.Put(self.path(path), alphabet.contents[content][:3]))

        @rule(path=paths)
        def get(self, path: int) -> None:
            self.do(steps.Get(self.place(path)) if self.place(path) else steps.Stat(""))

        @rule(path=paths, offset=offsets | st.just(-1))
        def read(self, path: int, offset: int) -> None:
            self.do(steps.Read(self.file(path), offset))

        @rule(slot=slots, path=paths, offset=offsets)
        def open_reader(self, slot: int, path: int, offset: int) -> None:
            self.do(steps.OpenReader(slot, self.file(path), offset))

        @precondition(HistoryMachine.has_readers)
        @rule(slot=slots, size=sizes)
        def read_on(self, slot: int, size: int) -> None:
            self.do(steps.ReadOn(slot, size))

        @precondition(HistoryMachine.has_readers)
        @rule(slot=slots)
        def close_reader(self, slot: int) -> None:
            self.do(steps.CloseReader(slot))

        @rule(slot=slots, path=paths, append=st.booleans())
        def open_writer(self, slot: int, path: int, append: bool) -> None:
            self.do(steps.OpenWriter(slot, self.path(path), append))

        @precondition(HistoryMachine.has_writers)
        @rule(slot=slots, piece=pieces)
        def write(self, slot: int, piece: int) -> None:
            self.do(steps.Write(slot, alphabet.pieces[piece]))

        @precondition(HistoryMachine.has_writers)
        @rule(slot=slots, reader=slots, size=sizes)
        def feed(self, slot: int, reader: int, size: int) -> None:
            self.do(steps.Feed(slot, reader, size))

        @precondition(HistoryMachine.has_writers)
        @rule(slot=slots)
        def commit(self, slot: int) -> None:
            self.do(steps.Commit(slot))

        @precondition(HistoryMachine.has_writers)
        @rule(slot=slots)
        def cancel(self, slot: int) -> None:
            self.do(steps.Cancel(slot))

        @precondition(HistoryMachine.has_writers)
        @rule(slot=slots)
        def close_writer(self, slot: int) -> None:
            self.do(steps.CloseWriter(slot))

        @rule(
            slot=slots,
            path=paths,
            append=st.booleans(),
            written=st.lists(pieces, max_size=4),
            end=st.sampled_from([steps.Commit, steps.Commit, steps.CloseWriter, steps.Cancel]),
        )
        def stream(
            self,
            slot: int,
            path: int,
            append: bool,
            written: list[int],
            end: type[steps.Commit | steps.CloseWriter | steps.Cancel],
        ) -> None:
            self.do(steps.OpenWriter(slot, self.path(path), append))
            for piece in written:
                self.do(steps.Write(slot, alphabet.pieces[piece]))
            self.do(end(slot))

        @rule(slot=slots, number=slots, path=paths, piece=pieces)
        def resume(self, slot: int, number: int, path: int, piece: int) -> None:
            self.do(steps.OpenWriter(slot, self.written(number, path), append=True))
            self.do(steps.Write(slot, alphabet.pieces[piece]))

        @rule(path=paths, piece=pieces, turns=st.integers(1, 3), file=st.booleans())
        def stage_in_turns_and_delete(self, path: int, piece: int, turns: int, file: bool) -> None:
            where = self.path(path)
            for turn in range(turns):
                self.do(steps.OpenWriter(2, where, append=turn > 0))
                self.do(steps.Write(2, alphabet.pieces[piece]))
                self.do(steps.CloseWriter(2))
            if file:
                self.do(steps.Put(where, b"file"))
            self.do(steps.Delete(where))
            self.do(steps.OpenWriter(2, where, append=True))

        @precondition(HistoryMachine.has_writers)
        @rule(slot=slots, path=paths, end=st.sampled_from([steps.Cancel, steps.CloseWriter, steps.Commit]))
        def move_onto_what_is_written(
            self, slot: int, path: int, end: type[steps.Cancel | steps.CloseWriter | steps.Commit]
        ) -> None:
            self.do(steps.Move(self.file(path), self.written(slot, path)))
            self.do(end(slot))

        @rule(number=slots, path=paths, above=st.booleans())
        def delete_what_is_written(self, number: int, path: int, above: bool) -> None:
            written = self.written(number, path)
            self.do(steps.Delete(written.rpartition("/")[0] or written if above else written))

        @rule(
            place=paths, name=st.sampled_from(["a", "b", "w"]), end=st.sampled_from([steps.Commit, steps.CloseWriter])
        )
        def delete_around_a_writer(self, place: int, name: str, end: type[steps.Commit | steps.CloseWriter]) -> None:
            above = self.file(place).rpartition("/")[0]
            if above:
                self.do(steps.OpenWriter(1, f"{above}/{name}"))
                self.do(steps.Delete(above))
                self.do(end(1))

        @rule(path=paths, content=contents, times=st.integers(2, 3))
        def come_and_go(self, path: int, content: int, times: int) -> None:
            where = self.path(path)
            for _ in range(times):
                self.do(steps.Put(where, alphabet.contents[content][:3]))
                self.do(steps.Delete(where))

        @rule(look=st.integers(0, 5), change=st.integers(0, 3), place=paths, dest=paths, above=st.booleans())
        def look_around_a_change(self, look: int, change: int, place: int, dest: int, above: bool) -> None:
            # What a driver remembers of what it told must not outlive the change.
            where = self.file(place)
            parent = where.rpartition("/")[0] or where
            seen = parent if above or look < 2 else where
            append: list[steps.Step] = [
                steps.OpenWriter(2, where, append=True),
                steps.Write(2, b"more"),
                steps.Commit(2),
            ]
            looks: tuple[list[steps.Step], ...] = (
                [steps.List(seen)],
                [steps.Walk(seen)],
                [steps.Stat(seen)],
                [steps.Get(where)],
                [steps.Read(where, 2)],
                append,
            )
            source = (parent.rpartition("/")[0] or parent) if above else where
            to = self.goal(source, dest)
            changes: tuple[list[steps.Step], ...] = (
                [steps.Move(source, to)],
                [steps.Move(to, where)],
                append,
                [steps.Delete(source), steps.Put(where, b"other")],
            )
            self.do(steps.Stat(where))
            for step in (*looks[look], *changes[change], *looks[look]):
                self.do(step)
            self.do(steps.Stat(parent))

        @rule(place=paths, dest=paths, change=st.sampled_from([steps.Move, steps.Move, steps.Delete]))
        def look_below_a_change(self, place: int, dest: int, change: type[steps.Move | steps.Delete]) -> None:
            # The same of all that a change of a directory takes along.
            top = self.directory(place)
            if top is None or self.state is None:
                return
            to = self.goal(top, dest)
            tree = self.state.model.tree()
            below = [path for path in tree if path == top or is_below(path, top)][:8]
            looks = [steps.List(path) if tree[path] else steps.Stat(path) for path in below]
            moved = [type(look)(f"{to}{look.path.removeprefix(top)}") for look in looks]
            changed = steps.Move(top, to) if change is steps.Move else steps.Delete(top)
            for step in (*looks, changed, *looks, *(moved if change is steps.Move else ())):
                self.do(step)

        @rule(
            above=paths, name=st.sampled_from(["a", "a/b"]), other=paths, way=st.sampled_from(["put", "move", "stream"])
        )
        def collide(self, above: int, name: str, other: int, way: str) -> None:
            path = f"{self.file(above)}/{name}"
            if way == "move":
                self.do(steps.Move(self.file(other), path))
            elif way == "put":
                self.do(steps.Put(path, b"below"))
            else:
                self.do(steps.Delete(self.file(above)))
                self.do(steps.OpenWriter(0, path))
                self.do(steps.Put(path.removesuffix(f"/{name}"), b"above"))
                self.do(steps.Commit(0))

        @rule(path=paths, number=st.integers(2, 3), sizes=st.lists(sizes, min_size=2, max_size=6))
        def readers_in_turn(self, path: int, number: int, sizes: list[int]) -> None:
            of = self.file(path)
            for slot in range(number):
                self.do(steps.OpenReader(slot, of, slot))
            for turn, size in enumerate(sizes):
                self.do(steps.ReadOn(turn % number, size))

        @rule(source=paths, dest=paths, append=st.booleans(), sizes=st.lists(sizes, min_size=1, max_size=3))
        def copy(self, source: int, dest: int, append: bool, sizes: list[int]) -> None:
            self.do(steps.OpenReader(0, self.file(source)))
            self.do(steps.OpenWriter(0, self.path(dest), append))
            for size in sizes:
                self.do(steps.Feed(0, 0, size))
            self.do(steps.Commit(0))

        @rule(path=paths)
        def stat(self, path: int) -> None:
            self.do(steps.Stat(self.place(path)))

        @rule(path=paths)
        def list_(self, path: int) -> None:
            self.do(steps.List(self.place(path)))

        @rule(path=paths, after=perhaps_after, prune=perhaps_after)
        def walk(self, path: int, after: int | None, prune: int | None) -> None:
            start_after = None if after is None else self.place(after) or None
            self.do(steps.Walk(self.place(path), start_after, None if prune is None else self.directory(prune)))

        @rule(slot=slots, path=paths, after=perhaps_after)
        def open_walk(self, slot: int, path: int, after: int | None) -> None:
            start_after = None if after is None else self.place(after) or None
            self.do(steps.OpenWalk(slot, self.place(path), start_after))

        @precondition(HistoryMachine.has_walks)
        @rule(slot=slots, count=st.sampled_from([1, 2, 3, _MANY]), prune=st.booleans())
        def walk_on(self, slot: int, count: int, prune: bool) -> None:
            self.do(steps.WalkOn(slot, count, prune))

        @rule(source=paths, dest=paths)
        def move(self, source: int, dest: int) -> None:
            of = self.place(source) or self.path(source)
            self.do(steps.Move(of, self.goal(of, dest)))

        @rule(source=paths, dest=paths)
        def move_file(self, source: int, dest: int) -> None:
            self.do(steps.Move(self.path(source), self.path(dest)))

        @rule(path=paths)
        def delete(self, path: int) -> None:
            self.do(steps.Delete(self.place(path) or self.path(path)))

        @rule(path=paths)
        def delete_file(self, path: int) -> None:
            self.do(steps.Delete(self.path(path)))

        @rule(kind=st.integers(0, 3), path=paths, step=invalid)
        def trifle(self, kind: int, path: int, step: steps.InvalidPath) -> None:
            top = steps.List("/") if path % 2 else steps.Stat("/")
            self.do((step, steps.PutText(self.path(path)), steps.Redirect(self.path(path)), top)[kind])

    Machine.alphabet = alphabet
    Machine.fail = staticmethod(fail)
    Machine.end = staticmethod(end)
    return Machine
