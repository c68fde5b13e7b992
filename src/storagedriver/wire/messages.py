"""HTTP/1.1 messages as they come over a connection: heads as they were written, and bodies cut where they end.

Nothing is written anew on its way, so that what was signed stays signed.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

_PIECE = 64 * 1024
_LARGEST_HEAD = 64 * 1024
_HEAD_END = b"\r\n\r\n"
_LINE_END = b"\r\n"
_BODILESS = frozenset({204, 304})


class BrokenOffError(ConnectionError):
    """The other side ended the connection, or spoke something else than HTTP, in the middle of a message."""


@dataclass(frozen=True, slots=True)
class Head:
    """What begins a message: its first line and its headers, as bytes that were not changed."""

    raw: bytes

    @property
    def first_line(self) -> str:
        """The first line, without its end."""
        return self.raw.partition(_LINE_END)[0].decode("latin-1")

    def header(self, name: str) -> str | None:
        """The value of the first header of this name; None if there is none."""
        found = re.search(rb"\r\n" + re.escape(name.encode()) + rb":[ \t]*([^\r\n]*)", self.raw, re.IGNORECASE)
        return None if found is None else found[1].decode("latin-1").strip()

    @property
    def length(self) -> int | None:
        """The length of the body as announced; None if it is not, or if the body comes in chunks."""
        if self.is_chunked:
            return None
        announced = self.header("Content-Length")
        if announced is None or not announced.isdecimal():
            return None
        return int(announced)

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return "chunked" in (self.header("Transfer-Encoding") or "").lower()

    def changed(self, *, first_line: str | None = None, **headers: str | None) -> bytes:
        """It written anew, with some of it changed.

        Args:
            first_line: What it begins with; None leaves that.
            headers: Values by name, with underscores for dashes; None leaves the header out.
        """
        old_line, _, rest = self.raw.partition(_LINE_END)
        named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        lines = [first_line.encode("latin-1") if first_line else old_line]
        lines += [
            line
            for line in rest.split(_LINE_END)
            if line and line.partition(b":")[0].decode("latin-1").lower() not in named
        ]
        lines += [f"{name}: {value}".encode("latin-1") for name, value in named.items() if value is not None]
        return _LINE_END.join(lines) + _HEAD_END

    @property
    def closes(self) -> bool:
        """Whether the connection ends with this message."""
        words = (self.header("Connection") or "").lower()
        return "close" in words or (" HTTP/1.0" in f" {self.first_line}" and "keep-alive" not in words)


@dataclass(frozen=True, slots=True)
class RequestHead(Head):
    """What begins a request."""

    @property
    def method(self) -> str:
        """GET, PUT and so on."""
        return self.first_line.partition(" ")[0]

    @property
    def target(self) -> str:
        """Path and query, as they were written; signatures may be in the query."""
        return self.first_line.split(" ")[1] if " " in self.first_line else ""

    @property
    def path(self) -> str:
        """The path alone, as it was written."""
        return urlsplit(self.target).path

    @property
    def query_names(self) -> tuple[str, ...]:
        """The names in the query, without their values, in alphabetical order."""
        return tuple(sorted({part.partition("=")[0] for part in urlsplit(self.target).query.split("&") if part}))

    @property
    def has_body(self) -> bool:
        """Whether anything follows the head."""
        return self.is_chunked or bool(self.length)

    @property
    def awaits_continue(self) -> bool:
        """Whether the client waits to be told to send the body."""
        return (self.header("Expect") or "").lower() == "100-continue"


@dataclass(frozen=True, slots=True)
class AnswerHead(Head):
    """What begins an answer."""

    @property
    def status(self) -> int:
        """200, 404 and so on; 0 where the first line is no status line."""
        words = self.first_line.split(" ")
        return int(words[1]) if len(words) > 1 and words[1].isdecimal() else 0

    @property
    def is_interim(self) -> bool:
        """Whether another head follows: 100 Continue."""
        return 100 <= self.status < 200 and self.status != 101

    def has_body(self, request: RequestHead) -> bool:
        """Whether anything follows the head of an answer to this request."""
        if request.method == "HEAD" or self.status in _BODILESS or self.is_interim:
            return False
        return self.is_chunked or self.length != 0


class Wire:
    """One connection, read message by message in bounded memory."""

    def __init__(self, connection: socket.socket) -> None:
        """Read from `connection`, which stays the caller's to close."""
        self.socket = connection
        self._held = bytearray()

    def read_head(self) -> bytes | None:
        """The next head with the empty line that ends it; None if the other side ended the connection before it.

        Raises:
            BrokenOffError: It ended within the head, or the head has no end.
            OSError: The connection failed.
        """
        while (end := self._held.find(_HEAD_END)) < 0:
            if len(self._held) > _LARGEST_HEAD:
                raise BrokenOffError("a head without an end")
            if not self._receive():
                if self._held.strip():
                    raise BrokenOffError("the connection ended within a head")
                return None
        return self._take(end + len(_HEAD_END))

    def body(self, head: Head, *, until_end: bool) -> Iterator[bytes]:
        """The body of the message that `head` begins, in pieces; those of a chunked one with their sizes, as written.

        Args:
            head: Was read last.
            until_end: Whether a body of no announced length lasts until the connection ends; else it has none.

        Raises:
            BrokenOffError: The connection ended before the body did.
            OSError: The connection failed.
        """
        if head.is_chunked:
            yield from self._chunks()
        elif (length := head.length) is not None:
            yield from self._exactly(length)
        elif until_end:
            while self._held or self._receive():
                yield self._take(len(self._held))

    def _chunks(self) -> Iterator[bytes]:
        while True:
            line = self._line()
            yield line
            try:
                size = int(line.partition(b";")[0], 16)
            except ValueError:
                raise BrokenOffError("the size of a chunk is no number") from None
            if size == 0:
                break
            yield from self._exactly(size + len(_LINE_END))
        # Trailers, and the empty line that ends them.
        while True:
            line = self._line()
            yield line
            if line == _LINE_END:
                return

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length:
            if not self._held and not self._receive():
                raise BrokenOffError("the connection ended within a body")
            piece = self._take(min(length, len(self._held)))
            length -= len(piece)
            yield piece

    def _line(self) -> bytes:
        while (end := self._held.find(_LINE_END)) < 0:
            if len(self._held) > _LARGEST_HEAD or not self._receive():
                raise BrokenOffError("the connection ended within a line")
        return self._take(end + len(_LINE_END))

    def _receive(self) -> bool:
        received = self.socket.recv(_PIECE)
        self._held += received
        return bool(received)

    def _take(self, length: int) -> bytes:
        taken = bytes(self._held[:length])
        del self._held[:length]
        return taken
