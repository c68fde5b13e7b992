"""Deleting a file, or a directory with all below it, and ending the streams staged there."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver_drivers.azure.blobs import Container, Layout
from storagedriver_drivers.azure.errors import HttpResponseError, is_absent

_BATCH = 256
"""Blobs of one batch; the service takes no more."""


def delete(container: Container, layout: Layout, path: str) -> None:
    """Delete the file `path` and all below it, never a sibling; staged streams of all these end.

    Raises:
        PathNotFoundError: Nothing is there. A staged stream without a file is ended all the same.
        BackendError: Any part of it failed.
    """
    name, prefix = layout.name(path), layout.prefix(path)
    end_streams(container, layout, path)
    found = _remove_all(container, (entry.name for entry in container.entries(prefix)))
    # The file, or a marker of the directory, goes last: what it stands for is gone by then.
    if container.head(name) is not None:
        container.remove(name)
    elif not found:
        raise PathNotFoundError


def end_streams(container: Container, layout: Layout, path: str) -> None:
    """Remove all that streams of `path`, and of all below it, have staged."""
    staged = container.entries(layout.staging_prefix(path), uncommitted=True)
    _remove_all(container, (entry.name for entry in staged), uncommitted=True)


def _remove_all(container: Container, names: Iterable[str], *, uncommitted: bool = False) -> int:
    """Delete blobs in batches while they are listed; returns how many there were. Absent ones are no error."""
    count = 0
    remaining = iter(names)
    while batch := list(itertools.islice(remaining, _BATCH)):
        count += len(batch)
        for name in _remaining_of(container, batch) if len(batch) > 1 else batch:
            if uncommitted:
                container.discard(name)
            else:
                container.remove(name)
    return count


def _remaining_of(container: Container, names: list[str]) -> list[str]:
    """Delete blobs in one request; returns those of which it did not say that they are deleted.

    The SDK repeats no part of a batch, so what failed there is left to requests of its own.
    """
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
        return names
    # Those that are absent too: blobs of uncommitted blocks alone are called so.
    return [name for name, answer in zip(names, answers, strict=True) if not 200 <= answer.status_code < 300]
