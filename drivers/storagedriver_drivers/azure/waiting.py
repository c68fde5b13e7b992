"""Copies that the server may end later, after it has answered: how they are waited for."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from storagedriver.dependencies import require
from storagedriver.errors import BackendError
from storagedriver_drivers.azure.blobs import BlobHead, Container, head_of, required_etag
from storagedriver_drivers.azure.errors import HttpResponseError, code
from storagedriver_drivers.azure.parameters import AzureParameters

if TYPE_CHECKING:
    from azure.core import MatchConditions
else:
    MatchConditions = require("azure.core", extra="azure", driver_name="azure").MatchConditions

_PENDING = "pending"

_LONGEST_POLL = 10.0
"""Seconds between two polls, at most."""


def copy(container: Container, source: str, dest: str, head: BlobHead, parameters: AzureParameters) -> None:
    """Copy by a request that the server may end later, and return when it has ended well.

    Raises:
        BackendError: It failed, or did not end in time and was aborted. What it left is removed.
    """
    try:
        copy_id, outcome = _begin(container, source, dest, head)
    except HttpResponseError as error:
        if code(error) != "PendingCopyOperation":
            raise
        # Begun by an earlier try whose answer was lost, or by another: this one can begin when that has ended.
        _ended(container, dest, None, parameters)
        copy_id, outcome = _begin(container, source, dest, head)
    if outcome == _PENDING:
        outcome = _ended(container, dest, copy_id, parameters)
    if outcome == "success":
        return
    if outcome == _PENDING:
        with contextlib.suppress(HttpResponseError):
            container.blob(dest).abort_copy(copy_id)
    _remove_remains(container, dest, copy_id)
    raise BackendError(f"the copy did not succeed: it is {outcome!r}")


def _begin(container: Container, source: str, dest: str, head: BlobHead) -> tuple[str, str]:
    """Begin a copy; returns its id and its state."""
    answer: dict[str, Any] = container.blob(dest).start_copy_from_url(
        container.signer.source(container.blob(source)),
        source_etag=head.etag,
        source_match_condition=MatchConditions.IfNotModified,
    )
    required_etag(answer, "Copy Blob")
    return str(answer.get("copy_id")), str(answer.get("copy_status"))


def _ended(container: Container, dest: str, copy_id: str | None, parameters: AzureParameters) -> str:
    """Wait for the copy that makes `dest`, as long as the parameters say; returns its state then.

    Raises:
        BackendError: It is not the copy of this id.
    """
    delay = parameters.copy_status_poll_delay
    for _ in range(parameters.copy_status_poll_max_retry):
        time.sleep(delay)
        delay = min(2 * delay, max(_LONGEST_POLL, parameters.copy_status_poll_delay))
        now = head_of(container.blob(dest).get_blob_properties())
        if copy_id is not None and now.copy_id != copy_id:
            raise BackendError("the copy was replaced by another before it had ended")
        if now.copy_status != _PENDING:
            return str(now.copy_status)
    return _PENDING


def _remove_remains(container: Container, dest: str, copy_id: str) -> None:
    """A copy that was aborted or failed leaves an empty blob, which nobody may take for the file."""
    try:
        now = head_of(container.blob(dest).get_blob_properties())
        if now.copy_id == copy_id and not now.is_whole:
            container.blob(dest).delete_blob(
                delete_snapshots="include", etag=now.etag, match_condition=MatchConditions.IfNotModified
            )
    except HttpResponseError:
        # The copy's own failure is what the caller hears of; readers refuse what it left.
        return
