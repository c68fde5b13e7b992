"""ERR: errors."""

from __future__ import annotations

import contextlib
import pickle
import traceback
from collections.abc import Callable, Mapping

import pytest

from storagedriver import (
    BackendError,
    InvalidOffsetError,
    InvalidPathError,
    ParameterError,
    PathNotFoundError,
    StorageDriver,
    StorageDriverError,
    WriterStateError,
)
from storagedriver.testing import Subject, Tree, content, expect, requirement, size_of
from storagedriver_suites.behaviour.parameters import (
    WRONG_SECRET,
    fields_of,
    secret_names,
    secret_values,
    with_wrong_secrets,
)
from storagedriver_suites.behaviour.shapes import put_all

Action = Callable[[StorageDriver, str], object]


def _read(driver: StorageDriver, path: str) -> bytes:
    with driver.reader(path) as stream:
        return stream.read()


def _commit(driver: StorageDriver, path: str, *, append: bool = False) -> None:
    with driver.writer(path, append=append) as writer:
        writer.write(b"new")
        writer.commit()


ON_WHAT_IS_THERE: Mapping[str, Action] = {
    "get_content": lambda driver, path: driver.get_content(path),
    "reader": _read,
    "stat": lambda driver, path: driver.stat(path),
    "list": lambda driver, path: driver.list(path),
    "walk": lambda driver, path: list(driver.walk(path)),
    "move": lambda driver, path: driver.move(path, f"{path}-moved"),
    "delete": lambda driver, path: driver.delete(path),
    "append": lambda driver, path: _commit(driver, path, append=True),
}
"""What needs something at the path."""

ON_ANY_PATH: Mapping[str, Action] = {
    **ON_WHAT_IS_THERE,
    "put_content": lambda driver, path: driver.put_content(path, b"1"),
    "writer": _commit,
    "redirect_url": lambda driver, path: driver.redirect_url(path),
}


# --- ERR-1: what is not absent


@requirement("ERR-1")
@pytest.mark.parametrize("target", ["file/x", "file/x/y", "directory"])
@pytest.mark.parametrize("method", ["put_content", "writer", "move"])
def test_write_that_cannot_be_is_not_an_absence(driver: StorageDriver, tree: Tree, method: str, target: str) -> None:
    """To write below a file or onto a directory succeeds or is an error, but not that something is not found."""
    put_all(driver, tree.root, ["file", "directory/f", "source"])
    calls: Mapping[str, Callable[[], object]] = {
        "put_content": lambda: driver.put_content(tree.path(target), b"1"),
        "writer": lambda: _commit(driver, tree.path(target)),
        "move": lambda: driver.move(tree.path("source"), tree.path(target)),
    }

    try:
        calls[method]()
    except StorageDriverError as error:
        expect.equal(isinstance(error, PathNotFoundError), False, "whether it is said that something is not found")


@requirement("ERR-1")
@pytest.mark.parametrize("method", ON_ANY_PATH)
@pytest.mark.parametrize("path", ["nothing", "/nothing/", "/nothing//x", "/nothing/../x", "/no thing"])
def test_invalid_path_is_not_an_absence(driver: StorageDriver, method: str, path: str) -> None:
    """A path outside the grammar at which nothing could be is invalid, not absent."""
    with expect.raises(InvalidPathError, f"{method} of an invalid path") as caught:
        ON_ANY_PATH[method](driver, path)

    expect.equal(isinstance(caught.error, PathNotFoundError), False, "whether it is said that it is not found")


@requirement("ERR-1")
@pytest.mark.parametrize("size", [0, 1, 100])
@pytest.mark.parametrize("beyond", [0, 1, 10_000_000])
def test_end_of_a_file_is_not_an_absence(driver: StorageDriver, tree: Tree, size: int, beyond: int) -> None:
    """A reader at or beyond the end is empty, and says nothing of absence."""
    driver.put_content(tree.path("file"), content(size))

    with driver.reader(tree.path("file"), size + beyond) as reader:
        expect.equal(reader.read(), b"", "what is beyond the end")


@requirement("ERR-1", needs=["root"])
@pytest.mark.parametrize("method", ["stat", "list", "walk"])
def test_empty_root_is_not_an_absence(subject: Subject, method: str) -> None:
    """`/` of a store that nothing was written to is there."""
    store = subject.open_root("fresh")

    ON_WHAT_IS_THERE[method](store, "/")


@requirement("ERR-1")
@pytest.mark.parametrize("method", ON_WHAT_IS_THERE)
def test_wrong_credentials_are_not_an_absence(driver: StorageDriver, tree: Tree, subject: Subject, method: str) -> None:
    """With a wrong secret every method raises BackendError, whether the path is there or not."""
    at = "d" if method in {"list", "walk"} else "d/file"
    driver.put_content(tree.path("d/file"), b"content")
    if not secret_names(subject):
        pytest.skip("the driver has no secret parameter")
    for name, stranger in with_wrong_secrets(subject):
        _need_a_refusal(stranger, tree.path("d/file"))

        for path in tree.paths(at, "nothing"):
            with expect.raises(BackendError, f"{method} with a wrong {name}"):
                ON_WHAT_IS_THERE[method](stranger, path)

        expect.file(driver, tree.path("d/file"), b"content", f"the file after {method} with a wrong {name}")


def _need_a_refusal(stranger: StorageDriver, path: str) -> None:
    """Skip where the server gives a file to whoever asks."""
    with contextlib.suppress(StorageDriverError):
        stranger.get_content(path)
        pytest.skip("the server takes any credentials, so it cannot show what wrong ones do")


# --- ERR-2: what an error holds


def _judge(error: BaseException | None, driver: StorageDriver, path: str, what: str) -> None:
    """The error names the driver and the path, and is the same after pickling."""
    expect.equal(getattr(error, "driver_name", None), driver.name, f"driver that the error names: {what}")
    expect.equal(getattr(error, "path", None), path, f"path that the error carries: {what}")
    try:
        again = pickle.loads(pickle.dumps(error))  # noqa: S301  pickled here
    except Exception as failure:  # noqa: BLE001  whatever it is, the error did not survive
        expect.equal(f"{type(failure).__name__}: {failure}", "the same error", f"the error after pickling: {what}")
        return
    seen = (type(again), str(again), again.driver_name, again.path)
    expect.equal(seen, (type(error), str(error), driver.name, path), f"the error after pickling: {what}")


@requirement("ERR-2")
@pytest.mark.parametrize("method", ON_WHAT_IS_THERE)
@pytest.mark.parametrize("absent", ["nothing", "nothing/below/deep", "file/below"])
def test_error_of_absence_names_driver_and_path(driver: StorageDriver, tree: Tree, method: str, absent: str) -> None:
    """The error of each method for an absent path carries the path as the caller gave it, and pickles."""
    driver.put_content(tree.path("file"), b"1")

    with expect.raises(StorageDriverError, f"{method} of an absent path") as caught:
        ON_WHAT_IS_THERE[method](driver, tree.path(absent))

    _judge(caught.error, driver, tree.path(absent), method)


@requirement("ERR-2")
@pytest.mark.parametrize("method", ON_WHAT_IS_THERE)
def test_error_carries_a_long_path_whole(driver: StorageDriver, tree: Tree, method: str) -> None:
    """A path as long as paths may be is in the error as it was given, not shortened."""
    limits = driver.capabilities.limits
    name = "n" * min(60, limits.longest_component)
    path = tree.root
    while len(path) + len(name) < limits.longest_path:
        path = f"{path}/{name}"

    with expect.raises(StorageDriverError, f"{method} of an absent long path") as caught:
        ON_WHAT_IS_THERE[method](driver, path)

    _judge(caught.error, driver, path, f"{method} of a long path")


@requirement("ERR-2", needs=["root"])
@pytest.mark.parametrize("method", ON_WHAT_IS_THERE)
def test_error_below_a_root_carries_the_callers_path(subject: Subject, method: str) -> None:
    """With a root set, errors carry the path the caller gave, not the backend's."""
    store = subject.open_root("r")

    with expect.raises(StorageDriverError, f"{method} of an absent path") as caught:
        ON_WHAT_IS_THERE[method](store, "/nothing/here")

    _judge(caught.error, store, "/nothing/here", method)


@requirement("ERR-2", needs=["root"])
@pytest.mark.parametrize("method", ["put_content", "writer", "move"])
@pytest.mark.parametrize("dest", ["/d", "/d/file/below", "/d/file/below/deep"])
def test_error_of_a_conflict_below_a_root_carries_the_callers_path(subject: Subject, method: str, dest: str) -> None:
    """Where a file or a directory is in the way, the error carries a path of the caller's too, and shows no other."""
    store = subject.open_root("r")
    put_all(store, "/", ["d/file", "source"])
    calls: Mapping[str, Action] = {
        "put_content": lambda driver, path: driver.put_content(path, b"1"),
        "writer": _commit,
        "move": lambda driver, path: driver.move("/source", path),
    }

    try:
        calls[method](store, dest)
    except StorageDriverError as error:
        path = str(getattr(error, "path", None))
        expect.equal(path in (dest, "/source"), True, f"whether the error carries a path that {method} was called with")
        _judge(error, store, path, f"{method} where something is in the way")
        expect.equal(f"{subject.root('r')}/" in str(error), False, "whether the text of the error shows the root")
    else:
        # This store holds both, as object stores can.
        expect.equal(store.stat(dest).is_dir, False, f"is_dir of what {method} made where something else is")


@requirement("ERR-2")
@pytest.mark.parametrize("method", ON_ANY_PATH)
@pytest.mark.parametrize("path", ["relative", "/a/", "/a//b", "/..", "", "/a\n"])
def test_error_of_an_invalid_path_names_driver_and_path(driver: StorageDriver, method: str, path: str) -> None:
    """The error of each method for an invalid path carries that path as it was given, and pickles."""
    with expect.raises(InvalidPathError, f"{method} of an invalid path") as caught:
        ON_ANY_PATH[method](driver, path)

    _judge(caught.error, driver, path, method)


@requirement("ERR-2")
@pytest.mark.parametrize("call", ["write", "commit", "cancel"])
def test_error_of_a_finished_writer_names_driver_and_path(driver: StorageDriver, tree: Tree, call: str) -> None:
    """A writer's own errors carry the path that it writes, and pickle."""
    path = tree.path("file")
    writer = driver.writer(path)
    writer.write(b"1")
    writer.commit()
    # What the driver did since is none of the writer's.
    driver.put_content(tree.path("another"), b"1")
    driver.stat(tree.path("another"))

    with expect.raises(WriterStateError, f"{call} after commit") as caught:
        writer.write(b"2") if call == "write" else getattr(writer, call)()

    _judge(caught.error, driver, path, f"{call} after commit")


@requirement("ERR-2")
@pytest.mark.parametrize("conflict", ["file", "file/x"])
def test_late_error_of_a_stream_carries_its_own_path(driver: StorageDriver, tree: Tree, conflict: str) -> None:
    """A commit that something is in the way of names the path of its stream, whatever was called in between."""
    path, in_the_way = tree.path("file/f" if conflict == "file" else "file"), tree.path(conflict)
    with driver.writer(path) as writer:
        writer.write(b"1")
        driver.put_content(in_the_way, b"in the way")
        driver.stat(tree.root)
        try:
            writer.commit()
        except StorageDriverError as error:
            _judge(error, driver, path, "a commit that something is in the way of")
            writer.cancel()
            return
    # This store holds both, as object stores can.
    expect.file(driver, path, b"1", "what was committed where something else is")


@requirement("ERR-2")
def test_error_of_a_negative_offset_names_driver_and_path(driver: StorageDriver, tree: Tree) -> None:
    """InvalidOffsetError carries the path, and pickles."""
    driver.put_content(tree.path("file"), b"1")

    with expect.raises(InvalidOffsetError, "reader at a negative offset") as caught:
        driver.reader(tree.path("file"), -1).close()

    _judge(caught.error, driver, tree.path("file"), "negative offset")


@requirement("ERR-2")
@pytest.mark.parametrize("dest", ["directory", "source/below"])
def test_error_of_a_conflict_names_driver_and_path(driver: StorageDriver, tree: Tree, dest: str) -> None:
    """A refused move names the driver, and one of the two paths as the caller gave them."""
    put_all(driver, tree.root, ["directory/f", "source"])

    with expect.raises(StorageDriverError, "a move that is refused") as caught:
        driver.move(tree.path("source"), tree.path(dest))

    path = getattr(caught.error, "path", None)
    expect.equal(path in tree.paths("source", dest), True, "whether the error carries source or dest")
    _judge(caught.error, driver, str(path), "refused move")


def stat_here(driver: StorageDriver, path: str) -> object:
    """What stat gives in another process; run by Subject.elsewhere."""
    return driver.stat(path)


@requirement("ERR-2", needs=["shared"])
def test_error_comes_whole_from_another_process(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """An error that another process raised arrives with driver, path and type."""
    with expect.raises(PathNotFoundError, "stat in another process") as caught:
        subject.elsewhere(stat_here, tree.path("nothing"))

    _judge(caught.error, driver, tree.path("nothing"), "stat in another process")


@requirement("ERR-2")
def test_driver_shows_no_secret(driver: StorageDriver, subject: Subject) -> None:
    """Neither repr(driver) nor str(driver) holds a secret it was made of."""
    shown = [repr(driver), str(driver)]
    secrets = secret_values(subject)
    for _, stranger in with_wrong_secrets(subject):
        shown += [repr(stranger), str(stranger)]
        secrets = [*secrets, WRONG_SECRET]

    held = [secret for secret in set(secrets) if any(secret in text for text in shown)]

    expect.equal(len(held), 0, "secrets in repr(driver) and str(driver)")


@requirement("ERR-2")
@pytest.mark.parametrize("wrong", ["unknown-name", "list", "mapping", "nested"])
def test_error_of_parameters_shows_no_value(subject: Subject, wrong: str) -> None:
    """What was given for a parameter that is refused is in no text of the error, nor of what it is chained to."""
    names = ["no_such_parameter"] if wrong == "unknown-name" else [*fields_of(subject), "no_such_parameter"]
    value = {"list": [WRONG_SECRET], "mapping": {"key": WRONG_SECRET}, "nested": ({"a": [WRONG_SECRET]},)}.get(wrong)
    for name in names:
        with expect.raises(ParameterError, f"{name} of a wrong type or unknown") as caught:
            subject.construct({**subject.parameters, name: WRONG_SECRET if value is None else value})

        error = caught.error
        assert error is not None
        shown = [str(error), repr(error), repr(error.args), "".join(traceback.format_exception(error, chain=True))]
        # Source lines in the trace name the constant, never its value.
        expect.equal(any(WRONG_SECRET in text for text in shown), False, f"whether the error shows the value of {name}")
        expect.equal(WRONG_SECRET.encode() in pickle.dumps(error), False, "whether the pickled error holds it")


@requirement("ERR-2")
@pytest.mark.parametrize("method", ON_WHAT_IS_THERE)
def test_error_of_the_backend_keeps_its_cause_and_no_secret(
    driver: StorageDriver, tree: Tree, subject: Subject, method: str
) -> None:
    """What the server's refusal becomes names the driver and the path, chains the cause and holds no secret."""
    driver.put_content(tree.path("d/file"), b"content")
    path = tree.path("d" if method in {"list", "walk"} else "d/file")
    if not secret_names(subject):
        pytest.skip("the driver has no secret parameter")
    for name, stranger in with_wrong_secrets(subject):
        _need_a_refusal(stranger, tree.path("d/file"))

        with expect.raises(BackendError, f"{method} with a wrong {name}") as caught:
            ON_WHAT_IS_THERE[method](stranger, path)

        error = caught.error
        assert error is not None
        _judge(error, driver, path, f"{method} with a wrong {name}")
        expect.equal(error.__cause__ is not None, True, "whether the backend's own error is chained")
        shown = [str(error), repr(error), repr(error.args), str(error.__cause__)]
        held = [secret for secret in {*secret_values(subject), WRONG_SECRET} if any(secret in text for text in shown)]
        expect.equal(len(held), 0, f"secrets in the error of a wrong {name}")


# --- ERR-3: nothing is swallowed


@requirement("ERR-3")
@pytest.mark.parametrize("target", ["file/x", "file/x/y", "directory", "directory/s"])
@pytest.mark.parametrize("method", ["put_content", "writer", "tiny-writes", "resumed", "move"])
def test_write_against_the_grain_raises_or_is_done(driver: StorageDriver, tree: Tree, method: str, target: str) -> None:
    """A write below a file or onto a directory that raises nothing has happened; what was there is whole either way."""
    others = put_all(driver, tree.root, ["file", "directory/f", "directory/s/f"])
    path, data = tree.path(target), content(300, seed=7)
    source = tree.path("source")
    driver.put_content(source, data)

    try:
        if method == "put_content":
            driver.put_content(path, data)
        elif method == "move":
            driver.move(source, path)
        else:
            resumes = method == "resumed" and driver.capabilities.resumable_writes
            if resumes:
                with driver.writer(path) as writer:
                    writer.write(data[:100])
            with driver.writer(path, append=resumes) as writer:
                rest = data[100:] if resumes else data
                step = 7 if method == "tiny-writes" else len(rest)
                for start in range(0, len(rest), step):
                    writer.write(rest[start : start + step])
                writer.commit()
    except StorageDriverError:
        expect.file(driver, source, data, "source after a write that raised")
    else:
        expect.file(driver, path, data, f"what a {method} that raised nothing has written")
    for other, kept in others.items():
        expect.file(driver, other, kept, f"what was there, after {method}")


@requirement("ERR-3")
@pytest.mark.parametrize("size", ["1000", "chunk+1"])
@pytest.mark.parametrize("change", ["delete", "shorter", "longer", "empty"])
def test_reader_of_what_changes_raises_or_is_whole(
    driver: StorageDriver, tree: Tree, subject: Subject, change: str, size: str
) -> None:
    """A file that another driver deletes or replaces under a half-read reader ends whole or in an error, never short."""
    path, old = tree.path("file"), content(size_of(size, driver), seed=1)
    new = {"shorter": old[: len(old) // 3], "longer": content(len(old) + 500, seed=2), "empty": b""}.get(change)
    driver.put_content(path, old)
    another = subject.open()

    with driver.reader(path) as reader:
        seen = reader.read(10)
        if new is None:
            another.delete(path)
        else:
            another.put_content(path, new)
        try:
            while block := reader.read(1000):
                seen += block
        except (StorageDriverError, OSError):
            seen = old  # Said, and so not swallowed.

    expect.equal(seen, old, f"what a reader gave of a file that became {change} meanwhile, if it raised nothing")


@requirement("ERR-3")
@pytest.mark.parametrize("method", ["put_content", "writer", *ON_WHAT_IS_THERE])
def test_refusal_of_the_backend_is_raised(driver: StorageDriver, tree: Tree, subject: Subject, method: str) -> None:
    """With a wrong secret no method returns as if it had worked, and nothing has changed."""
    driver.put_content(tree.path("d/file"), b"content")
    path = tree.path("d" if method in {"list", "walk"} else "d/file")
    if not secret_names(subject):
        pytest.skip("the driver has no secret parameter")
    for name, stranger in with_wrong_secrets(subject):
        _need_a_refusal(stranger, tree.path("d/file"))

        with expect.raises(StorageDriverError, f"{method} with a wrong {name}"):
            ON_ANY_PATH[method](stranger, path)

        expect.file(driver, tree.path("d/file"), b"content", f"the file after {method} with a wrong {name}")
        expect.children(driver, tree.path("d"), tree.paths("d/file"), "children after it")


@requirement("ERR-3")
@pytest.mark.parametrize("end", ["cancel", "close"])
@pytest.mark.parametrize("append", [False, True], ids=["new", "append"])
def test_stream_that_was_refused_ends(
    driver: StorageDriver, tree: Tree, subject: Subject, append: bool, end: str
) -> None:
    """A stream that the backend refuses says so, and its clean-up neither crashes nor hides it."""
    driver.put_content(tree.path("d/file"), b"content")
    if not secret_names(subject):
        pytest.skip("the driver has no secret parameter")
    if append and not driver.capabilities.append:
        pytest.skip("the driver does not declare append")
    for name, stranger in with_wrong_secrets(subject):
        _need_a_refusal(stranger, tree.path("d/file"))

        with expect.raises(StorageDriverError, f"a stream with a wrong {name}"):
            writer = stranger.writer(tree.path("d/file"), append=append)
            try:
                writer.write(content(size_of("chunk+1", stranger), seed=1))
                writer.commit()
            finally:
                # What it raises itself may be an error of the backend's too, and nothing else.
                getattr(writer, end)()

        expect.file(driver, tree.path("d/file"), b"content", f"the file after a stream with a wrong {name}")


@requirement("ERR-3")
@pytest.mark.parametrize("method", ["delete", "move"])
@pytest.mark.parametrize("name", ["f", "d/f", "d/s/f"])
def test_what_returned_has_happened(
    driver: StorageDriver, tree: Tree, subject: Subject, method: str, name: str
) -> None:
    """A delete or move that returned is seen by another driver; the second of two drivers to do it is told so."""
    driver.put_content(tree.path(name), b"1")
    another = subject.open()
    another.stat(tree.path(name))
    act: Mapping[str, Action] = {
        "delete": lambda one, path: one.delete(path),
        "move": lambda one, path: one.move(path, tree.path("moved")),
    }

    act[method](driver, tree.path(name))

    expect.absent(another, tree.path(name), f"the path after a {method} that returned, to another driver")
    expect.not_found(lambda: act[method](another, tree.path(name)), f"{method} by the second driver")
