"""Laws: what two ways to the same end have in common, whatever the content and the tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from storagedriver import PathNotFoundError, StorageDriver
from storagedriver.testing import Content, ContractViolation, Subject, Tree, content, expect, requirement, size_of
from storagedriver.testing.recording import RecordedDriver
from storagedriver_suites.properties.repeatable import by_the_seed_alone

T = TypeVar("T")

SIZES = ("0", "1", "2", "100", "chunk-1", "chunk", "chunk+1")
"""Sizes of content, in words that size_of turns into bytes."""

NAMES = ("a", "a-b", "ab", "a.b", "b/a", "b/a-b", "b/c/d", "b-/a", "c/a/a/a", "c/a-/a", "C/a", ".d/-")
"""Relative names of files, of which none lies below another."""


def shapes(driver: StorageDriver) -> st.SearchStrategy[list[str]]:
    """Files of a tree; where case makes no difference, in small letters alone."""
    names = [name for name in NAMES if driver.capabilities.case_sensitive or name == name.lower()]
    return st.lists(st.sampled_from(names), min_size=1, max_size=8, unique=True)


Law = Callable[[StorageDriver, Callable[[str], str], T], None]
"""What holds on a driver; the function makes paths in an empty directory."""


def holds(driver: RecordedDriver, tree: Tree, subject: Subject, examples: st.SearchStrategy[T], law: Law[T]) -> None:
    """The law holds for many examples, each in a directory of its own; the shortest that breaks it is made again.

    Raises:
        ContractViolation: It does not.
    """
    count = 0
    broken: list[T] = []

    def place(name: str) -> str:
        return tree.path(f"l{count:04}/{name}")

    @seed(subject.seed)
    @settings(
        max_examples={"quick": 30, "full": 150, "soak": 600}[subject.profile]
        // (1 if subject.target.backend is None else 5),
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(examples)
    def attempt(example: T) -> None:
        nonlocal count
        count += 1
        try:
            law(subject.unwrapped, place, example)
        except Exception:
            broken.append(example)
            raise

    try:
        with by_the_seed_alone():
            attempt()
    except Exception as failed:
        # The last is the shortest. Made again it is recorded, and nothing else is.
        count += 1
        law(driver, place, broken[-1])
        if isinstance(failed, ContractViolation):
            failed.add_note("It failed once, and not when it was made again.")
        raise


def sizes(driver: StorageDriver) -> st.SearchStrategy[Content]:
    """Contents of the sizes at which drivers change their behaviour; chunks of megabytes are left to other checks."""
    known = [size_of(words, driver) for words in SIZES]
    fitting = [size for size in known if size <= 1 << 20]
    return st.builds(content, st.sampled_from(fitting), st.integers(1, 3))


def _stream(driver: StorageDriver, path: str, data: bytes, *, append: bool = False) -> None:
    with driver.writer(path, append=append) as writer:
        writer.write(data)
        writer.commit()


@requirement("WRITE-3")
def test_two_appends_are_one_put(driver: RecordedDriver, tree: Tree, subject: Subject) -> None:
    """A file written as a and continued with b is the file put as ab."""

    def law(on: StorageDriver, place: Callable[[str], str], pair: tuple[Content, Content]) -> None:
        first, second = pair
        _stream(on, place("f"), first)
        _stream(on, place("f"), second, append=True)
        on.put_content(place("g"), first + second)
        expect.equal(on.get_content(place("f")), first + second, "a file in two parts")
        expect.equal(on.stat(place("f")).size, on.stat(place("g")).size, "size of a file in two parts")

    holds(driver, tree, subject, st.tuples(sizes(driver), sizes(driver)), law)


@requirement("MOVE-1")
def test_there_and_back_is_nowhere(driver: RecordedDriver, tree: Tree, subject: Subject) -> None:
    """A file that is moved away and back is what and where it was, and nothing else is left."""

    def law(on: StorageDriver, place: Callable[[str], str], example: tuple[Content, str]) -> None:
        data, dest = example
        on.put_content(place("f"), data)
        on.move(place("f"), place(dest))
        on.move(place(dest), place("f"))
        expect.equal(on.get_content(place("f")), data, "a file that was moved there and back")
        expect.children(on, place("f").rpartition("/")[0], [place("f")], "children after a move there and back")

    dests = st.sampled_from(["g", "f-", "d/f", "d/e/f", "ff"])
    holds(driver, tree, subject, st.tuples(sizes(driver), dests), law)


@requirement("WALK-1")
def test_walk_is_the_closure_of_list(driver: RecordedDriver, tree: Tree, subject: Subject) -> None:
    """What a walk gives is what list gives, of the directory and of each directory that list gave."""

    def law(on: StorageDriver, place: Callable[[str], str], names: list[str]) -> None:
        for name in names:
            on.put_content(place(f"t/{name}"), b"1")
        found: list[str] = []
        left = [place("t")]
        while left:
            children = on.list(left.pop())
            found += children
            left += [child for child in children if on.stat(child).is_dir]
        closure = sorted(found, key=lambda path: path.split("/"))
        expect.equal([info.path for info in on.walk(place("t"))], closure, "paths of a walk, and of lists of lists")

    holds(driver, tree, subject, shapes(driver), law)


@requirement("LIST-1")
def test_list_is_the_first_level_of_walk(driver: RecordedDriver, tree: Tree, subject: Subject) -> None:
    """The children of a directory are what a walk gives one level below it."""

    def law(on: StorageDriver, place: Callable[[str], str], names: list[str]) -> None:
        for name in names:
            on.put_content(place(f"t/{name}"), b"1")
        depth = place("t").count("/") + 1
        level = [info.path for info in on.walk(place("t")) if info.path.count("/") == depth]
        expect.equal(
            sorted(on.list(place("t"))), sorted(level), "children of a directory, and the first level of a walk"
        )

    holds(driver, tree, subject, shapes(driver), law)


@requirement("STAT-1")
def test_size_is_the_length_of_content(driver: RecordedDriver, tree: Tree, subject: Subject) -> None:
    """The size by stat is the number of bytes that get_content gives."""

    def law(on: StorageDriver, place: Callable[[str], str], data: Content) -> None:
        on.put_content(place("f"), data)
        length = len(on.get_content(place("f")))
        expect.equal(on.stat(place("f")).size, length, "size by stat, and the length of the content")

    holds(driver, tree, subject, sizes(driver), law)


@requirement("READ-1")
def test_reader_is_the_rest_of_content(driver: RecordedDriver, tree: Tree, subject: Subject) -> None:
    """A reader from n on gives what get_content gives, without its first n bytes."""

    def law(on: StorageDriver, place: Callable[[str], str], example: tuple[Content, float]) -> None:
        data, share = example
        on.put_content(place("f"), data)
        offset = int(len(data) * share)
        whole = on.get_content(place("f"))
        with on.reader(place("f"), offset) as reader:
            expect.equal(reader.read(), whole[offset:], f"content from byte {offset} on")

    holds(driver, tree, subject, st.tuples(sizes(driver), st.floats(0, 1)), law)


@requirement("DEL-1")
def test_deleted_is_as_if_it_never_was(driver: RecordedDriver, tree: Tree, subject: Subject) -> None:
    """After put and delete of a path, each method says what it said before."""

    def law(on: StorageDriver, place: Callable[[str], str], data: Content) -> None:
        on.put_content(place("d/other"), b"1")
        on.put_content(place("d/f"), data)
        on.delete(place("d/f"))
        expect.absent(on, place("d/f"), "a deleted file")
        with expect.raises(PathNotFoundError, "a second delete", path=place("d/f")):
            on.delete(place("d/f"))
        expect.children(on, place("d"), [place("d/other")], "children after a delete")

    holds(driver, tree, subject, sizes(driver), law)


@requirement("CONT-2")
def test_put_twice_is_put_once(driver: RecordedDriver, tree: Tree, subject: Subject) -> None:
    """The same put again changes nothing, and a put of what was there before undoes another one."""

    def law(on: StorageDriver, place: Callable[[str], str], pair: tuple[Content, Content]) -> None:
        first, second = pair
        for data in (first, first, second, first):
            on.put_content(place("f"), data)
        expect.file(on, place("f"), first, "a file that was put again")
        expect.children(on, place("f").rpartition("/")[0], [place("f")], "children after four puts")

    holds(driver, tree, subject, st.tuples(sizes(driver), sizes(driver)), law)
