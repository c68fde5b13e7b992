"""The errors: one root, built-in bases, stable codes, and a life beyond their process."""

import copy
import errno
import pickle

import pytest

from storagedriver import errors
from storagedriver.errors import (
    BackendError,
    InvalidOffsetError,
    InvalidPathError,
    InvalidStorageDriverError,
    MissingDependencyError,
    ParameterError,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
    WriterStateError,
)

KINDS: list[tuple[type[StorageDriverError], type[Exception], str]] = [
    (PathNotFoundError, FileNotFoundError, "path_not_found"),
    (InvalidPathError, ValueError, "invalid_path"),
    (InvalidOffsetError, ValueError, "invalid_offset"),
    (PathConflictError, FileExistsError, "path_conflict"),
    (WriterStateError, ValueError, "writer_state"),
    (UnsupportedMethodError, NotImplementedError, "unsupported_method"),
    (BackendError, OSError, "backend"),
    (ParameterError, ValueError, "parameter"),
    (InvalidStorageDriverError, LookupError, "invalid_storage_driver"),
    (MissingDependencyError, ImportError, "missing_dependency"),
]

each_kind = pytest.mark.parametrize("kind", [kind for kind, _, _ in KINDS], ids=lambda kind: kind.__name__)


def test_the_table_is_whole() -> None:
    defined = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)}

    assert defined - {StorageDriverError} == {kind for kind, _, _ in KINDS}


@pytest.mark.parametrize(("kind", "base", "code"), KINDS, ids=lambda each: getattr(each, "__name__", each))
def test_base_and_code(kind: type[StorageDriverError], base: type[Exception], code: str) -> None:
    assert issubclass(kind, StorageDriverError)
    assert issubclass(kind, base)
    assert kind.code == code


def test_absence_is_no_backend_error_and_the_reverse() -> None:
    assert not issubclass(PathNotFoundError, BackendError)
    assert not issubclass(BackendError, PathNotFoundError)
    assert not issubclass(BackendError, FileNotFoundError)


def test_codes_are_unique() -> None:
    assert len({code for _, _, code in KINDS} | {StorageDriverError.code}) == len(KINDS) + 1


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@each_kind
def test_pickle(kind: type[StorageDriverError], protocol: int) -> None:
    error = kind("what happened", driver_name="memory", path="/a/b")
    error.add_note("a note")

    again = pickle.loads(pickle.dumps(error, protocol))

    assert type(again) is kind
    assert (str(again), repr(again), again.args) == (str(error), repr(error), error.args)
    assert vars(again) == vars(error)
    assert getattr(again, "errno", None) == getattr(error, "errno", None)


@each_kind
def test_copy(kind: type[StorageDriverError]) -> None:
    error = kind("what happened", driver_name="memory", path="/a/b")

    assert vars(copy.copy(error)) == vars(error)
    assert vars(copy.deepcopy(error)) == vars(error)


def test_pickle_keeps_what_a_kind_adds() -> None:
    parameter = pickle.loads(pickle.dumps(ParameterError("too small", parameter="chunksize", driver_name="s3")))
    driver = pickle.loads(pickle.dumps(InvalidStorageDriverError("?", driver_name="x", known=["a", "b"])))

    assert parameter.parameter == "chunksize"
    assert driver.known == ("a", "b")


class AuthorsOwnError(BackendError):
    """An error of an author, with arguments of its own."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


def test_pickle_of_an_authors_own_error() -> None:
    again = pickle.loads(pickle.dumps(AuthorsOwnError(503).located("mine", "/a")))

    assert type(again) is AuthorsOwnError
    assert (again.status, again.driver_name, again.path) == (503, "mine", "/a")


def test_errno_of_the_built_in_bases() -> None:
    assert PathNotFoundError().errno == errno.ENOENT
    assert PathConflictError().errno == errno.EEXIST


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PathNotFoundError(driver_name="s3", path="/a"), "s3: path not found: '/a'"),
        (PathNotFoundError("it is a directory", driver_name="s3", path="/a"), "s3: path not found: '/a': it is a dir"),
        (PathNotFoundError(), "storage driver: path not found"),
        (BackendError("status 503", driver_name="s3"), "s3: backend failed: status 503"),
        (InvalidPathError("no", path="/a\n"), "storage driver: invalid path: '/a\\n': no"),
        (ParameterError("required, but missing", parameter="bucket", driver_name="s3"), "s3: bad parameter 'bucket': "),
        (InvalidStorageDriverError("known drivers: a", driver_name="x"), "x: no such storage driver: known drivers: a"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_text(error: StorageDriverError, text: str) -> None:
    assert str(error).startswith(text)


def test_located_fills_in_what_is_missing_alone() -> None:
    assert str(PathNotFoundError().located("s3", "/a")) == "s3: path not found: '/a'"

    error = PathNotFoundError(driver_name="inner", path="/inner")

    assert error.located("outer", "/outer") is error
    assert (error.driver_name, error.path) == ("inner", "/inner")


def test_located_keeps_an_empty_path() -> None:
    assert InvalidPathError(path="").located("s3", "/other").path == ""
