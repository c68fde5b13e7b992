"""The envelope: DSSE, as securesystemslib has it, read so that a byte either has its meaning or is refused."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from securesystemslib import dsse
from securesystemslib.exceptions import VerificationError

from storagedriver.certificates.errors import MalformedCertificateError
from storagedriver.certificates.keys import PrivateKey, PublicKey
from storagedriver.report.errors import ReportError
from storagedriver.report.files import parse_json

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""What an in-toto Statement is called in an envelope."""

LARGEST = 16 << 20
"""Bytes of the largest envelope that is read."""

MOST_SIGNATURES = 64
"""Signatures of one envelope; each costs a verification."""


def sign(payload: bytes, keys: Sequence[PrivateKey]) -> dict[str, Any]:
    """The envelope of `payload` with a signature by each key, as values that JSON knows."""
    envelope = dsse.Envelope(payload, PAYLOAD_TYPE, {})
    for key in keys:
        envelope.sign(key.signer)
    made: dict[str, Any] = envelope.to_dict()
    return made


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope that was read; nothing in it is believed before `signed_by` says so.

    Attributes:
        payload: The content.
        payload_type: What the content is said to be.
        key_ids: The keys that are said to have signed it.
    """

    payload: bytes
    payload_type: str
    key_ids: tuple[str, ...]
    _inner: dsse.Envelope

    @classmethod
    def of(cls, given: Any) -> Self:
        """Read the envelope in a JSON value.

        Raises:
            MalformedCertificateError: It is none with signatures, each by another key, in canonical base64.
        """
        if not isinstance(given, dict):
            raise MalformedCertificateError("not a certificate: an object with an envelope is needed")
        payload_type, signatures = given.get("payloadType"), given.get("signatures")
        if not isinstance(payload_type, str):
            raise MalformedCertificateError('not a certificate: "payloadType" has to be a string')
        if not isinstance(signatures, list) or not 0 < len(signatures) <= MOST_SIGNATURES:
            raise MalformedCertificateError(
                f'not a certificate: "signatures" has to be 1 to {MOST_SIGNATURES} signatures'
            )
        payload = _decoded(given.get("payload"), "payload")
        read: dict[str, Any] = {}
        for each in signatures:
            if not isinstance(each, dict) or not isinstance(each.get("keyid"), str):
                raise MalformedCertificateError('not a certificate: a signature has to have "keyid" and "sig"')
            _decoded(each.get("sig"), "sig")
            if each["keyid"] in read:
                raise MalformedCertificateError(
                    f"not a certificate: two signatures are of the key {each['keyid'][:64]}"
                )
            read[each["keyid"]] = {"keyid": each["keyid"], "sig": each["sig"]}
        try:
            inner = dsse.Envelope.from_dict(
                {"payload": given["payload"], "payloadType": payload_type, "signatures": list(read.values())}
            )
            payload_type.encode("utf-8")
        except (KeyError, ValueError, TypeError) as broken:
            raise MalformedCertificateError(f"not a certificate: {broken}") from broken
        return cls(payload, payload_type, tuple(read), inner)

    def signed_by(self, key: PublicKey) -> bool:
        """Whether a signature of it is by this key, and of this content."""
        try:
            self._inner.verify([key.verifier], 1)
        except VerificationError:
            return False
        return True


def read_document(content: bytes) -> Any:
    """The JSON value that is said to be a certificate.

    Raises:
        MalformedCertificateError: It is huge, or not one JSON value without doubled keys.
    """
    if len(content) > LARGEST:
        raise MalformedCertificateError(f"not a certificate: it has more than {LARGEST >> 20} MiB")
    try:
        return parse_json(content, what="a certificate")
    except ReportError as broken:
        raise MalformedCertificateError(str(broken)) from broken


def _decoded(given: Any, name: str) -> bytes:
    """Of base64, what decodes and encodes to the same text: no characters are passed over, no spare bits are set."""
    if not isinstance(given, str):
        raise MalformedCertificateError(f'not a certificate: "{name}" has to be a string')
    try:
        content = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedCertificateError(f'not a certificate: "{name}" is not base64') from None
    if base64.b64encode(content).decode("ascii") != given:
        raise MalformedCertificateError(f'not a certificate: "{name}" is not base64 as it is written')
    return content
