"""Drivers whose errors say something else, say too much, or are not raised."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self

from pydantic import SecretStr

from mutants.model import mutant
from storagedriver import (
    BackendError,
    FileInfo,
    FileWriter,
    ParameterError,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    Upload,
)
from storagedriver.base import ByteSource
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload
from storagedriver_drivers.inmemory.parameters import InMemoryParameters
from storagedriver_drivers.inmemory.store import Directory

SECRET = "the-secret-0123456789abcdef"


class KeyedParameters(InMemoryParameters):
    secretkey: SecretStr = SecretStr(SECRET)


class KeyedDriver(InMemoryDriver):
    """A good driver that a wrong secret keeps from everything, as a server would."""

    Parameters = KeyedParameters

    def __init__(self, parameters: KeyedParameters) -> None:
        super().__init__(parameters)
        self._secret = parameters.secretkey.get_secret_value()

    def _key(self, path: str) -> str:
        self._authenticate(path)
        return super()._key(path)

    def _authenticate(self, path: str) -> None:
        if self._secret != SECRET:
            raise PermissionError("the server answered 403")


@mutant("ERR-1", bug="a conflict is reported as an absence")
class ConflictIsAbsence(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        try:
            super()._put_content(path, content)
        except PathConflictError as conflict:
            raise PathNotFoundError("no such directory") from conflict


@mutant("ERR-1", rows=("B63",), bug="a refusal of the server is reported as an absence")
class RefusalIsAbsence(KeyedDriver):
    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:
        if isinstance(error, PermissionError):
            return PathNotFoundError("the server has no such key")
        return super()._translate(error, path)


@mutant("ERR-1", rows=("B63",), bug="any failure of a listing is reported as an absence")
class FailedListingIsAbsence(KeyedDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        try:
            return super()._scan(path)
        except OSError as failed:
            raise PathNotFoundError from failed


@mutant("ERR-1", bug="a reader at the end says that there is nothing")
class EndIsAbsence(InMemoryDriver):
    def _reader(self, path: str, offset: int) -> ByteSource:
        if offset >= max(self._stat(path).size, 1):
            raise PathNotFoundError("nothing at this offset")
        return super()._reader(path, offset)


@mutant("ERR-2", rows=("B40",), bug="the error of list carries the internal form of the path")
class InternalPath(InMemoryDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        try:
            return super()._scan(path)
        except PathNotFoundError:
            raise PathNotFoundError(path=f"{path}/") from None


@mutant("ERR-2", bug="errors carry the backend's key")
class KeyInThePath(InMemoryDriver):
    def _stat(self, path: str) -> FileInfo:
        try:
            return super()._stat(path)
        except PathNotFoundError:
            raise PathNotFoundError(path=self._key(path)) from None


@mutant("ERR-2", bug="the driver's name is missing in errors of an invalid path")
class NamelessError(InMemoryDriver):
    def _valid(self, path: str, *, allow_root: bool = False) -> str:
        try:
            return super()._valid(path, allow_root=allow_root)
        except StorageDriverError as error:
            error.driver_name = ""
            raise


@mutant("ERR-2", bug="errors hold the client, and do not pickle")
class ErrorHoldsTheClient(InMemoryDriver):
    def _get_content(self, path: str) -> bytes:
        try:
            return super()._get_content(path)
        except PathNotFoundError as error:
            error.client = threading.Lock()  # type: ignore[attr-defined]  # the fault
            raise


class CodedError(PathNotFoundError):
    """An error that cannot be built again from what it pickles to."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status

    def __reduce__(self) -> Any:
        return type(self), self.args


@mutant("ERR-2", bug="errors pickle, and cannot be unpickled")
class ErrorIsNotRebuilt(InMemoryDriver):
    def _delete(self, path: str) -> None:
        try:
            super()._delete(path)
        except PathNotFoundError:
            raise CodedError(404, "no such key") from None


@mutant("ERR-2", rows=("E5",), bug="repr(driver) shows the secret")
class SecretInRepr(KeyedDriver):
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._secret}>"


@mutant("ERR-2", rows=("E5",), bug="the refusal tells the secret that was tried")
class SecretInTheRefusal(KeyedDriver):
    def _authenticate(self, path: str) -> None:
        if self._secret != SECRET:
            raise BackendError(f"403 for {self._secret}").located(self.name, path) from PermissionError("403")


@mutant("ERR-2", bug="the cause is dropped")
class CauseIsDropped(KeyedDriver):
    def _authenticate(self, path: str) -> None:
        if self._secret != SECRET:
            raise BackendError("403").located(self.name, path) from None


@mutant("ERR-2", rows=("E5",), bug="a refused parameter is shown with its value")
class ValueInTheError(InMemoryDriver):
    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        try:
            return super().from_parameters(parameters)
        except ParameterError as error:
            detail = f"{error.detail} in {parameters}"
            raise ParameterError(detail, parameter=error.parameter, driver_name=cls.name) from None


@mutant("ERR-3", bug="a put that the backend refuses is a success")
class RefusedPutSucceeds(InMemoryDriver):
    def _put_content(self, path: str, content: bytes) -> None:
        with contextlib.suppress(StorageDriverError):
            super()._put_content(path, content)


@mutant("ERR-3", rows=("B100",), bug="the error of the last request of a stream is logged, not raised")
class FailedCommitSucceeds(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        assert isinstance(upload, InMemoryUpload)
        commit = upload.commit

        class Careless(InMemoryUpload):
            def commit(self) -> None:
                with contextlib.suppress(StorageDriverError):
                    commit()

        upload.__class__ = Careless
        return upload


@mutant("ERR-3", bug="a listing that the server refuses is empty")
class RefusedListingIsEmpty(KeyedDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        try:
            return super()._scan(path)
        except PermissionError:
            return []


@mutant("ERR-3", rows=("B72",), bug="after the last retry the call says success")
class LastRetrySucceeds(KeyedDriver):
    def _delete(self, path: str) -> None:
        for _ in range(3):
            with contextlib.suppress(PermissionError):
                return super()._delete(path)
        return None

    def writer(self, path: str, append: bool = False) -> FileWriter:
        return super().writer(path, append)


@mutant("ERR-3", bug="a reader whose file is replaced goes on in the new one, and ends short")
class ReaderGoesOnInAnother(InMemoryDriver):
    def _reader(self, path: str, offset: int) -> ByteSource:
        driver, key = self, self._key(path)
        self._store.get_file(key)

        class Ranges:
            def __init__(self) -> None:
                self._at = offset

            def read(self, size: int) -> bytes:
                try:
                    content = driver._store.get_file(key).content
                except PathNotFoundError:
                    return b""
                data = content[self._at : self._at + min(size, 100)]
                self._at += len(data)
                return data

            def close(self) -> None:
                """Nothing is held."""

        return Ranges()


# --- what a refusal at the first request of a stream does


class LateUpload:
    """An upload that asks the server for nothing before its first write."""

    def __init__(self, begin: Callable[[], Upload]) -> None:
        self._begin = begin
        self._begun: Any = None

    @property
    def size(self) -> int:
        return 0 if self._begun is None else int(self._begun.size)

    def write(self, data: memoryview, /) -> None:
        if self._begun is None:
            self._begun = self._begin()
        self._begun.write(data)

    def commit(self) -> None:
        if self._begun is None:
            self._begun = self._begin()
        self._begun.commit()

    def suspend(self) -> None:
        if self._begun is not None:
            self._begun.suspend()

    def discard(self) -> None:
        if self._begun is not None:
            self._begun.discard()


class LateDriver(KeyedDriver):
    """A good driver whose new streams begin at the first write."""

    Late: ClassVar[type[LateUpload]] = LateUpload

    def _writer(self, path: str, *, append: bool) -> Upload:
        if append:
            return super()._writer(path, append=True)
        begin = super()._writer
        return self.Late(lambda: begin(path, append=False))


@mutant("ERR-3", rows=("B102",), bug="where an upload cannot begin, its clean-up crashes and hides why")
class CleanUpHidesTheCause(LateDriver):
    class Late(LateUpload):
        def suspend(self) -> None:
            self._begun.suspend()

        def discard(self) -> None:
            self._begun.discard()


class Unlooked(LateUpload):
    """Loses the error of a part in an inner variable."""

    def write(self, data: memoryview, /) -> None:
        with contextlib.suppress(PermissionError):
            super().write(data)

    def commit(self) -> None:
        if self._begun is not None:
            self._begun.commit()


@mutant(
    "ERR-3", rows=("B13",), bug="an inner variable hides that a part was refused, and the stream is closed as whole"
)
class RefusedPartIsForgotten(LateDriver):
    Late = Unlooked


@mutant("ERR-1", rows=("B12",), bug="the answer to an append's first request is used before its error is looked at")
class AnswerIsUsedUnlooked(KeyedDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        answer: Any = None
        if append:
            try:
                answer = self._store.get(self._key(path))
            except PermissionError:
                answer = None
            except PathNotFoundError:
                return super()._writer(path, append=True)
            answer.children if isinstance(answer, Directory) else answer.content
        return super()._writer(path, append=append)


@mutant("ERR-2", bug="a long path is shortened in the error")
class LongPathIsShortened(InMemoryDriver):
    @contextlib.contextmanager
    def translated(self, path: str | None) -> Iterator[None]:
        with super().translated(path if path is None or len(path) < 300 else f"{path[:100]}...{path[-100:]}"):
            yield


@mutant("ERR-2", bug="an error names the path of the latest call of the driver")
class ErrorNamesTheLatestPath(InMemoryDriver):
    _latest: str | None = None

    @contextlib.contextmanager
    def translated(self, path: str | None) -> Iterator[None]:
        with super().translated(self._latest or path):
            yield

    def stat(self, path: str) -> FileInfo:
        self._latest = None
        info = super().stat(path)
        self._latest = path
        return info


@mutant("ERR-2", bug="the error of a move onto a directory names the backend's key, with the root in it")
class ConflictNamesTheKey(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        try:
            super()._move(source, dest)
        except PathConflictError as conflict:
            conflict.path = self._key(dest)
            raise
