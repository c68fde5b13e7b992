"""Copies that the server may end later, after it has answered: how they are waited for."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from storagedriver.dependencies import require
from storagedriver.errors import BackendError
from storagedriver_drivers.azure.blobs import BlobHead, Container, head_of, required_etag
from storagedriver_drivers.azure.errors import HttpResponseError
from storagedriver_drivers.azure.parameters import AzureParameters

if TYPE_CHECKING:
    from azure.core import MatchConditions
else:
    MatchConditions = require("azure.core", extra="azure", driver_name="azure").MatchConditions

_LONGEST_POLL = 10.0
"""Seconds between two polls, at most."""


def copy(container: Container, source: str, dest: str, head: BlobHead, parameters: AzureParameters) -> None:
    """Copy by a request that the server may end later, and return when it has ended well.

    Raises:
        BackendError: It failed, or did not end in time and was aborted. What it left is removed.
    """
    blob = container.blob(dest)
    answer: dict[str, Any] = blob.start_copy_from_url(
        container.signer.source(container.blob(source)),
        source_etag=head.etag,
        source_match_condition=MatchConditions.IfNotModified,
    )
    required_etag(answer, "Copy Blob")
    copy_id, outcome = answer.get("copy_id"), answer.get("copy_status")
    delay = parameters.copy_status_poll_delay
    polls = 0
    while outcome == "pending" and polls < parameters.copy_status_poll_max_retry:
        time.sleep(delay)
        delay = min(2 * delay, max(_LONGEST_POLL, parameters.copy_status_poll_delay))
        polls += 1
        now = head_of(blob.get_blob_properties())
        if now.copy_id != copy_id:
            raise BackendError("the copy was replaced by another before it had ended")
        outcome = now.copy_status
    if outcome == "success":
        return
    if outcome == "pending":
        with contextlib.suppress(HttpResponseError):
            blob.abort_copy(str(copy_id))
    _remove_remains(container, dest, str(copy_id))
    raise BackendError(f"the copy did not succeed: it was {outcome!r} after {polls} polls of its state")


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
