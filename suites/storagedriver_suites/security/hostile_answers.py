"""What a hostile server sends in place of an answer. Each is small on the wire, or ends by itself: a check ends too."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from storagedriver_suites.security.intermediary import Answer, Raw

MIB = 1024 * 1024

BOMB = 512 * MIB
"""Bytes that a compressed answer would grow to."""

_XML = (("Content-Type", "application/xml"),)
_JSON = (("Content-Type", "application/json; charset=utf-8"),)


def _billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11))
    return f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">{entities}]><a><Key>&l10;</Key></a>'.encode()


def _quadratic() -> bytes:
    return b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "' + b"b" * 50_000 + b'">]><a>' + b"&b;" * 20_000 + b"</a>"


def external_entity(address: str) -> bytes:
    """A listing that would show what lies at an address, for every tag that drivers look at."""
    tags = "".join(f"<{tag}>&x;</{tag}>" for tag in ("Key", "Name", "Prefix", "Code", "Message", "Size"))
    return (
        f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{address}">]>'
        f"<ListBucketResult><IsTruncated>false</IsTruncated><Contents>{tags}</Contents>"
        f"<Blobs><Blob>{tags}</Blob></Blobs></ListBucketResult>"
    ).encode()


def _deep_xml() -> bytes:
    return b"<a>" * 100_000 + b"</a>" * 100_000


def _deep_json() -> bytes:
    return b"[" * 200_000 + b"]" * 200_000


def _bomb() -> bytes:
    # Files of that kind may follow each other, and are unpacked as one.
    return gzip.compress(bytes(16 * MIB)) * (BOMB // MIB // 16)


def _announced(length: str) -> Raw:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n"
    return Raw(lambda: [head.encode(), b"a few bytes"])


def _endless_headers() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in itertools.count():
        yield b"".join(b"X-Filler-%d: %s\r\n" % (number * 100 + each, b"x" * 100) for each in range(100))


def _endless_line(beginning: bytes) -> Callable[[], Iterable[bytes]]:
    return lambda: itertools.chain([beginning], itertools.repeat(b"x" * 65536))


def answers(status: int = 200) -> Mapping[str, Answer | Raw]:
    """Hostile answers by what is hostile about them, those of external entities apart.

    Args:
        status: Of those that have one; some libraries read the bodies of errors by other means.
    """
    bomb = _bomb()
    return {
        "XML entities that grow": Answer(status, _XML, _billion_laughs()),
        "one XML entity a thousand times": Answer(status, _XML, _quadratic()),
        "XML of a hundred thousand levels": Answer(status, _XML, _deep_xml()),
        "JSON of a hundred thousand levels": Answer(status, _JSON, _deep_json()),
        "JSON of another shape": Answer(status, _JSON, json.dumps({"name": 7, "bytes": "x", "a": [None]}).encode()),
        "JSON with a number of a million digits": Answer(
            status, _JSON, b'[{"name": "x", "bytes": ' + b"9" * MIB + b"}]"
        ),
        "no text at all": Answer(status, _XML, bytes(range(256)) * 16),
        "nothing": Answer(status, _XML, b""),
        "a compressed body that grows": Answer(status, (*_XML, ("Content-Encoding", "gzip")), bomb),
        "a body that is compressed twice": Answer(
            status, (*_JSON, ("Content-Encoding", "gzip, gzip")), gzip.compress(bomb)
        ),
        "a length of an exabyte": _announced(str(10**18)),
        "a length beyond all numbers": _announced("9" * 4000),
        "a length below zero": _announced("-5"),
        "a length that is no number": _announced("many"),
        "two lengths": _announced("5\r\nContent-Length: 500000"),
        "headers without end": Raw(_endless_headers),
        "a header line without end": Raw(_endless_line(b"HTTP/1.1 200 OK\r\nX-Filler: ")),
        "a status line without end": Raw(_endless_line(b"HTTP/1.1 200 ")),
        "a chunk of a wrong size": Raw(
            lambda: [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"-5\r\nabc\r\n0\r\n\r\n"]
        ),
        "a chunk beyond all numbers": Raw(
            lambda: [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"f" * 400 + b"\r\nabc\r\n0\r\n\r\n"]
        ),
        "no HTTP": Raw(lambda: [b"SSH-2.0-OpenSSH_9.6\r\n" * 10]),
    }
