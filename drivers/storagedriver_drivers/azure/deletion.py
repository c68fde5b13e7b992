"""Deleting a file, or a directory with all below it, and ending the streams staged there."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver_drivers.azure.blobs import Container, Layout
from storagedriver_drivers.azure.errors import HttpResponseError, is_absent

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties

_BATCH = 256
"""Blobs of one batch; the service takes no more."""


def delete(container: Container, layout: Layout, path: str) -> None:
    """Delete the file `path` and all below it, never a sibling; staged streams of all these end.

    Raises:
        PathNotFoundError: Nothing is there. A staged stream without a file is ended all the same.
        BackendError: Any part of it failed.
    """
    name, prefix = layout.key(path), layout.prefix(path)
    end_streams(container, layout, path)
    found = _remove_files(container, container.entries(prefix, uncommitted=True))
    # The file, or a marker of the directory, goes last: what it stands for is gone by then.
    if container.head(name) is not None:
        container.remove(name)
    elif not found:
        # A move there that failed may have left them.
        container.discard_blocks(name)
        raise PathNotFoundError


def end_streams(container: Container, layout: Layout, path: str) -> None:
    """Remove all that streams of `path`, and of all below it, have staged."""
    for batch in _batches(container.entries(layout.staging_prefix(path), uncommitted=True)):
        for entry in _remaining_of(container, batch):
            container.discard(entry.name)


def _remove_files(container: Container, entries: Iterable[BlobProperties]) -> bool:
    """Delete files in batches while they are listed, and blocks that nobody committed; tells whether any was a file.

    Absent ones are no error.
    """
    found = False
    for batch in _batches(entries):
        remaining = _remaining_of(container, batch)
        found = found or len(remaining) < len(batch)
        for entry in remaining:
            # What is listed and absent consists of uncommitted blocks alone, unless another one deleted it meanwhile.
            removed = container.remove(entry.name)
            found = removed or entry.size > 0 or not container.discard_blocks(entry.name) or found
    return found


def _batches(entries: Iterable[BlobProperties]) -> Iterator[list[BlobProperties]]:
    remaining = iter(entries)
    while batch := list(itertools.islice(remaining, _BATCH)):
        yield batch


def _remaining_of(container: Container, batch: Sequence[BlobProperties]) -> Sequence[BlobProperties]:
    """Delete blobs in one request; returns those of which it did not say that they are deleted. A single one is left alone.

    The SDK repeats no part of a batch, so what failed there is left to requests of its own.
    """
    if len(batch) == 1:
        return batch
    names = [entry.name for entry in batch]
    try:
        answers: list[Any] = list(
            container.service.get_container_client(container.name).delete_blobs(
                *names, delete_snapshots="include", raise_on_any_failure=False
            )
        )
    except HttpResponseError as error:
        if is_absent(error):
            raise BackendError("a batch of deletes was answered as if it were one absent blob") from error
        raise
    if len(answers) != len(names):
        return batch
    # Those that are absent too: blobs of uncommitted blocks alone are called so.
    return [entry for entry, answer in zip(batch, answers, strict=True) if not 200 <= answer.status_code < 300]
