"""BaseDriver: what it does for every driver, seen through a tiny one."""

import array
import contextlib
import io
import pickle
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from pydantic import Field

from storagedriver import (
    BackendError,
    BaseDriver,
    Capabilities,
    FileInfo,
    InvalidOffsetError,
    InvalidPathError,
    Limits,
    ParameterError,
    PathConflictError,
    PathNotFoundError,
    StorageDriver,
    StorageDriverError,
    UnsupportedMethodError,
    WriterStateError,
)
from storagedriver.base import put_by_upload
from storagedriver.foundation import contiguous
from storagedriver.parameters import DriverParameters


class Backend:
    """Remembers what it was asked, and fails as told: `failures` maps the name of a call to what it raises, once."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failures: dict[str, Exception] = {}
        self.content = b"0123456789"
        self.taken: list[Any] = []

    def ask(self, what: str) -> None:
        self.asked.append(what)
        failure = self.failures.pop(what, None)
        if failure is not None:
            raise failure


class Source:
    def __init__(self, backend: Backend, content: bytes) -> None:
        self.backend = backend
        self.stream = io.BytesIO(content)

    def read(self, size: int, /) -> bytes:
        self.backend.ask("source.read")
        return self.stream.read(size)

    def close(self) -> None:
        self.backend.ask("source.close")


class Filling(Source):
    """Puts its bytes where they are wanted. `read` stays for who asks for all there is."""

    def read_into(self, view: memoryview, /) -> int:
        self.backend.ask("source.read")
        return self.stream.readinto(view)


class Staged:
    def __init__(self, backend: Backend, size: int) -> None:
        self.backend = backend
        self.size = size

    def write(self, data: memoryview, /) -> None:
        self.backend.ask("upload.write")
        self.backend.taken.append(bytes(data))
        self.size += len(data)

    def commit(self) -> None:
        self.backend.ask("upload.commit")

    def suspend(self) -> None:
        self.backend.ask("upload.suspend")

    def discard(self) -> None:
        self.backend.ask("upload.discard")


class Tiny(BaseDriver):
    """A driver of one file, `/a`, and one directory, `/d`, that asks its backend for everything."""

    name = "tiny"

    def __init__(self, *, buffer: int = 4, source: type[Source] = Source, **capabilities: Any) -> None:
        self.backend = Backend()
        self._source = source
        self.capabilities = Capabilities(**capabilities)
        self._buffer_size = buffer  # type: ignore[misc]

    def _get_content(self, path: str) -> bytes:
        self.backend.ask("get")
        return self.backend.content

    def _put_content(self, path: str, content: bytes) -> None:
        self.backend.ask("put")
        self.backend.taken.append(content)

    def _reader(self, path: str, offset: int) -> Source:
        self.backend.ask("reader")
        return self._source(self.backend, self.backend.content[offset:])

    def _writer(self, path: str, *, append: bool) -> Staged:
        self.backend.ask("writer")
        return Staged(self.backend, len(self.backend.content) if append else 0)

    def _stat(self, path: str) -> FileInfo:
        self.backend.ask("stat")
        return FileInfo(path, 0, None, is_dir=path in {"/", "/d"})

    def _list(self, path: str) -> Iterable[str]:
        self.backend.ask("list")
        yield from ["/d", "/a"] if path == "/" else []

    def _move(self, source: str, dest: str) -> None:
        self.backend.ask("move")

    def _delete(self, path: str) -> None:
        self.backend.ask("delete")

    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        self.backend.ask("redirect")
        return f"http://h{path}?{method}&{expires}"


# Each method on a path, and the hook it ends in.
METHODS: dict[str, tuple[Callable[[StorageDriver, str], Any], str]] = {
    "get_content": (lambda driver, path: driver.get_content(path), "get"),
    "put_content": (lambda driver, path: driver.put_content(path, b"x"), "put"),
    "reader": (lambda driver, path: driver.reader(path).close(), "reader"),
    "writer": (lambda driver, path: driver.writer(path).cancel(), "writer"),
    "append": (lambda driver, path: driver.writer(path, append=True).cancel(), "writer"),
    "stat": (lambda driver, path: driver.stat(path), "stat"),
    "list": (lambda driver, path: driver.list(path), "list"),
    "move": (lambda driver, path: driver.move(path, "/z"), "move"),
    "move to": (lambda driver, path: driver.move("/z", path), "move"),
    "delete": (lambda driver, path: driver.delete(path), "delete"),
    "redirect_url": (lambda driver, path: driver.redirect_url(path), "redirect"),
    "walk": (lambda driver, path: driver.walk(path).close(), "list"),
    "walk after": (lambda driver, path: driver.walk("/", start_after=path).close(), "list"),
}
OF_THE_ROOT = {"stat", "list", "walk", "walk after"}

each_method = pytest.mark.parametrize("method", METHODS)


@pytest.fixture
def driver() -> Tiny:
    return Tiny(append=True, move_directory=True, redirect=True)


# --- paths


@each_method
@pytest.mark.parametrize(
    "path", ["", "a", "/a/", "//a", "/a\n", "/../a", "/a/./b", "/a b", "/" + "x" * 256, "/xx" * 301]
)
def test_an_invalid_path_never_reaches_the_backend(driver: Tiny, method: str, path: str) -> None:
    with pytest.raises(InvalidPathError) as caught:
        METHODS[method][0](driver, path)

    assert (caught.value.driver_name, caught.value.path) == ("tiny", path)
    assert driver.backend.asked == []


@each_method
def test_what_is_no_path_at_all(driver: Tiny, method: str) -> None:
    with pytest.raises(InvalidPathError, match=r"^tiny: invalid path: '42': a path is a str"):
        METHODS[method][0](driver, 42)  # type: ignore[arg-type]

    assert driver.backend.asked == []


@each_method
@pytest.mark.parametrize("path", ["/a", "/" + "x" * 255, "/xx" * 300, "/.a/-b/..."])
def test_a_valid_path_reaches_the_backend(driver: Tiny, method: str, path: str) -> None:
    with contextlib.suppress(PathNotFoundError):  # Listed, as there is no such directory.
        METHODS[method][0](driver, path)

    assert METHODS[method][1] in driver.backend.asked


@each_method
def test_the_root_is_for_stat_list_and_walk(driver: Tiny, method: str) -> None:
    if method in OF_THE_ROOT:
        METHODS[method][0](driver, "/")
        assert driver.backend.asked
    else:
        with pytest.raises(InvalidPathError, match=r"^tiny: invalid path: '/'"):
            METHODS[method][0](driver, "/")
        assert driver.backend.asked == []


def test_declared_limits_are_the_limits() -> None:
    driver = Tiny(limits=Limits(longest_component=3, longest_path=8))

    driver.stat("/aaa/bbb")
    for path in ("/aaaa", "/aa/bb/cc"):
        with pytest.raises(InvalidPathError, match="longer than"):
            driver.stat(path)


# --- errors


@each_method
def test_a_failure_of_the_backend_names_driver_and_path_and_keeps_its_cause(driver: Tiny, method: str) -> None:
    cause = ConnectionResetError("broke off")
    driver.backend.failures[METHODS[method][1]] = cause
    path = "/" if method == "walk after" else "/a"

    with pytest.raises(BackendError) as caught:
        METHODS[method][0](driver, path)

    expected = "/z" if method == "move to" else path
    assert (caught.value.driver_name, caught.value.path) == ("tiny", expected)
    assert caught.value.__cause__ is cause
    assert pickle.loads(pickle.dumps(caught.value)).path == expected


@each_method
def test_an_own_error_is_located(driver: Tiny, method: str) -> None:
    cause = PathNotFoundError()
    driver.backend.failures[METHODS[method][1]] = cause

    with pytest.raises(PathNotFoundError) as caught:
        METHODS[method][0](driver, "/a" if method != "walk after" else "/")

    assert caught.value is cause
    assert caught.value.driver_name == "tiny"
    assert caught.value.path is not None


@each_method
def test_a_bug_stays_a_bug(driver: Tiny, method: str) -> None:
    driver.backend.failures[METHODS[method][1]] = bug = AttributeError("a bug")

    with pytest.raises(AttributeError) as caught:
        METHODS[method][0](driver, "/a")

    assert caught.value is bug


def test_a_driver_translates_errors_its_own_way() -> None:
    class Translating(Tiny):
        def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:
            return PathNotFoundError("404") if isinstance(error, KeyError) else super()._translate(error, path)

    driver = Translating()
    driver.backend.failures["get"] = cause = KeyError("x")

    with pytest.raises(PathNotFoundError, match="tiny: path not found: '/a': 404") as caught:
        driver.get_content("/a")
    assert caught.value.__cause__ is cause


# --- content


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (b"", b""),
        (b"abc", b"abc"),
        (bytearray(b"abc"), b"abc"),
        (memoryview(b"abc"), b"abc"),
        (memoryview(b"abcdef")[::2], b"ace"),
        (memoryview(b"abc")[::-1], b"cba"),
        (memoryview(b"abcdef").cast("B", (2, 3)), b"abcdef"),
        (memoryview(b"a").cast("B", ()), b"a"),
        (array.array("H", [1, 2]), array.array("H", [1, 2]).tobytes()),
    ],
    ids=["empty", "bytes", "bytearray", "view", "step", "reversed", "matrix", "no dimension", "array"],
)
def test_buffers(driver: Tiny, given: Any, taken: bytes) -> None:
    driver.put_content("/a", given)
    writer = driver.writer("/a")
    length = writer.write(given)
    writer.cancel()

    assert driver.backend.taken == ([taken, taken] if taken else [taken])
    assert type(driver.backend.taken[0]) is bytes
    assert length == writer.size == len(taken)
    assert bytes(contiguous(given)) == taken


@pytest.mark.parametrize("given", ["text", "", None, 42, ["a"]])
def test_what_is_no_buffer(driver: Tiny, given: Any) -> None:
    with pytest.raises(TypeError):
        driver.put_content("/a", given)
    with driver.writer("/a") as writer, pytest.raises(TypeError):
        writer.write(given)

    assert "put" not in driver.backend.asked
    assert "upload.write" not in driver.backend.asked


def test_the_callers_buffer_is_not_kept(driver: Tiny) -> None:
    buffer = bytearray(b"abc")
    driver.put_content("/a", buffer)
    buffer[:] = b"xyz"
    # A view that was kept would forbid this.
    buffer.clear()

    assert driver.backend.taken == [b"abc"]


# --- readers

each_source = pytest.mark.parametrize("source", [Source, Filling])


@each_source
def test_a_reader_reads(source: type[Source]) -> None:
    driver = Tiny(source=source)

    with driver.reader("/a", 3) as reader:
        assert reader.readable()
        assert reader.read(0) == b""
        assert reader.read(2) == b"34"
        buffer = bytearray(3)
        assert reader.readinto(buffer) == 3  # type: ignore[attr-defined]
        assert buffer == b"567"
        assert reader.read() == b"89"
        assert [reader.read(), reader.read(1), reader.read()] == [b"", b"", b""]


@pytest.mark.parametrize("offset", [10, 11, 1000])
def test_a_reader_at_or_beyond_the_end(driver: Tiny, offset: int) -> None:
    with driver.reader("/a", offset) as reader:
        assert reader.read() == b""


@pytest.mark.parametrize("offset", [-1, -(2**63)])
def test_negative_offset(driver: Tiny, offset: int) -> None:
    with pytest.raises(InvalidOffsetError) as caught:
        driver.reader("/a", offset)

    assert (caught.value.driver_name, caught.value.path) == ("tiny", "/a")
    assert driver.backend.asked == []


def test_lines(driver: Tiny) -> None:
    driver.backend.content = b"one\n\ntwo"

    with driver.reader("/a") as reader:
        assert list(reader) == [b"one\n", b"\n", b"two"]


def test_a_closed_reader(driver: Tiny) -> None:
    reader = driver.reader("/a")
    reader.read(1)
    reader.close()
    reader.close()

    assert reader.closed
    for call in (reader.read, reader.readline, lambda: reader.readinto(bytearray(1)), lambda: next(reader)):  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match="closed"):
            call()
    assert driver.backend.asked.count("source.close") == 1


def test_a_dropped_reader_gives_its_source_back(driver: Tiny) -> None:
    driver.reader("/a").read(1)

    assert driver.backend.asked.count("source.close") == 1


@pytest.mark.parametrize("size", [100, 101, 5000])
def test_bytes_go_where_they_are_wanted(size: int) -> None:
    """Whatever the reader's own buffer holds, a filling source gives what the other gives."""
    content = bytes(range(256)) * 20
    found = []
    for source in (Source, Filling):
        driver = Tiny(buffer=64, source=source)
        driver.backend.content = content
        with driver.reader("/a", 7) as reader:
            found.append([reader.read(3), *iter(lambda: reader.read(size), b"")])

    assert found[0] == found[1]
    assert b"".join(found[1]) == content[7:]


@each_source
def test_a_read_that_fails(source: type[Source]) -> None:
    driver = Tiny(source=source)
    reader = driver.reader("/a")
    driver.backend.failures["source.read"] = cause = TimeoutError("slow")

    with pytest.raises(BackendError) as caught:
        reader.read(1)
    reader.close()

    assert (caught.value.driver_name, caught.value.path, caught.value.__cause__) == ("tiny", "/a", cause)
    assert driver.backend.asked.count("source.close") == 1


def test_a_close_that_fails_is_raised_once(driver: Tiny) -> None:
    reader = driver.reader("/a")
    driver.backend.failures["source.close"] = OSError("broke off")

    with pytest.raises(BackendError):
        reader.close()
    reader.close()

    assert reader.closed
    assert driver.backend.asked.count("source.close") == 1


# --- writers

# What is called on a writer in turn, what the last call ends in ("" for nothing raised), and what the upload was told.
LIVES = [
    ("commit", "", ["commit"]),
    ("write commit", "", ["write", "commit"]),
    ("write write commit close", "", ["write", "write", "commit"]),
    ("commit close close", "", ["commit"]),
    ("commit commit", "committed", ["commit"]),
    ("commit write", "committed", ["commit"]),
    ("commit cancel", "committed", ["commit"]),
    ("write close", "", ["write", "suspend"]),
    ("close close", "", ["suspend"]),
    ("close write", "closed", ["suspend"]),
    ("close commit", "closed", ["suspend"]),
    ("close cancel", "", ["suspend", "discard"]),
    ("close cancel cancel", "", ["suspend", "discard"]),
    ("close cancel commit", "cancelled", ["suspend", "discard"]),
    ("write cancel", "", ["write", "discard"]),
    ("cancel cancel close", "", ["discard"]),
    ("cancel write", "cancelled", ["discard"]),
    ("cancel commit", "cancelled", ["discard"]),
]


@pytest.mark.parametrize(("calls", "state", "told"), LIVES, ids=[calls for calls, _, _ in LIVES])
def test_life_of_a_writer(driver: Tiny, calls: str, state: str, told: list[str]) -> None:
    writer = driver.writer("/a")
    *first, last = (
        (lambda: writer.write(b"x")) if call == "write" else getattr(writer, call) for call in calls.split()
    )
    for call in first:
        call()

    if state:
        with pytest.raises(WriterStateError, match=f"after the writer was {state}") as caught:
            last()
        assert (caught.value.driver_name, caught.value.path) == ("tiny", "/a")
    else:
        last()

    assert driver.backend.asked == ["writer", *(f"upload.{each}" for each in told)]


def test_size_and_lengths(driver: Tiny) -> None:
    with driver.writer("/a") as writer:
        assert [writer.write(b"x" * length) for length in (1, 511, 0, 1, 512)] == [1, 511, 0, 1, 512]
        assert writer.size == 1025
        writer.commit()
        assert writer.size == 1025
    # An empty write is none.
    assert driver.backend.asked.count("upload.write") == 4


def test_size_counts_what_is_appended_to(driver: Tiny) -> None:
    with driver.writer("/a", append=True) as writer:
        assert writer.size == 10
        writer.write(b"xy")
        assert writer.size == 12


def test_leaving_the_block_closes(driver: Tiny) -> None:
    with driver.writer("/a") as writer:
        writer.write(b"x")

    assert driver.backend.asked == ["writer", "upload.write", "upload.suspend"]


def test_leaving_the_block_by_an_exception_cancels(driver: Tiny) -> None:
    writer = driver.writer("/a")
    writer.write(b"x")
    with pytest.raises(KeyError), writer:
        raise KeyError

    assert driver.backend.asked == ["writer", "upload.write", "upload.discard"]


def test_an_exception_after_commit_goes_through_alone(driver: Tiny) -> None:
    writer = driver.writer("/a")
    writer.commit()
    with pytest.raises(KeyError), writer:
        raise KeyError

    assert driver.backend.asked == ["writer", "upload.commit"]


def test_a_cancel_that_fails_on_the_way_out_is_a_note_on_the_first_error(driver: Tiny) -> None:
    driver.backend.failures["upload.discard"] = OSError("broke off")

    with pytest.raises(KeyError) as caught, driver.writer("/a"):
        raise KeyError

    assert "broke off" in "".join(caught.value.__notes__)


def test_a_write_that_fails_can_be_cancelled(driver: Tiny) -> None:
    writer = driver.writer("/a")
    driver.backend.failures["upload.write"] = OSError("broke off")

    with pytest.raises(BackendError):
        writer.write(b"x")
    assert writer.size == 0
    writer.cancel()

    assert driver.backend.asked[-1] == "upload.discard"


def test_content_by_an_upload() -> None:
    """Written and committed; what fails on the way is discarded."""
    backend = Backend()

    put_by_upload(Staged(backend, 0), b"content")

    assert backend.asked == ["upload.write", "upload.commit"]
    assert backend.taken == [b"content"]
    for call in ("upload.write", "upload.commit"):
        backend.failures[call] = KeyboardInterrupt()  # type: ignore[assignment]  # it has to go through too
        with pytest.raises(KeyboardInterrupt):
            put_by_upload(Staged(backend, 0), b"content")
        assert backend.asked[-2:] == [call, "upload.discard"]


def test_a_commit_that_fails_can_be_repeated(driver: Tiny) -> None:
    writer = driver.writer("/a")
    driver.backend.failures["upload.commit"] = OSError("broke off")

    with pytest.raises(BackendError):
        writer.commit()
    writer.commit()
    with pytest.raises(WriterStateError):
        writer.commit()

    assert driver.backend.asked == ["writer", "upload.commit", "upload.commit"]


@pytest.mark.parametrize(("call", "told"), [("close", "upload.suspend"), ("cancel", "upload.discard")])
def test_an_end_that_fails_is_raised_once(driver: Tiny, call: str, told: str) -> None:
    writer = driver.writer("/a")
    driver.backend.failures[told] = OSError("broke off")

    with pytest.raises(BackendError):
        getattr(writer, call)()
    getattr(writer, call)()
    with pytest.raises(WriterStateError):
        writer.write(b"x")

    assert driver.backend.asked == ["writer", told]


def test_a_writer_that_cannot_begin(driver: Tiny) -> None:
    driver.backend.failures["writer"] = PermissionError("no")

    with pytest.raises(BackendError, match="no"), driver.writer("/a"):
        pytest.fail("the writer began")

    assert driver.backend.asked == ["writer"]


def test_append_that_is_not_declared() -> None:
    driver = Tiny()

    with pytest.raises(UnsupportedMethodError, match=r"^tiny: not offered by this driver: '/a'"):
        driver.writer("/a", append=True)
    assert driver.backend.asked == []


# --- move, redirect, list, walk


def test_move_onto_itself_moves_nothing(driver: Tiny) -> None:
    driver.move("/a", "/a")

    assert driver.backend.asked == ["stat"]


def test_move_of_what_is_absent_onto_itself(driver: Tiny) -> None:
    driver.backend.failures["stat"] = PathNotFoundError()

    with pytest.raises(PathNotFoundError, match="'/a'"):
        driver.move("/a", "/a")


def test_move_below_itself(driver: Tiny) -> None:
    with pytest.raises(PathConflictError) as caught:
        driver.move("/d", "/d/e")

    assert caught.value.path == "/d/e"
    assert "move" not in driver.backend.asked
    driver.move("/d", "/de")
    assert "move" in driver.backend.asked


@pytest.mark.parametrize("dest", ["/d", "/d/e"])
def test_move_of_a_directory_that_is_not_declared(dest: str) -> None:
    driver = Tiny()

    with pytest.raises(UnsupportedMethodError):
        driver.move("/d", dest)
    assert driver.backend.asked == ["stat"]


def test_redirect_url_that_is_not_declared() -> None:
    driver = Tiny()

    assert driver.redirect_url("/a") is None
    assert driver.backend.asked == []


def test_redirect_url(driver: Tiny) -> None:
    assert driver.redirect_url("/a", method="head", expires=5) == "http://h/a?HEAD&5"


def test_list_is_sorted(driver: Tiny) -> None:
    assert driver.list("/") == ["/a", "/d"]


def test_list_of_an_empty_directory(driver: Tiny) -> None:
    assert driver.list("/d") == []


def test_list_of_a_file(driver: Tiny) -> None:
    """A store may find nothing below a file: that is not an empty directory."""
    with pytest.raises(PathNotFoundError, match="not a directory") as caught:
        driver.list("/a")

    assert (caught.value.driver_name, caught.value.path) == ("tiny", "/a")


def test_list_of_what_is_absent(driver: Tiny) -> None:
    driver.backend.failures["stat"] = PathNotFoundError()

    with pytest.raises(PathNotFoundError):
        driver.list("/absent")


def test_what_is_too_long_to_be_asked_for_is_not_shown() -> None:
    """Another tool's names may be: a caller could do nothing with them. Their directory is there all the same."""

    class Foreign(Tiny):
        def _list(self, path: str) -> Iterable[str]:
            return {"/": ["/aaaa", "/bb"], "/bb": ["/bb/aaa"]}.get(path, [])

        def _stat(self, path: str) -> FileInfo:
            return FileInfo(path, 0, None, is_dir=not path.endswith("aaa"))

    driver = Foreign(limits=Limits(longest_component=3, longest_path=5))

    assert driver.list("/") == ["/bb"]
    assert driver.list("/bb") == []
    assert [info.path for info in driver.walk("/")] == ["/bb"]


def test_list_of_an_empty_root_asks_no_more() -> None:
    class Empty(Tiny):
        def _list(self, path: str) -> Iterable[str]:
            return []

    driver = Empty()

    assert driver.list("/") == []
    assert driver.backend.asked == []


def test_walk_scans_and_stats(driver: Tiny) -> None:
    assert [(info.path, info.is_dir) for info in driver.walk("/")] == [("/a", False), ("/d", True)]
    assert driver.backend.asked == ["list", "stat", "stat", "list", "stat"]


def test_walk_of_a_file(driver: Tiny) -> None:
    with pytest.raises(PathNotFoundError, match="not a directory"):
        driver.walk("/a")


def test_walk_skips_what_went_between_listing_and_stat(driver: Tiny) -> None:
    driver.backend.failures["stat"] = PathNotFoundError()

    assert [info.path for info in driver.walk("/")] == ["/a"]


def test_a_scan_that_is_a_generator_has_its_errors_translated() -> None:
    class Generating(Tiny):
        def _scan(self, path: str) -> Iterable[FileInfo]:
            yield FileInfo("/a", 0, None, is_dir=False)
            raise ConnectionResetError("broke off")

    with pytest.raises(BackendError, match=r"^tiny: backend failed: '/': broke off"):
        Generating().walk("/")


# --- parameters, repr, close


class TinyParameters(DriverParameters):
    """Parameters of a driver with some."""

    size: int = Field(default=1, ge=1)


class Sized(Tiny):
    name = "sized"
    Parameters = TinyParameters

    def __init__(self, parameters: TinyParameters) -> None:
        super().__init__()
        self.size = parameters.size


@pytest.mark.parametrize(("given", "size"), [(None, 1), ({}, 1), ({"size": None}, 1), ({"size": "7"}, 7)])
def test_from_parameters(given: dict[str, Any] | None, size: int) -> None:
    assert Sized.from_parameters(given).size == size


def test_from_parameters_that_are_wrong() -> None:
    with pytest.raises(ParameterError, match=r"^sized: bad parameter 'size'"):
        Sized.from_parameters({"size": 0})
    with pytest.raises(ParameterError, match=r"^tiny: bad parameter 'size': unknown"):
        Tiny.from_parameters({"size": 1})
    assert Tiny.from_parameters({}).name == "tiny"


def test_repr_and_block(driver: Tiny) -> None:
    with driver as entered:
        assert entered is driver
    driver.close()

    assert repr(driver) == "<Tiny 'tiny'>"
