"""Stores of their own for drivers that keep their files in a folder of this machine."""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storagedriver.driver import StorageDriver
from storagedriver.errors import StorageDriverError

if TYPE_CHECKING:
    from storagedriver.testing.target import Target


class NotOnLocalFilesError(Exception):
    """The driver keeps no files on this machine, as far as its registration tells; the message says why."""


@dataclass(frozen=True, slots=True)
class LocalStore:
    """A store in a folder of its own.

    Attributes:
        constructor: Makes a driver.
        parameters: Of these it makes one on this store.
        folder: Holds all of the store's files; an absolute path without links.
    """

    constructor: Callable[[Mapping[str, Any]], StorageDriver]
    parameters: Mapping[str, Any]
    folder: Path

    def open(self) -> StorageDriver:
        """A new driver on it."""
        return self.constructor(self.parameters)

    def names(self) -> list[str]:
        """The names of all files in it, from the folder on."""
        found = [Path(folder, name) for folder, _, files in os.walk(self.folder) for name in files]
        return sorted(str(each.relative_to(self.folder)) for each in found)


class LocalStores:
    """Makes stores of a target, each in an empty folder."""

    def __init__(self, target: Target, base: Path) -> None:
        """Make them in `base`.

        Raises:
            NotOnLocalFilesError: The driver keeps its files elsewhere.
        """
        registration = target.registration
        if not callable(registration.parameters):
            raise NotOnLocalFilesError(
                "the registration makes no parameters of a folder: the driver keeps no files on this machine"
            )
        try:
            pickle.dumps(registration.constructor)
        except Exception as error:
            raise NotOnLocalFilesError(f"the driver's constructor does not pickle: {error}") from error
        self._target = target
        self._make: Callable[[Path], Mapping[str, Any]] = registration.parameters
        self._base = base
        self._number = 0

    def empty(self) -> LocalStore:
        """A new store that is empty."""
        folder = self._new_folder()
        folder.mkdir()
        return self._store(folder)

    def copy(self, store: LocalStore) -> LocalStore:
        """A new store with the files of another, times and modes too."""
        folder = self._new_folder()
        shutil.copytree(store.folder, folder, symlinks=True)
        return self._store(folder)

    def at(self, folder: Path) -> LocalStore:
        """The store whose files are in `folder`."""
        return self._store(folder)

    def _new_folder(self) -> Path:
        self._number += 1
        return self._base / str(self._number)

    def _store(self, folder: Path) -> LocalStore:
        usual = dict(self._make(folder))
        # What leads to the folder is not the user's to change here.
        own = {name: value for name, value in self._target.overrides.items() if not _leads(usual.get(name), folder)}
        return LocalStore(self._target.registration.constructor, {**usual, **own}, folder)


def _leads(value: object, folder: Path) -> bool:
    return value is not None and str(value).startswith(str(folder))


@contextmanager
def local_stores(target: Target) -> Iterator[LocalStores]:
    """Stores of a target, removed afterwards; on the file system that a parameter of the user's own names, if one does.

    Raises:
        NotOnLocalFilesError: The driver keeps its files elsewhere.
    """
    with tempfile.TemporaryDirectory(prefix="storagedriver-", dir=_wanted_folder(target)) as base:
        stores = LocalStores(target, Path(base).resolve())
        _require_files(stores)
        yield stores


def _wanted_folder(target: Target) -> str | None:
    """A folder that the user gave for the driver's files."""
    given = target.registration.parameters
    if not callable(given):
        return None
    nowhere = Path("/storagedriver-folder")
    for name, value in given(nowhere).items():
        wanted = target.overrides.get(name)
        if _leads(value, nowhere) and isinstance(wanted, str) and Path(wanted).is_dir():
            return wanted
    return None


def _require_files(stores: LocalStores) -> None:
    store = stores.empty()
    try:
        with store.open() as driver:
            driver.put_content("/file", b"content")
    except StorageDriverError as error:
        raise NotOnLocalFilesError(f"a put into an empty folder fails: {error}") from error
    if not store.names():
        raise NotOnLocalFilesError("a put makes no file in the folder that the registration is given")
