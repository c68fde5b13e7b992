"""Buckets in memory. Every method is one step, whatever other threads do."""

from __future__ import annotations

import bisect
import functools
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from storagedriver.oss_stub.errors import RefusalError

SMALLEST_PART = 100 * 1024
LARGEST_SINGLE = 5 << 30
MOST_PARTS = 10_000
LONGEST_KEY = 1023

NORMAL, MULTIPART, APPENDABLE = "Normal", "Multipart", "Appendable"

Step = TypeVar("Step", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object, which never changes: a write makes another one.

    Attributes:
        headers: Those that are kept and given back, in lower case: Content-Type, x-oss-meta-… and so on.
        modified: Seconds since the epoch, whole ones, as OSS tells them.
    """

    content: bytes
    etag: str
    headers: Mapping[str, str]
    kind: str = NORMAL
    modified: int = field(default_factory=lambda: int(time.time()))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an upload."""

    content: bytes
    etag: str
    modified: int = field(default_factory=lambda: int(time.time()))


@dataclass(slots=True)
class Upload:
    """A multipart upload that is neither completed nor aborted."""

    key: str
    headers: Mapping[str, str]
    parts: dict[int, Part] = field(default_factory=dict)
    initiated: int = field(default_factory=lambda: int(time.time()))


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a listing.

    Attributes:
        objects: By key, in order.
        prefixes: Groups of keys by the delimiter, in order.
        following: The key or prefix that the next page comes after; None on the last one.
    """

    objects: Sequence[tuple[str, StoredObject]]
    prefixes: Sequence[str]
    following: str | None


def etag_of(content: bytes) -> str:
    """An ETag as OSS makes it of content that came in one request: the MD5 in upper case, in quotes."""
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest().upper()}"'


def _step(method: Step) -> Step:
    @functools.wraps(method)
    def locked(self: Bucket, *arguments: Any, **named: Any) -> Any:
        with self._lock:
            return method(self, *arguments, **named)

    return locked  # type: ignore[return-value]  # the same signature


class Bucket:
    """One bucket."""

    def __init__(self) -> None:
        """An empty one."""
        self._lock = threading.RLock()
        self._objects: dict[str, StoredObject] = {}
        self._keys: list[bytes] = []
        """In the order of listings, which is that of their UTF-8 bytes."""
        self._uploads: dict[str, Upload] = {}

    # --- objects

    @_step
    def get(self, key: str) -> StoredObject:
        """The object. Raises RefusalError where there is none."""
        try:
            return self._objects[key]
        except KeyError:
            raise RefusalError("NoSuchKey", "The specified key does not exist.") from None

    @_step
    def put(self, key: str, made: StoredObject) -> StoredObject:
        """Make it the object of this key."""
        if key not in self._objects:
            bisect.insort(self._keys, key.encode())
        self._objects[key] = made
        return made

    @_step
    def append(self, key: str, content: bytes, position: int, headers: Mapping[str, str]) -> StoredObject:
        """Add to an appendable object, or begin one, at the position that is its length."""
        old = self._objects.get(key)
        if old is not None and old.kind != APPENDABLE:
            raise RefusalError("ObjectNotAppendable", "The object is not appendable.")
        length = len(old.content) if old is not None else 0
        if position != length:
            raise RefusalError("PositionNotEqualToLength", f"Position is not equal to the length, {length}.")
        whole = (old.content if old is not None else b"") + content
        return self.put(key, StoredObject(whole, etag_of(whole), old.headers if old else headers, kind=APPENDABLE))

    @_step
    def remove(self, key: str) -> None:
        """Delete the object; one that is absent is no error."""
        if self._objects.pop(key, None) is not None:
            del self._keys[bisect.bisect_left(self._keys, key.encode())]

    @_step
    def page(self, *, prefix: str, delimiter: str, after: str, most: int) -> Page:
        """What a listing shows after a key or group, and no more than `most` of it."""
        begin, past = prefix.encode(), after.encode()
        position = bisect.bisect_left(self._keys, begin)
        if past >= begin and past:
            position = max(position, self._after(past, after, prefix, delimiter))
        objects: list[tuple[str, StoredObject]] = []
        prefixes: list[str] = []
        last = ""
        while position < len(self._keys) and self._keys[position].startswith(begin):
            if len(objects) + len(prefixes) == most:
                return Page(objects, prefixes, last)
            last = key = self._keys[position].decode()
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            if cut < 0:
                objects.append((key, self._objects[key]))
                position += 1
            else:
                last = key[: cut + len(delimiter)]
                prefixes.append(last)
                position = self._behind_all_of(last.encode())
        return Page(objects, prefixes, None)

    def _after(self, past: bytes, after: str, prefix: str, delimiter: str) -> int:
        # A group was shown already: all of its keys are passed over.
        if delimiter and after.endswith(delimiter) and after.startswith(prefix) and after != prefix:
            return self._behind_all_of(past)
        return bisect.bisect_right(self._keys, past)

    def _behind_all_of(self, prefix: bytes) -> int:
        # No UTF-8 has a byte 0xff.
        return bisect.bisect_left(self._keys, prefix + b"\xff")

    # --- uploads

    @_step
    def begin(self, key: str, headers: Mapping[str, str]) -> str:
        """Begin an upload; returns its id."""
        upload_id = secrets.token_hex(16).upper()
        self._uploads[upload_id] = Upload(key, headers)
        return upload_id

    @_step
    def add_part(self, key: str, upload_id: str, number: int, content: bytes) -> Part:
        """Add a part, or replace the one of this number."""
        if not 1 <= number <= MOST_PARTS:
            raise RefusalError("InvalidArgument", f"partNumber is 1 to {MOST_PARTS}.")
        part = Part(content, etag_of(content))
        self._upload(key, upload_id).parts[number] = part
        return part

    @_step
    def complete(self, key: str, upload_id: str, named: Sequence[tuple[int, str]]) -> StoredObject:
        """Make the object of the parts that are named, by number and ETag."""
        upload = self._upload(key, upload_id)
        numbers = [number for number, _ in named]
        if not named:
            raise RefusalError("MalformedXML", "No part is named.")
        if numbers != sorted(set(numbers)):
            raise RefusalError("InvalidPartOrder", "The parts are not in ascending order.")
        for number, etag in named:
            if number not in upload.parts or upload.parts[number].etag.strip('"') != etag.strip('"').upper():
                raise RefusalError("InvalidPart", f"Part {number} is not there, or has another ETag.")
        if any(len(upload.parts[number].content) < SMALLEST_PART for number in numbers[:-1]):
            raise RefusalError("EntityTooSmall", f"A part but the last has less than {SMALLEST_PART} bytes.")
        content = b"".join(upload.parts[number].content for number in numbers)
        joined = "".join(upload.parts[number].etag.strip('"') for number in numbers)
        etag = f'{etag_of(joined.encode())[:-1]}-{len(numbers)}"'
        del self._uploads[upload_id]
        return self.put(key, StoredObject(content, etag, upload.headers, kind=MULTIPART))

    @_step
    def abort(self, key: str, upload_id: str) -> None:
        """Remove an upload with its parts."""
        self._upload(key, upload_id)
        del self._uploads[upload_id]

    @_step
    def parts(self, key: str, upload_id: str) -> Sequence[tuple[int, Part]]:
        """The parts of an upload, in order."""
        return sorted(self._upload(key, upload_id).parts.items())

    @_step
    def uploads(self, prefix: str) -> Sequence[tuple[str, str, Upload]]:
        """Key, id and upload of those whose key begins so, in order."""
        return sorted(self._matching(prefix), key=lambda found: found[:2])

    def _matching(self, prefix: str) -> Iterator[tuple[str, str, Upload]]:
        for upload_id, upload in self._uploads.items():
            if upload.key.startswith(prefix):
                yield upload.key, upload_id, upload

    def _upload(self, key: str, upload_id: str) -> Upload:
        upload = self._uploads.get(upload_id)
        if upload is None or upload.key != key:
            raise RefusalError("NoSuchUpload", "The specified upload does not exist.")
        return upload


class Store:
    """All buckets of a stub."""

    def __init__(self) -> None:
        """None yet."""
        self._buckets: dict[str, Bucket] = {}

    def make(self, name: str) -> None:
        """Make a bucket; one that is there stays as it is."""
        self._buckets.setdefault(name, Bucket())

    def bucket(self, name: str) -> Bucket:
        """The bucket. Raises RefusalError where there is none."""
        try:
            return self._buckets[name]
        except KeyError:
            raise RefusalError("NoSuchBucket", "The specified bucket does not exist.") from None
