"""The errors of the storage driver interface: a closed set under one root.

    StorageDriverError
    ├── PathNotFoundError          also FileNotFoundError     code "path_not_found"
    ├── InvalidPathError           also ValueError            code "invalid_path"
    ├── InvalidOffsetError         also ValueError            code "invalid_offset"
    ├── PathConflictError          also FileExistsError       code "path_conflict"
    ├── WriterStateError           also ValueError            code "writer_state"
    ├── UnsupportedMethodError     also NotImplementedError   code "unsupported_method"
    ├── BackendError               also OSError               code "backend"
    ├── ParameterError             also ValueError            code "parameter"
    └── InvalidStorageDriverError  also LookupError           code "invalid_storage_driver"
        └── MissingDependencyError also ImportError           code "missing_dependency"

Callers match types or ``code``, never message text. Every error carries the driver's name and, where there is
one, the caller's own path (ERR-2); the backend's own exception is its ``__cause__``. All of them pickle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from errno import EEXIST, ENOENT
from typing import Any, ClassVar, Self


def _rebuild(kind: type[StorageDriverError], args: tuple[Any, ...], state: dict[str, Any]) -> StorageDriverError:
    error = kind.__new__(kind)
    error.args = args
    for name, value in state.items():
        setattr(error, name, value)
    return error


class StorageDriverError(Exception):
    """Any failure of a storage driver.

    Attributes:
        driver_name: The driver's name, as in ``factory.create(driver_name)``; empty until the driver adds it.
        path: The path as the caller gave it, or None where no path is concerned.
        detail: What happened, without any secret.
    """

    code: ClassVar[str] = "error"
    summary: ClassVar[str] = "storage driver failed"

    driver_name: str
    path: str | None
    detail: str

    def __init__(self, detail: str = "", *, driver_name: str = "", path: str | None = None) -> None:
        super().__init__(detail)
        self.driver_name = driver_name
        self.path = path
        self.detail = detail

    def located(self, driver_name: str, path: str | None) -> Self:
        """The same error with the driver's name and the caller's path filled in where they were missing."""
        self.driver_name = self.driver_name or driver_name
        if self.path is None:
            self.path = path
        return self

    def __str__(self) -> str:
        where = f"{self.driver_name or 'storage driver'}: {self.summary}"
        if self.path is not None:
            where += f": {self.path!r}"
        return f"{where}: {self.detail}" if self.detail else where

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.detail!r}, driver_name={self.driver_name!r}, path={self.path!r})"

    def __reduce__(self) -> tuple[Callable[..., StorageDriverError], tuple[Any, ...]]:
        # ImportError has a path of its own outside __dict__.
        return _rebuild, (type(self), self.args, {**self.__dict__, "path": self.path})


class PathNotFoundError(StorageDriverError, FileNotFoundError):
    """Nothing is at this path (or a directory, where a file is needed). Never used for anything else (ERR-1)."""

    code = "path_not_found"
    summary = "path not found"
    # Of the class: OSError keeps an instance's errno where pickling does not see it.
    errno = ENOENT


class InvalidPathError(StorageDriverError, ValueError):
    """The path is outside the grammar, or `/` where a file or directory of its own is needed (PATH-1 to PATH-4)."""

    code = "invalid_path"
    summary = "invalid path"


class InvalidOffsetError(StorageDriverError, ValueError):
    """The offset is negative (READ-3)."""

    code = "invalid_offset"
    summary = "invalid offset"


class PathConflictError(StorageDriverError, FileExistsError):
    """A file is where a directory is needed, or a directory where a file is (MOVE-6). Nothing was changed."""

    code = "path_conflict"
    summary = "path is taken by a thing of the other kind"
    # Of the class: OSError keeps an instance's errno where pickling does not see it.
    errno = EEXIST


class WriterStateError(StorageDriverError, ValueError):
    """A writer was used after it was committed, cancelled or closed (WRITE-5). Nothing was changed."""

    code = "writer_state"
    summary = "writer is finished"


class UnsupportedMethodError(StorageDriverError, NotImplementedError):
    """The driver does not declare this capability (CAP-1). Nothing was changed."""

    code = "unsupported_method"
    summary = "not offered by this driver"


class BackendError(StorageDriverError, OSError):
    """Everything the backend did wrong; the backend's own exception is the cause (ERR-1, ERR-3)."""

    code = "backend"
    summary = "backend failed"


class ParameterError(StorageDriverError, ValueError):
    """A driver parameter is unknown, missing, mistyped or out of range (CONF-1).

    Attributes:
        parameter: The parameter's name. Its value is never part of the message: it may be a secret.
    """

    code = "parameter"
    summary = "bad parameter"

    parameter: str

    def __init__(
        self, detail: str = "", *, parameter: str = "", driver_name: str = "", path: str | None = None
    ) -> None:
        super().__init__(detail, driver_name=driver_name, path=path)
        self.parameter = parameter

    def __str__(self) -> str:
        return f"{self.driver_name or 'storage driver'}: {self.summary} {self.parameter!r}: {self.detail}"


class InvalidStorageDriverError(StorageDriverError, LookupError):
    """No driver of this name is registered (CONF-2).

    Attributes:
        known: The names that are registered.
    """

    code = "invalid_storage_driver"
    summary = "no such storage driver"

    known: Sequence[str]

    def __init__(
        self, detail: str = "", *, driver_name: str = "", path: str | None = None, known: Sequence[str] = ()
    ) -> None:
        super().__init__(detail, driver_name=driver_name, path=path)
        self.known = tuple(known)


class MissingDependencyError(InvalidStorageDriverError, ImportError):
    """The driver is known, but a package it needs is not installed; the message names the pip command."""

    code = "missing_dependency"
    summary = "a package is missing"
