"""A container as the driver uses it: single objects, listings, and deletes in batches."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode

from storagedriver.errors import BackendError
from storagedriver_drivers.swift.errors import AbsentError, AnswerError, ContainerAbsentError
from storagedriver_drivers.swift.parameters import SwiftParameters
from storagedriver_drivers.swift.session import Answer, Session, Stream

CONTENT_TYPE = "application/octet-stream"
MARK = "x-object-meta-storagedriver-stream"
"""The header by which a written object is known as the result of one certain stream."""

MANIFEST = "multipart-manifest=get"
"""The query that asks for a manifest, not for what it shows."""

SEGMENT_MISSING = 409
"""How Swift answers for a manifest whose first segment is gone."""

_ASKED_AGAIN = 5
_ATTEMPTS = 10
"""How often a write is made that a later one of others overtakes each time."""

_PAUSE = 0.05
_MARKER_TYPE = "application/directory"
_NEWEST = {"X-Newest": "true"}
"""Asks for the newest copy where copies differ: what was written has reached most of them, not all."""

Listed = Mapping[str, Any]
"""An entry of a listing, as the server's JSON has it."""


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What the headers of an answer tell of an object.

    Attributes:
        size: Of the content, that of its segments where it is a manifest.
        etag: Of the content, without quotes.
        modified: When it was written, in UTC.
        mark: The stream that wrote it; empty if it was not written by one.
        is_static: A manifest that lists its segments.
        dynamic: Container and prefix of the segments, where it is a manifest that lists none; else empty.
        is_marker: It marks a directory.
    """

    size: int
    etag: str
    modified: datetime
    mark: str
    is_static: bool
    dynamic: str
    is_marker: bool

    @property
    def is_large(self) -> bool:
        """Whether it is a manifest."""
        return self.is_static or bool(self.dynamic)


class Container:
    """One container through one session. Errors are the session's; the driver translates them."""

    def __init__(self, session: Session, parameters: SwiftParameters) -> None:
        """Use `session` for the container that the parameters name."""
        self.session = session
        self.name = parameters.container
        self._page_size = parameters.pagesize

    def path(self, name: str = "") -> str:
        """The path of an object below the account; of the container itself without a name."""
        return f"/{self.name}/{name}" if name else f"/{self.name}"

    # --- one object

    def head(self, name: str) -> ObjectHead | None:
        """What HEAD tells; None if there is no such object.

        A HEAD answer cannot tell an absent container from an absent object: who takes None for an answer asks
        something else of the container too.
        """
        answer = self._ask_head(name)
        if answer.status != 404:
            return head_of(answer.headers)
        return None if self.session.is_complete else self._head_of_damaged(name)

    def _head_of_damaged(self, name: str) -> ObjectHead | None:
        """What HEAD tells of an object that was not found: it may be a manifest whose first segment is gone.

        That is so for a moment while a large file is replaced. If it lasts, it tells of the manifest alone.
        """
        for attempt in range(_ASKED_AGAIN):
            manifest = self._ask_head(name, query=MANIFEST)
            if manifest.status == 404:
                return None
            answer = self._ask_head(name)
            if answer.status != 404:
                return head_of(answer.headers)
            time.sleep(_PAUSE * attempt)
        return replace(head_of(manifest.headers), is_static=True, is_marker=False)

    def _ask_head(self, name: str, *, query: str = "") -> Answer:
        return self.session.ask(
            "HEAD", self.path(name), what="an object", query=query, headers=_NEWEST, allowed=frozenset({404})
        )

    def open(self, name: str, *, start: int = 0, end: int | None = None) -> Stream | None:
        """Begin to read from byte `start`, up to but without byte `end`; None if the object ends at or before that.

        Raises:
            AbsentError: There is no such object.
            ContainerAbsentError: There is no such container.
            AnswerError: Of status 409: it is a manifest, and a segment is gone.
        """
        headers = dict(_NEWEST)
        if start or end is not None:
            headers["Range"] = f"bytes={start}-" if end is None else f"bytes={start}-{end - 1}"
        stream = self.session.open(self.path(name), what="an object", headers=headers, allowed=frozenset({404, 416}))
        if stream.status in {404, 416}:
            with contextlib.closing(stream):
                stream.read()
            if stream.status == 416:
                return None
            self.require_existence()
            if not self.session.is_complete and self._ask_head(name, query=MANIFEST).status != 404:
                raise AnswerError("GET of an object", SEGMENT_MISSING)
            raise AbsentError("GET of an object", 404)
        return stream

    def read(self, name: str, *, query: str = "") -> tuple[Mapping[str, str], bytes] | None:
        """Headers and content of a small object; None if there is none."""
        answer = self.session.ask(
            "GET", self.path(name), what="an object", query=query, headers=_NEWEST, allowed=frozenset({404})
        )
        return None if answer.status == 404 else (answer.headers, answer.body)

    def put(
        self,
        name: str,
        content: bytes | bytearray,
        headers: Mapping[str, str] | None = None,
        *,
        query: str = "",
        only_new: bool = False,
    ) -> str | None:
        """Write one object whole; returns its ETag. With `only_new`: None, and nothing is written, if there is one."""
        sent = {"Content-Type": CONTENT_TYPE, **(headers or {})}
        if not query:
            sent["ETag"] = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if only_new:
            sent["If-None-Match"] = "*"
        answer = self._write(name, what="an object", query=query, headers=sent, body=content)
        if answer is None:
            return None
        return required_etag(answer)

    def copy(
        self, source: str, dest: str, etag: str, headers: Mapping[str, str] | None = None, *, query: str = ""
    ) -> str:
        """Copy one object, `source` as "container/name", if its ETag still is `etag`; returns that of the copy.

        Raises:
            AbsentError: The source is gone.
        """
        sent = {
            "X-Copy-From": quote(f"/{source}", safe="/~"),
            "If-Match": etag,
            "Content-Type": CONTENT_TYPE,
            **(headers or {}),
        }
        try:
            answer = self._write(dest, what="a copy", query=query, headers=sent, body=b"")
        except AnswerError as error:
            if error.status == 404:
                raise AbsentError(error.operation, 404) from error
            raise
        if answer is None:
            raise BackendError("the file was replaced while it was copied")
        return required_etag(answer)

    def _write(
        self, name: str, *, what: str, query: str, headers: Mapping[str, str], body: bytes | bytearray
    ) -> Mapping[str, str] | None:
        """The headers of the answer; None where the condition was not met."""
        for _ in range(_ATTEMPTS):
            answer = self.session.ask(
                "PUT",
                self.path(name),
                what=what,
                query=query,
                headers=headers,
                body=body,
                allowed=frozenset({404, 412}),
            )
            # 202 says that what a later request wrote is there already. Nobody saw this one, which has not ended: it is
            # made anew, and comes after that.
            if answer.status != 202:
                break
        else:
            raise BackendError("others replaced it again and again while it was written")
        if answer.status == 404:
            # Either the container, or the source of a copy.
            self.require_existence()
            raise AnswerError(f"PUT of {what}", 404)
        return None if answer.status == 412 else answer.headers

    def remove(self, name: str) -> bool:
        """Delete one object, a manifest without its segments; tells whether there was one, or may have been."""
        # 409: it was written anew meanwhile, so it is as if it had been deleted before that.
        answer = self.session.ask("DELETE", self.path(name), what="an object", allowed=frozenset({404, 409}))
        return answer.status != 404 or answer.repeated

    # --- listings

    def pages(self, prefix: str, *, delimiter: str = "") -> Iterator[Sequence[Listed]]:
        """The listing of a prefix, page by page."""
        size = min(self._page_size, self._server_page_size)
        marker = ""
        while True:
            page = self._page(prefix, delimiter=delimiter, limit=size, marker=marker)
            yield page
            if len(page) < size:
                return
            last = entry_name(page[-1])
            if last <= marker:
                raise BackendError("a page of the listing says that more follows, but not from where")
            marker = last

    def first(self, prefix: str) -> str | None:
        """The first name that begins with `prefix`; None if there is none."""
        page = self._page(prefix, limit=1)
        return entry_name(page[0]) if page else None

    def _page(self, prefix: str, *, limit: int, delimiter: str = "", marker: str = "") -> Sequence[Listed]:
        query = {"format": "json", "limit": str(limit), "prefix": prefix}
        query |= {"delimiter": delimiter} if delimiter else {}
        query |= {"marker": marker} if marker else {}
        answer = self.session.ask(
            "GET",
            self.path(),
            what="the container's listing",
            query=urlencode(query, quote_via=quote, safe="~"),
            headers=_NEWEST,
            allowed=frozenset({404}),
        )
        if answer.status == 404:
            raise ContainerAbsentError("GET of the container's listing", self.name)
        if answer.status == 204:
            return []
        page = answer.json()
        if not isinstance(page, list) or not all(isinstance(each, dict) and _is_whole(each) for each in page):
            raise BackendError("a page of the listing is not as it should be")
        if not all(entry_name(each).startswith(prefix) for each in page):
            # They would be shown as a directory's, and deleted with it (SEC-1).
            raise BackendError("the server lists a name that does not begin with what was asked for")
        return page

    @property
    def _server_page_size(self) -> int:
        told = self._told("swift", "container_listing_limit")
        return told if told > 0 else self._page_size

    def require_existence(self) -> None:
        """Return if the container exists.

        Raises:
            ContainerAbsentError: It does not.
        """
        answer = self.session.ask("HEAD", self.path(), what="the container", allowed=frozenset({404}))
        if answer.status == 404:
            raise ContainerAbsentError("HEAD of the container", self.name)

    # --- many objects

    def remove_all(self, names: Iterable[str]) -> None:
        """Delete objects, in batches where the server takes them. Absent ones are no error.

        Raises:
            BackendError: The server could not delete one of them.
        """
        size = self._told("bulk_delete", "max_deletes_per_request")
        remaining = iter(names)
        while batch := list(itertools.islice(remaining, max(size, 1))):
            if len(batch) == 1:
                self.remove(batch[0])
            else:
                self._remove_batch(batch)

    def _remove_batch(self, names: Sequence[str]) -> None:
        answer = self.session.ask(
            "POST",
            "",
            what="a batch of deletes",
            query="bulk-delete",
            headers={"Content-Type": "text/plain", "Accept": "application/json"},
            body="".join(quote(f"/{self.name}/{name}", safe="/~") + "\n" for name in names).encode(),
            # Half of a name may be another file's, and would be deleted with the list of a process that was killed.
            in_one_chunk=True,
        )
        # The status of the answer is sent before the work is done: that of the work is in the body.
        told = answer.json()
        if not isinstance(told, dict):
            raise BackendError("the answer to a batch of deletes is not as it should be")
        # 409: written anew meanwhile, as in remove().
        failed = [error for error in told.get("Errors", []) if not str(error[1]).startswith(("404", "409"))]
        if failed:
            raise BackendError(f"{len(failed)} of {len(names)} objects were not deleted: {failed[0][1]}")
        done = int(told.get("Number Deleted", 0)) + int(told.get("Number Not Found", 0)) + len(told.get("Errors", []))
        if done < len(names):
            raise BackendError(
                f"{len(names) - done} of {len(names)} objects were not deleted: {told.get('Response Status', 'no reason')}"
            )

    def _told(self, feature: str, name: str) -> int:
        try:
            return int(self.session.info[feature][name])
        except (KeyError, TypeError, ValueError):
            return 0


def _is_whole(entry: Listed) -> bool:
    """Whether an entry has a name, and tells of a size, if at all, by a number."""
    size = entry.get("bytes", 0)
    return bool(entry_name(entry)) and isinstance(size, int) and size >= 0


def entry_name(entry: Listed) -> str:
    """The name of an entry, which for a group ends with the delimiter."""
    return str(entry.get("name") or entry.get("subdir") or "")


def is_marker(entry: Listed) -> bool:
    """Whether an entry of a listing marks a directory, as far as the listing tells of types."""
    return entry.get("content_type") == _MARKER_TYPE and not entry.get("bytes")


def listed_time(entry: Listed) -> datetime:
    """When the object of an entry was written, in UTC."""
    try:
        return datetime.fromisoformat(str(entry["last_modified"])).replace(tzinfo=UTC)
    except (KeyError, ValueError) as damage:
        raise BackendError("a page of the listing is not as it should be") from damage


def head_of(headers: Mapping[str, str]) -> ObjectHead:
    """What the headers of an object's answer tell.

    Raises:
        BackendError: One that is needed is missing: the answer is not that of a success, whatever its status.
    """
    try:
        size = int(headers["content-length"])
        if size < 0:
            raise ValueError("a size below zero")
        if "x-timestamp" in headers:
            modified = datetime.fromtimestamp(float(headers["x-timestamp"]), UTC)
        else:
            modified = parsedate_to_datetime(headers["last-modified"])
    except (KeyError, ValueError, OverflowError, OSError) as damage:
        raise BackendError("an object was answered for without size or time") from damage
    return ObjectHead(
        size=size,
        etag=bare_etag(headers),
        modified=modified,
        mark=headers.get(MARK, ""),
        is_static=headers.get("x-static-large-object", "").lower() == "true",
        dynamic=unquote(headers.get("x-object-manifest", "")).lstrip("/"),
        is_marker=headers.get("content-type") == _MARKER_TYPE and not size,
    )


def bare_etag(headers: Mapping[str, str]) -> str:
    """The ETag of an answer without quotes, which Swift gives to manifests alone; empty if there is none."""
    return headers.get("etag", "").strip('"')


def required_etag(headers: Mapping[str, str]) -> str:
    """The ETag of an answer to a write.

    Raises:
        BackendError: There is none: the answer is not that of a success, whatever its status.
    """
    etag = bare_etag(headers)
    if not etag:
        raise BackendError("a write was answered without an ETag")
    return etag
