"""Drivers of a library that are right as long as every request is answered."""

from __future__ import annotations

import time

from mutants.http_faults import AppendIsRepeated, DeletesBeforeThePut
from mutants.http_store import Answer
from mutants.library_store import LibraryStoreDriver
from mutants.model import mutant
from storagedriver import PathNotFoundError


@mutant("FAULT-1", bug="a request that is not answered in time is about what is absent")
class SilenceIsAbsence(LibraryStoreDriver):
    repeats = False

    def _get_content(self, path: str) -> bytes:
        try:
            return super()._get_content(path)
        except TimeoutError as error:
            raise PathNotFoundError from error


@mutant("FAULT-1", bug="an append whose answer was lost is repeated as it is")
class AppendIsRepeatedByTheLibrary(AppendIsRepeated, LibraryStoreDriver):
    """The same by a library."""


@mutant("FAULT-2", bug="a library that does not answer is asked for ever")
class AsksForEver(LibraryStoreDriver):
    def send(self, method: str, target: str, body: bytes = b"", **query: str) -> Answer:
        until = time.monotonic() + 60
        while True:
            try:
                return super().send(method, target, body, **query)
            except (TimeoutError, ConnectionResetError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)


@mutant("DUR-1", bug="a put deletes the old file first")
class LibraryDeletesBeforeThePut(DeletesBeforeThePut, LibraryStoreDriver):
    """The same by a library."""
