"""Pages of a listing that hold no name and say that more follow, as S3, Azure and Google may give them."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from storagedriver.wire.messages import RequestHead
from storagedriver.wire.passage import Exchange, Passage

_OURS = "page-that-follows."
_LONGEST_TOKEN = 6000
"""Characters of a token that servers and clients take in a URL."""


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How a service lists.

    Attributes:
        token: The name in the query of what a page before gave.
        is_listing: Whether a request asks for a page.
        emptied: A page without its names, which gives a token.
    """

    token: str
    is_listing: Callable[[RequestHead, Mapping[str, list[str]]], bool]
    emptied: Callable[[bytes, str], bytes]


def _without(body: bytes, *names: str) -> bytes:
    for name in names:
        element = name.encode()
        body = re.sub(rb"<%b(?: [^>]*)?>.*?</%b>|<%b ?/>" % (element, element, element), b"", body, flags=re.DOTALL)
    return body


def _emptied_for_s3(body: bytes, token: str) -> bytes:
    kept = _without(body, "Contents", "CommonPrefixes", "IsTruncated", "NextContinuationToken", "KeyCount")
    told = (
        f"<KeyCount>0</KeyCount><IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"
    )
    return kept.replace(b"</ListBucketResult>", told.encode() + b"</ListBucketResult>")


def _emptied_for_azure(body: bytes, token: str) -> bytes:
    told = f"<Blobs/><NextMarker>{token}</NextMarker></EnumerationResults>"
    return _without(body, "Blobs", "NextMarker").replace(b"</EnumerationResults>", told.encode())


def _emptied_for_google(body: bytes, token: str) -> bytes:
    kept = {name: value for name, value in json.loads(body).items() if name not in {"items", "prefixes"}}
    return json.dumps({**kept, "nextPageToken": token}).encode()


_DIALECTS = (
    _Dialect("continuation-token", lambda _, query: query.get("list-type") == ["2"], _emptied_for_s3),
    _Dialect(
        "marker",
        lambda _, query: query.get("comp") == ["list"] and query.get("restype") == ["container"],
        _emptied_for_azure,
    ),
    _Dialect(
        "pageToken",
        lambda request, _: re.fullmatch(r".*/storage/v1/b/[^/]+/o", request.path) is not None,
        _emptied_for_google,
    ),
)


@dataclass(frozen=True, slots=True)
class EmptyPages:
    """Before each page of a listing comes one of no names, which says that more follow. Nothing is wrong with that.

    Services answer so where they have looked at much that they do not show: old versions, or what has expired. The page
    itself travels in the token that the empty one gives, so that the server is asked for it once, as it was signed.
    """

    condition: str = "a page of no names before each page of a listing"

    def hits(self, exchange: Exchange) -> bool:
        answer = exchange.answer
        return _dialect(exchange.request) is not None and answer is not None and answer.status == 200

    def pass_through(self, passage: Passage) -> None:
        request = passage.exchange.request
        dialect = _dialect(request)
        kept = None if dialect is None else _kept(request, dialect)
        if kept is not None:
            content_type = "application/json" if kept.lstrip().startswith(b"{") else "application/xml"
            passage.answer("200 OK", f"Content-Type: {content_type}\r\n", kept)
            return
        passage.send_request()
        answer = passage.read_answer()
        if dialect is None or not self.hits(passage.exchange) or answer.header("Content-Encoding"):
            passage.deliver()
            return
        body = b"".join(passage.answer_body())
        if answer.is_chunked:
            body = _joined(body)
        token = _OURS + base64.urlsafe_b64encode(zlib.compress(body)).decode()
        page = body if len(token) > _LONGEST_TOKEN else dialect.emptied(body, token)
        head = answer.changed(content_length=str(len(page)), transfer_encoding=None)
        passage.deliver_as(head, lambda _: [page])


def _joined(body: bytes) -> bytes:
    """A chunked body, as it was written, without what parts it."""
    content = bytearray()
    while True:
        line, _, rest = body.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            return bytes(content)
        content += rest[:size]
        body = rest[size + 2 :]


def _query(request: RequestHead) -> Mapping[str, list[str]]:
    return parse_qs(urlsplit(request.target).query, keep_blank_values=True)


def _dialect(request: RequestHead) -> _Dialect | None:
    query = _query(request)
    found = (dialect for dialect in _DIALECTS if request.method == "GET" and dialect.is_listing(request, query))
    return next(found, None)


def _kept(request: RequestHead, dialect: _Dialect) -> bytes | None:
    """The page that a token of ours is for."""
    token = _query(request).get(dialect.token, [""])[0]
    return zlib.decompress(base64.urlsafe_b64decode(token.removeprefix(_OURS))) if token.startswith(_OURS) else None
