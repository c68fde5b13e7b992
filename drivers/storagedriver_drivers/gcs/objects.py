"""A bucket as the driver uses it: single objects, listings, compositions, and the layout of names.

What is written is conditional on the generation that was seen before, so that a request that is repeated, or comes late,
never writes twice, and never over what others wrote in between.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from storagedriver.dependencies import require
from storagedriver.errors import BackendError
from storagedriver.key_layout import KeyLayout
from storagedriver_drivers.gcs.client import Attempts, Client
from storagedriver_drivers.gcs.errors import ReplacedError, answer_of, is_not_found, is_replaced
from storagedriver_drivers.gcs.parameters import GCSParameters

CONTENT_TYPE = "application/octet-stream"

MARK = "storagedriver-write"
"""Name of the metadata by which a written object is known as the result of one certain put or stream."""

MOST_COMPONENTS = 32
"""Objects that one request can join."""

_CHECKED = 1 << 20
"""Bytes that a checksum is taken of at a time."""

_PARTS = "/~parts/"
_LONGEST_PART_NAME = 48

_MOST_RACES = 16
"""How often a write begins anew because others were faster."""

_DAMAGED = "the server says of what it keeps another checksum than that of the content"

_ENTRIES = "items(name,size,generation,timeCreated,crc32c),prefixes,nextPageToken"

_KEPT = (
    "cache_control",
    "content_disposition",
    "content_encoding",
    "content_language",
    "content_type",
    "custom_time",
    "metadata",
    "storage_class",
)
"""What a copy keeps of its source. Given a name for the copy, the server may take all else as not wanted."""


class Layout(KeyLayout):
    """The names of files and stages, and those of the parts of streams."""

    def parts_prefix(self, path: str) -> str:
        """What the names of the parts of a path's streams begin with; the mark of a stream follows."""
        return self.staged(path, _PARTS)

    def overhead(self, suffix: str = _PARTS + "-" * _LONGEST_PART_NAME) -> int:
        """Of a part: no other name is as long."""
        return super().overhead(suffix)


@dataclass(frozen=True, slots=True, eq=False)
class ObjectHead:
    """What the server tells of an object; its checksum is empty where it keeps that for who has the key of the content."""

    key: str
    size: int
    generation: int
    created: datetime
    crc32c: str
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mark(self) -> str | None:
        """Of the put or stream that made it; None if another tool did."""
        mark = (self.attributes.get("metadata") or {}).get(MARK)
        return None if mark is None else str(mark)

    @property
    def stream(self) -> str:
        """The mark of the stream that made it, whichever of its writers that was; empty if another tool did."""
        return (self.mark or "").partition("-")[0]


@dataclass(frozen=True, slots=True)
class _Written:
    """What a write leaves: by its mark, or, where another tool made what is copied, by what belongs to it."""

    size: int
    crc32c: str
    mark: str | None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, content: bytes | bytearray, mark: str) -> _Written:
        """What a write of this content leaves."""
        return cls(len(content), encoded(crc32c(content)), mark)

    @classmethod
    def copied(cls, source: ObjectHead) -> _Written:
        """What a copy leaves."""
        return cls(source.size, source.crc32c, source.mark, source.attributes)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing."""

    entries: Sequence[ObjectHead]
    prefixes: Sequence[str]


class Bucket:
    """One bucket through one client. Errors are the library's; the driver translates them."""

    def __init__(self, client: Client, parameters: GCSParameters) -> None:
        """Use `client` for the bucket that the parameters name."""
        self.client = client
        self.name = parameters.bucket
        self.url = parameters.url
        self._page = parameters.listpage
        self._bucket = client.storage.bucket(parameters.bucket)

    # --- what is there

    def head(self, key: str) -> ObjectHead | None:
        """What is known of an object; None if there is none.

        The answer cannot tell an absent bucket from an absent object: who takes None for an answer asks something else
        of the bucket too, at least by require().
        """
        blob = self._bucket.blob(key)
        try:
            self.client.ask(lambda: blob.reload(projection="noAcl", retry=None, timeout=self.client.timeout))
        except Exception as error:
            if is_not_found(error):
                return None
            raise
        return _head(blob, key)

    def require(self) -> None:
        """Return if the bucket is there; else raise the server's answer."""
        next(self.pages("~", size=1), None)

    def open(self, key: str, start: int, generation: int | None) -> Any:
        """Begin to read the stored bytes from byte `start`, of that generation if one is named: a requests.Response."""
        # What is stored compressed is wanted as it is: unpacked by the server it would have another size.
        response = self.client.ask(lambda: self._media(key, start, generation, "gzip"))
        stored = response.headers.get("X-Goog-Stored-Content-Encoding", "gzip")
        if response.headers.get("Content-Encoding") == "gzip" and stored != "gzip":
            response.close()
            response = self.client.ask(lambda: self._media(key, start, generation, "identity"))
        return response

    def pages(self, prefix: str, *, delimiter: str | None = None, size: int | None = None) -> Iterator[Page]:
        """The listing of a prefix, page by page."""
        token: str | None = None
        while True:
            page, following = self.client.ask(lambda: self._listed(prefix, delimiter, size or self._page, token))  # noqa: B023  asked at once
            yield page
            if not following:
                return
            if following == token:
                raise BackendError("a page of the listing says that more follows, but leads to itself")
            token = following

    def holds(self, prefix: str) -> bool:
        """Whether any name begins with `prefix`."""
        return any(page.entries for page in self.pages(prefix, size=1))

    # --- changes

    def put(self, key: str, content: bytes | bytearray, mark: str) -> ObjectHead:
        """Write one object whole, over one that may be there."""

        def write(generation: int | None, attempts: Attempts) -> ObjectHead:
            return self.client.ask(lambda: self._insert(key, content, wanted, generation), attempts)

        wanted = _Written.of(content, mark)
        return self._replace(key, wanted, write)

    def create(self, key: str, content: bytes | bytearray, mark: str) -> ObjectHead:
        """Write one object whole, under a name that nobody used."""
        wanted = _Written.of(content, mark)
        return self._anew(key, wanted, lambda: self.client.ask(lambda: self._insert(key, content, wanted, 0)))

    def copy(self, source: ObjectHead, dest: str) -> ObjectHead:
        """Copy this generation of an object over what may be at `dest`, with what belongs to it.

        Raises:
            ReplacedError: The source is of another generation by now.
        """
        return self._replace(
            dest,
            _Written.copied(source),
            lambda generation, attempts: self._rewrite(source, dest, source.attributes, generation, attempts),
        )

    def copy_anew(self, source: ObjectHead, dest: str, mark: str) -> ObjectHead:
        """Copy this generation of an object to a name that nobody used, and mark the copy.

        Raises:
            ReplacedError: The source is of another generation by now.
        """
        kept = {"content_type": CONTENT_TYPE, "metadata": {MARK: mark}}
        wanted = _Written(source.size, source.crc32c, mark)
        return self._anew(dest, wanted, lambda: self._rewrite(source, dest, kept, 0, Attempts()))

    def compose(self, sources: Sequence[tuple[str, int]], dest: str, mark: str) -> ObjectHead:
        """Join objects, each of a certain generation, under a name that nobody used."""

        def request() -> ObjectHead:
            blob = self._blob(dest, {"content_type": CONTENT_TYPE, "metadata": {MARK: mark}})
            blob.compose(
                [self._bucket.blob(name, generation=generation) for name, generation in sources],
                if_generation_match=0,
                if_source_generation_match=[generation for _, generation in sources],
                retry=None,
                timeout=self.client.timeout,
            )
            return _head(blob, dest)

        return self._anew(dest, None, lambda: self.client.ask(request))

    def remove(self, key: str, generation: int) -> None:
        """Delete one object, if it still is of that generation. One that is gone or replaced is no error."""
        try:
            self.client.ask(
                lambda: self._bucket.delete_blob(
                    key, if_generation_match=generation, retry=None, timeout=self.client.timeout
                )
            )
        except Exception as error:
            if not (is_not_found(error) or is_replaced(error)):
                raise

    # --- single requests

    def _media(self, key: str, start: int, generation: int | None, encoding: str) -> Any:
        response = self.client.session.get(
            f"{self.url}/download/storage/v1/b/{quote(self.name, safe='')}/o/{quote(key, safe='')}",
            params={"alt": "media", **({} if generation is None else {"generation": generation})},
            headers={"Accept-Encoding": encoding, **({"Range": f"bytes={start}-"} if start else {})},
            stream=True,
            timeout=self.client.timeout,
        )
        if response.status_code not in {200, 206}:
            response.close()
            raise answer_of(response.status_code)
        return response

    def _listed(self, prefix: str, delimiter: str | None, size: int, token: str | None) -> tuple[Page, str | None]:
        found = self.client.storage.list_blobs(
            self._bucket,
            prefix=prefix,
            delimiter=delimiter,
            page_size=size,
            page_token=token,
            fields=_ENTRIES,
            retry=None,
            timeout=self.client.timeout,
        )
        answer = next(found.pages)
        entries = [_head(blob, blob.name) for blob in answer]
        page = Page(entries, tuple(answer.prefixes))
        _require_below(page, prefix)
        return page, found.next_page_token

    def _insert(self, key: str, content: bytes | bytearray, wanted: _Written, generation: int | None) -> ObjectHead:
        blob = self._blob(key, {"metadata": {MARK: wanted.mark}})
        blob.upload_from_string(
            bytes(content),
            content_type=CONTENT_TYPE,
            checksum="crc32c",
            if_generation_match=generation,
            retry=None,
            timeout=self.client.timeout,
        )
        head = _head(blob, key)
        if head.crc32c != wanted.crc32c:
            raise BackendError(_DAMAGED)
        return head

    def _rewrite(
        self,
        source: ObjectHead,
        dest: str,
        kept: Mapping[str, Any],
        generation: int | None,
        attempts: Attempts,
    ) -> ObjectHead:
        blob = self._blob(dest, kept)
        origin = self._bucket.blob(source.key, generation=source.generation)
        token: str | None = None
        # Large objects, and those that go to another place or storage class, take several calls.
        while True:
            try:
                following, _, _ = self.client.ask(
                    lambda: blob.rewrite(
                        origin,
                        token=token,  # noqa: B023  asked at once
                        if_generation_match=generation,
                        retry=None,
                        timeout=self.client.timeout,
                    ),
                    attempts,
                )
            except Exception as error:
                if not is_not_found(error):
                    raise
                self.require()
                raise ReplacedError("the file was replaced or deleted while it was copied") from error
            if following is None:
                break
            if following == token:
                raise BackendError("the server copies without an end")
            token = following
        head = _head(blob, dest)
        if head.size != source.size:
            raise BackendError(f"{head.size} of {source.size} bytes were copied")
        return head

    def _blob(self, key: str, attributes: Mapping[str, Any]) -> Any:
        blob = self._bucket.blob(key)
        for name, value in attributes.items():
            if value is not None:
                setattr(blob, name, value)
        return blob

    # --- conditions

    def _replace(self, key: str, wanted: _Written, write: Callable[[int | None, Attempts], ObjectHead]) -> ObjectHead:
        """What `write` leaves at `key`, given the generation that it replaces, which is 0 for none.

        Raises:
            BackendError: Others wrote or deleted the object while it was in doubt whether this write had come to pass.
        """
        for _ in range(_MOST_RACES):
            seen = self.head(key)
            if seen is not None and _is_ours(seen, wanted):
                return seen  # An earlier call made it, whose answer was lost.
            generation = 0 if seen is None else seen.generation
            attempts = Attempts()
            try:
                return write(generation, attempts)
            except Exception as error:
                if not is_replaced(error):
                    raise
                if not attempts.in_doubt:
                    continue
                found = self.head(key)
                if found is not None and _is_ours(found, wanted):
                    return found
                if found is not None and wanted.mark is not None and found.mark == wanted.mark:
                    raise BackendError(_DAMAGED) from error
                raise BackendError(
                    "others changed the file while it was not known whether it had been written"
                ) from error
        # Others write it all the time. Without a condition, but once: so it cannot be written twice.
        return write(None, Attempts(may_repeat=False))

    def _anew(self, key: str, wanted: _Written | None, write: Callable[[], ObjectHead]) -> ObjectHead:
        try:
            return write()
        except Exception as error:
            # A request that was repeated, or came twice: nobody else knows the name.
            found = self.head(key) if is_replaced(error) else None
            if found is None or not (wanted is None or _is_ours(found, wanted)):
                raise
            return found


def crc32c(content: bytes | bytearray | memoryview, before: int = 0) -> int:
    """The checksum of what `before` is the checksum of, and of `content` after it."""
    library = require("google_crc32c", extra="gcs", driver_name="gcs")
    view = memoryview(content)
    for start in range(0, len(view), _CHECKED):
        # The library takes bytes alone.
        before = library.extend(before, bytes(view[start : start + _CHECKED]))
    return int(before)


def encoded(checksum: int) -> str:
    """A checksum as Google writes it."""
    return base64.b64encode(checksum.to_bytes(4, "big")).decode()


def decoded(checksum: str) -> int:
    """A checksum as Google writes it, as a number.

    Raises:
        BackendError: It is none.
    """
    try:
        raw = base64.b64decode(checksum, validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 4:
        raise BackendError("the server tells a checksum that is none")
    return int.from_bytes(raw, "big")


def _is_ours(found: ObjectHead, wanted: _Written) -> bool:
    """Whether an object is what a write leaves."""
    if (found.size, found.crc32c, found.mark) != (wanted.size, wanted.crc32c, wanted.mark):
        return False
    return wanted.mark is not None or found.attributes == wanted.attributes


def _head(blob: Any, key: str) -> ObjectHead:
    """What an answer tells of an object.

    Raises:
        BackendError: It is not whole, or about another object: no success, whatever its status.
    """
    size, generation, created = blob.size, blob.generation, blob.time_created
    if blob.name != key or size is None or size < 0 or not generation or created is None:
        raise BackendError("the server's answer is not about the object, or lacks what every object has")
    attributes = {name: getattr(blob, name) for name in _KEPT}
    return ObjectHead(key, int(size), int(generation), created, str(blob.crc32c or ""), attributes)


def _require_below(page: Page, prefix: str) -> None:
    """What is listed was asked for: else other files would be shown as those of a directory, and deleted with it (SEC-1).

    Raises:
        BackendError: It is not.
    """
    if not all(entry.key.startswith(prefix) for entry in page.entries):
        raise BackendError("the server lists a name that does not lie below the prefix")
    if not all(group.startswith(prefix) for group in page.prefixes):
        raise BackendError("the server lists a prefix that does not lie below the one asked for")
