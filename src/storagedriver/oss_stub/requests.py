"""What the operations take and give: a request that was read whole, and an answer that was not sent yet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from storagedriver.oss_stub.errors import RefusalError

_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


@dataclass(frozen=True, slots=True)
class Request:
    """A request in path style: `/bucket/key?query`.

    Attributes:
        bucket: Its name; empty for the service itself.
        key: As it is meant, not quoted; empty for the bucket itself.
        pairs: The query, quoted as it came.
        headers: By names in lower case.
    """

    method: str
    bucket: str
    key: str
    pairs: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes

    def has(self, name: str) -> bool:
        """Whether the query names it, with a value or without."""
        return any(pair[0] == name for pair in self.pairs)

    def text(self, name: str, default: str = "") -> str:
        """A value of the query."""
        return next((unquote(value) for given, value in self.pairs if given == name), default)

    def number(self, name: str, default: int, *, most: int) -> int:
        """A number of the query, from 0 to `most`. Raises RefusalError where it is none."""
        told = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,18}", told) or int(told) > most:
            raise RefusalError("InvalidArgument", f"{name} is a number up to {most}.")
        return int(told)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of success.

    Attributes:
        length: Of the content that a HEAD tells of without sending it; None for that of the body.
    """

    status: int = 200
    body: bytes | memoryview = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None


def range_of(told: str, size: int, *, standard: bool) -> tuple[int, int] | None:
    """Begin and end of the bytes that a Range asks for; None for all of them.

    A range that does not fit is passed over, and the whole is sent: so OSS does it, unless `x-oss-range-behavior: standard`
    is asked for.

    Raises:
        RefusalError: With that, of a range that begins behind the end.
    """
    matched = _RANGE.fullmatch(told)
    if matched is None or not (matched[1] or matched[2]):
        return None
    if matched[1]:
        begin, end = int(matched[1]), min(int(matched[2]) + 1, size) if matched[2] else size
        if matched[2] and int(matched[2]) < begin:
            return None
        fits = begin < size and (standard or not matched[2] or int(matched[2]) < size)
    else:
        begin, end = max(0, size - int(matched[2])), size
        fits = int(matched[2]) > 0 and size > 0 and (standard or int(matched[2]) <= size)
    if fits:
        return begin, end
    if standard:
        raise RefusalError("InvalidRange", "The requested range cannot be satisfied.")
    return None
