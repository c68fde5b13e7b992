"""Google's batches: many deletes in one request, each with an answer of its own.

The client library has them too, but without the ids by which an answer is known as that of a certain call: answers may
come in any order.
"""

from __future__ import annotations

import email.parser
import email.policy
import re
import secrets
from collections.abc import Sequence
from urllib.parse import quote

from storagedriver.errors import BackendError
from storagedriver_drivers.gcs.errors import answer_of
from storagedriver_drivers.gcs.objects import Bucket, ObjectHead

MOST_CALLS = 100
"""Calls of one request; Google takes no more."""

_ANSWER_ID = re.compile(r"<response-([0-9]{1,3})>")
_STATUS_LINE = re.compile(r"HTTP/[0-9.]+ ([0-9]{3})\b")


def delete(bucket: Bucket, entries: Sequence[ObjectHead]) -> list[int]:
    """Delete objects, each in its generation; returns the HTTP status of each, in order. One request, not repeated.

    Raises:
        BackendError: The answer does not tell of each. Else the library's errors, where the whole was refused.
    """
    boundary = secrets.token_hex(16)
    response = bucket.client.session.post(
        f"{bucket.url}/batch/storage/v1",
        data=_body(bucket.name, entries, boundary),
        headers={"Content-Type": f"multipart/mixed; boundary={boundary}"},
        timeout=bucket.client.timeout,
    )
    if response.status_code != 200:
        raise answer_of(response.status_code)
    statuses = _statuses(response.headers.get("Content-Type", ""), response.content)
    if statuses.keys() != set(range(len(entries))):
        raise BackendError(f"the server told of {len(statuses)} deletes, of {len(entries)}")
    return [statuses[number] for number in range(len(entries))]


def _body(bucket: str, entries: Sequence[ObjectHead], boundary: str) -> bytes:
    calls = [
        f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: <{number}>\r\n\r\n"
        f"DELETE /storage/v1/b/{quote(bucket, safe='')}/o/{quote(entry.key, safe='')}"
        f"?ifGenerationMatch={entry.generation} HTTP/1.1\r\n\r\n\r\n"
        for number, entry in enumerate(entries)
    ]
    return "".join([*calls, f"--{boundary}--\r\n"]).encode()


def _statuses(content_type: str, body: bytes) -> dict[int, int]:
    """The status of each call that the answer tells of, by its number."""
    # compat32 takes whatever comes, and says of nonsense that it is no multipart.
    parser = email.parser.BytesParser(policy=email.policy.compat32)
    header = re.sub(r"[\r\n]", "", content_type).encode("ascii", "replace")
    message = parser.parsebytes(b"Content-Type: " + header + b"\r\n\r\n" + body)
    told: dict[int, int] = {}
    # Without a part, where the answer is no multipart.
    for part in message.walk():
        number = _ANSWER_ID.fullmatch(str(part.get("Content-ID", "")).strip())
        status = _STATUS_LINE.match(str(part.get_payload()).lstrip())
        if number is not None and status is not None:
            told[int(number[1])] = int(status[1])
    return told
