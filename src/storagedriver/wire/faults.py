"""What can go wrong between a driver and its server, as data: each fault says whom it can hit and what happens then."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Protocol

from storagedriver.wire.messages import RequestHead
from storagedriver.wire.passage import Exchange, Passage

_XML = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_PIECE = 64 * 1024


class Fault(Protocol):
    """Something that goes wrong with one request."""

    @property
    def condition(self) -> str:
        """What goes wrong, in a few words, as reports name it: "connection reset after the request"."""
        ...

    def hits(self, exchange: Exchange) -> bool:
        """Whether it makes a difference to a request that went through undisturbed, with its answer."""
        ...

    def pass_through(self, passage: Passage) -> None:
        """Let the request and its answer go their way, but for what goes wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """Nothing goes wrong."""

    condition: str = "nothing"

    def hits(self, exchange: Exchange) -> bool:  # noqa: ARG002
        return True

    def pass_through(self, passage: Passage) -> None:
        passage.send_request()
        passage.deliver()


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody listens when the request is to be sent: connections are closed, and new ones are refused for a while.

    The proxy does it, since there is no request then.

    Attributes:
        seconds: How long nobody listens.
    """

    seconds: float = 0.3
    condition: str = "connection refused"

    def hits(self, exchange: Exchange) -> bool:  # noqa: ARG002
        return True

    def pass_through(self, passage: Passage) -> None:
        passage.reset()


@dataclass(frozen=True, slots=True)
class ResetBefore:
    """The connection is reset before the server has seen anything of the request."""

    condition: str = "connection reset before the request"

    def hits(self, exchange: Exchange) -> bool:  # noqa: ARG002
        return True

    def pass_through(self, passage: Passage) -> None:
        passage.reset()


@dataclass(frozen=True, slots=True)
class ResetDuring:
    """Both connections are reset when half of the request's body has been sent on."""

    condition: str = "connection reset within the request"

    def hits(self, exchange: Exchange) -> bool:
        return exchange.request.has_body

    def pass_through(self, passage: Passage) -> None:
        passage.send_half_of_request()
        passage.reset_server()
        passage.reset()


@dataclass(frozen=True, slots=True)
class ResetAfter:
    """The server has done what was asked, and the connection is reset before its answer comes."""

    condition: str = "connection reset after the request, its answer lost"

    def hits(self, exchange: Exchange) -> bool:  # noqa: ARG002
        return True

    def pass_through(self, passage: Passage) -> None:
        passage.send_request()
        passage.drop_answer()
        passage.reset()


@dataclass(frozen=True, slots=True)
class Answered:
    """Something before the server answers in its place, as a load balancer does, and the server sees nothing.

    Attributes:
        status: Number and phrase.
        retry_after: Seconds after which the client is asked to come again; None for nothing of the kind.
    """

    status: str
    retry_after: int | None = None

    @property
    def condition(self) -> str:
        told = "" if self.retry_after is None else f" with Retry-After: {self.retry_after}"
        return f"answered {self.status.partition(' ')[0]}{told}"

    def hits(self, exchange: Exchange) -> bool:  # noqa: ARG002
        return True

    def pass_through(self, passage: Passage) -> None:
        headers = "Content-Type: text/html\r\n"
        if self.retry_after is not None:
            headers += f"Retry-After: {self.retry_after}\r\n"
        passage.answer(self.status, headers, f"<html><body><h1>{self.status}</h1></body></html>".encode())


@dataclass(frozen=True, slots=True)
class TruncatedBody:
    """The answer's body ends in its middle, and the connection with it, in good order."""

    condition: str = "answer's body cut short"

    def hits(self, exchange: Exchange) -> bool:
        return _has_answered(exchange)

    def pass_through(self, passage: Passage) -> None:
        passage.send_request()
        passage.deliver_half()
        passage.end()


@dataclass(frozen=True, slots=True)
class FirstByte:
    """The answer's body ends after its first byte, and the connection with it, in good order."""

    condition: str = "answer's body cut after a byte"

    def hits(self, exchange: Exchange) -> bool:
        return _has_answered(exchange)

    def pass_through(self, passage: Passage) -> None:
        passage.send_request()
        passage.deliver_first_byte()
        passage.end()


@dataclass(frozen=True, slots=True)
class UnbegunBody:
    """The head of an answer comes, and the connection ends, in good order, before the first byte of its body."""

    condition: str = "answer ends before its body"

    def hits(self, exchange: Exchange) -> bool:
        return _has_answered(exchange)

    def pass_through(self, passage: Passage) -> None:
        passage.send_request()
        passage.deliver_head()
        passage.end()


@dataclass(frozen=True, slots=True)
class ResumedByWhole:
    """The whole is cut short, and of what is asked for then, which is a part, the whole comes again, with status 200."""

    condition: str = "answer's body cut short, then the range ignored"

    def hits(self, exchange: Exchange) -> bool:
        return exchange.request.header("Range") is None and _has_answered(exchange)

    def pass_through(self, passage: Passage) -> None:
        if passage.exchange.request.header("Range") is None:
            TruncatedBody().pass_through(passage)
        else:
            RangeIgnored().pass_through(passage)


@dataclass(frozen=True, slots=True)
class RangeIgnored:
    """A part was asked for, and the whole comes, with status 200, as HTTP allows it and caches do it.

    What lies outside of the part is zeros: the proxy does not have it.
    """

    condition: str = "the range ignored: the whole comes"

    def hits(self, exchange: Exchange) -> bool:
        part = _part(exchange)
        return part is not None and part.end - part.start < part.total

    def pass_through(self, passage: Passage) -> None:
        passage.send_request()
        answer = passage.read_answer()
        part = _part(passage.exchange)
        if part is None:
            passage.deliver()
            return
        head = answer.changed(first_line="HTTP/1.1 200 OK", content_range=None, content_length=str(part.total))
        passage.deliver_as(head, part.whole)


@dataclass(frozen=True, slots=True)
class BareError:
    """An error comes without its body, as something between strips it: the status alone tells what it is."""

    condition: str = "an error without its body"

    def hits(self, exchange: Exchange) -> bool:
        return exchange.answer is not None and exchange.answer.status >= 400 and _has_answered(exchange)

    def pass_through(self, passage: Passage) -> None:
        passage.send_request()
        answer = passage.read_answer()
        if not self.hits(passage.exchange):
            passage.deliver()
            return
        bare = answer.changed(content_length="0", transfer_encoding=None, content_type=None)
        passage.deliver_as(bare, lambda body: [b"" for _ in body])


@dataclass(frozen=True, slots=True)
class StalledBody:
    """The answer's body stops in its middle, and nothing more comes."""

    condition: str = "answer's body stalled"

    def hits(self, exchange: Exchange) -> bool:
        return _has_answered(exchange)

    def pass_through(self, passage: Passage) -> None:
        passage.send_request()
        passage.deliver_half()
        passage.hold()


@dataclass(frozen=True, slots=True)
class Silent:
    """The request is taken and nothing ever comes: the server does not see it."""

    condition: str = "no answer at all"

    def hits(self, exchange: Exchange) -> bool:  # noqa: ARG002
        return True

    def pass_through(self, passage: Passage) -> None:
        passage.hold()


@dataclass(frozen=True, slots=True)
class AnsweredLate:
    """The server has done what was asked, and the answer comes when the client has given up waiting for it.

    Who goes on to use the connection gets it for the answer to what was asked next.
    """

    condition: str = "answer after the client gave up"

    def hits(self, exchange: Exchange) -> bool:  # noqa: ARG002
        return True

    def pass_through(self, passage: Passage) -> None:
        passage.send_request()
        passage.read_answer()
        passage.await_client()
        passage.deliver()


@dataclass(frozen=True, slots=True)
class HalfSent:
    """Half of the request's body reaches the server, and nothing more."""

    condition: str = "half of the request sent, then nothing"

    def hits(self, exchange: Exchange) -> bool:
        return exchange.request.has_body

    def pass_through(self, passage: Passage) -> None:
        passage.send_half_of_request()
        passage.hold()


@dataclass(frozen=True, slots=True)
class CutOff:
    """The connection ends, in good order, within the request's body: what is there of it may mean something else.

    Attributes:
        pattern: The body ends after what this regular expression matches.
        occurrence: Which match, from 1 on; with fewer all of the body arrives, and its answer is lost.
    """

    pattern: bytes
    occurrence: int = 1
    condition: str = "connection ended within a name in the request"

    def hits(self, exchange: Exchange) -> bool:
        return exchange.request.has_body

    def pass_through(self, passage: Passage) -> None:
        passage.send_request(self._beginning)
        passage.let_server_end()
        passage.reset()

    def _beginning(self, body: Iterator[bytes]) -> Iterator[bytes]:
        whole = b"".join(body)
        ends = [found.end() for found in re.finditer(self.pattern, whole)]
        yield whole[: ends[self.occurrence - 1]] if self.occurrence <= len(ends) else whole


@dataclass(frozen=True, slots=True)
class Overheard:
    """Nothing goes wrong, and what was sent is kept.

    Attributes:
        kept: The requests, each with its body.
    """

    kept: list[tuple[Exchange, bytes]] = field(default_factory=list)
    condition: str = "nothing"

    def hits(self, exchange: Exchange) -> bool:  # noqa: ARG002
        return True

    def pass_through(self, passage: Passage) -> None:
        sent = bytearray()

        def overheard(body: Iterator[bytes]) -> Iterator[bytes]:
            for piece in body:
                sent.extend(piece)
                yield piece

        passage.send_request(overheard)
        self.kept.append((passage.exchange, bytes(sent)))
        passage.deliver()


@dataclass(frozen=True, slots=True)
class Slow:
    """Everything comes, late and in small pieces.

    Attributes:
        seconds: How late the answer is.
    """

    seconds: float = 0.3
    condition: str = "slow answer"

    def hits(self, exchange: Exchange) -> bool:  # noqa: ARG002
        return True

    def pass_through(self, passage: Passage) -> None:
        passage.send_request()
        passage.wait(self.seconds)
        passage.deliver(_in_small_pieces)


@dataclass(frozen=True, slots=True)
class Duplicated:
    """The request reaches the server twice; the answer that the client gets is that to the second."""

    condition: str = "request delivered twice"

    def hits(self, exchange: Exchange) -> bool:
        return exchange.request.method not in {"GET", "HEAD"}

    def pass_through(self, passage: Passage) -> None:
        passage.send_twice()
        passage.deliver()


@dataclass(frozen=True, slots=True)
class ChangedByte:
    """One byte of the content in the request's body is another when it reaches the server."""

    condition: str = "a byte of the request's body changed on the way"

    def hits(self, exchange: Exchange) -> bool:
        return _uploads(exchange)

    def pass_through(self, passage: Passage) -> None:
        passage.send_request(_FlippedByte(_within_content(passage.exchange.request)))
        passage.deliver()


@dataclass(frozen=True, slots=True)
class LostBody:
    """The request reaches the server without its body, as one of no bytes."""

    condition: str = "the request's body lost on the way"

    def hits(self, exchange: Exchange) -> bool:
        return _uploads(exchange)

    def pass_through(self, passage: Passage) -> None:
        passage.send_without_body()
        passage.deliver()


@dataclass(frozen=True, slots=True)
class CopyNotDone:
    """A copy is answered as one that is not done, in the way of Azure: accepted, with a status that is no success.

    The server sees nothing of the request.

    Attributes:
        status: "pending", "aborted" or "failed".
    """

    status: str = "failed"

    @property
    def condition(self) -> str:
        return f"a copy accepted whose status is {self.status}"

    def hits(self, exchange: Exchange) -> bool:
        # A file that is a copy says so ever after: what asks for the copy is a PUT.
        copied = exchange.answer is not None and exchange.answer.header("x-ms-copy-status") is not None
        return copied and exchange.request.method == "PUT"

    def pass_through(self, passage: Passage) -> None:
        headers = (
            f'ETag: "0x8D{secrets.token_hex(6).upper()}"\r\n'
            f"Last-Modified: {format_datetime(datetime.now(UTC), usegmt=True)}\r\n"
            f"x-ms-copy-id: {uuid.uuid4()}\r\nx-ms-copy-status: {self.status}\r\n"
        )
        passage.answer("202 Accepted", headers)


@dataclass(frozen=True, slots=True)
class ErrorInSuccess:
    """A change is answered with status 200 and an error in the body, as S3 does it after it has begun to answer.

    The server sees nothing of the request. It can hit what is answered with a document of XML.
    """

    condition: str = "an error in an answer of status 200"

    def hits(self, exchange: Exchange) -> bool:
        answer = exchange.answer
        return (
            exchange.request.method in {"POST", "PUT"}
            and _has_answered(exchange)
            and answer is not None
            and answer.status == 200
            and "xml" in (answer.header("Content-Type") or "")
        )

    def pass_through(self, passage: Passage) -> None:
        error = b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
        passage.answer("200 OK", "Content-Type: application/xml\r\n", _XML + error)


@dataclass(frozen=True, slots=True)
class _Part:
    """Which part of a file an answer holds: bytes from `start` to before `end`, of `total`."""

    start: int
    end: int
    total: int

    def whole(self, part: Iterator[bytes]) -> Iterator[bytes]:
        """As many bytes as the file has, of which only the part is the file's."""
        yield from _zeros(self.start)
        yield from part
        yield from _zeros(self.total - self.end)


def _part(exchange: Exchange) -> _Part | None:
    answer = exchange.answer
    if answer is None or answer.status != 206 or answer.is_chunked:
        return None
    told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.header("Content-Range") or "")
    return None if told is None else _Part(int(told[1]), int(told[2]) + 1, int(told[3]))


def _zeros(length: int) -> Iterator[bytes]:
    for start in range(0, length, _PIECE):
        yield bytes(min(_PIECE, length - start))


def _uploads(exchange: Exchange) -> bool:
    # What is asked by a body of another kind has no checksum in these protocols.
    request = exchange.request
    carries_content = request.method == "PUT" or (request.method == "POST" and _boundary(request) is not None)
    return carries_content and bool(request.length)


def _boundary(request: RequestHead) -> str | None:
    """What parts the body where content comes after its metadata, as Google's uploads do; None if it is no such body."""
    content_type = request.header("Content-Type") or ""
    found = re.fullmatch(r"multipart/related;.*\bboundary=\"?([^\";]+)\"?", content_type, re.IGNORECASE)
    return None if found is None else found[1].strip()


def _within_content(request: RequestHead) -> int:
    """The place of a byte of content: in the middle, or right before the boundary that ends the last part."""
    length, boundary = request.length or 0, _boundary(request)
    return length // 2 if boundary is None else length - len(f"\r\n--{boundary}--") - 1


def _has_answered(exchange: Exchange) -> bool:
    answer = exchange.answer
    return answer is not None and answer.has_body(exchange.request) and answer.length not in {0, 1}


class _FlippedByte:
    def __init__(self, position: int) -> None:
        self._position = position

    def __call__(self, body: Iterator[bytes]) -> Iterator[bytes]:
        position = self._position
        for piece in body:
            if 0 <= position < len(piece):
                changed = bytearray(piece)
                # Another letter or digit in text, and another byte in any case.
                changed[position] ^= 1
                yield bytes(changed)
            else:
                yield piece
            position -= len(piece)


def _in_small_pieces(body: Iterator[bytes]) -> Iterable[bytes]:
    small = 1000
    for piece in body:
        # Of a large body the beginning: so many pieces would take minutes.
        yield from (piece[start : start + small] for start in range(0, min(len(piece), 10 * small), small))
        yield piece[10 * small :]
