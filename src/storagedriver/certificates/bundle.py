"""Sigstore's bundle: an envelope with the certificate of who signed it, and what logs say of both. Verified without a network."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from cryptography import x509

from storagedriver.certificates.errors import MalformedCertificateError
from storagedriver.certificates.sigstore_root import SigstoreRoot, public_root, silence

if TYPE_CHECKING:
    from sigstore.models import Bundle
    from sigstore.verify import Verifier

    from storagedriver.certificates.trust import TrustedIdentity

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle"
"""How the media type of each version of a bundle begins."""

_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
"""The extension of a signing certificate that names the provider."""


def is_bundle(document: Any) -> bool:
    """Whether a JSON value says to be a bundle."""
    return isinstance(document, dict) and str(document.get("mediaType")).startswith(MEDIA_TYPE)


@dataclass(frozen=True, slots=True)
class SigstoreBundle:
    """A bundle that was read; nothing in it is believed before `problem` says so.

    Attributes:
        payload: The content.
        payload_type: What the content is said to be.
        signed_at: When it is said to have been signed, to ten minutes: since when the signing certificate is valid; UTC.
        signer: Who is said to have signed it: the names in the signing certificate, and who vouched for them.
    """

    payload: bytes
    payload_type: str
    signed_at: datetime
    signer: str
    _inner: Bundle

    @classmethod
    def of(cls, document: Any) -> Self:
        """Read a bundle.

        Raises:
            MalformedCertificateError: It is none that Sigstore reads, has no envelope, or a field of it is not as it is
                written: base64 that is not canonical, or a field that is unknown.
        """
        from sigstore.models import Bundle  # noqa: PLC0415  an extra of its own

        silence()
        try:
            inner = Bundle.from_json(json.dumps(document))
            written = json.loads(inner.to_json())
            certificate = inner.signing_certificate
            signed_at, signer = certificate.not_valid_before_utc, " ".join(names(certificate))
        except Exception as broken:
            # The library lets through what its parsers of JSON, X.509 and timestamps raise.
            raise MalformedCertificateError(f"not a bundle of Sigstore: {broken}") from broken
        if written != document:
            raise MalformedCertificateError("not a bundle of Sigstore as Sigstore writes it: it was changed")
        envelope = document.get("dsseEnvelope")
        if envelope is None:
            raise MalformedCertificateError("no certificate: the bundle of Sigstore has no envelope")
        return cls(base64.b64decode(envelope["payload"]), envelope["payloadType"], signed_at, signer, inner)

    def problem(self, identity: TrustedIdentity) -> str | None:
        """Why it is not signed by this identity, or its logs do not say so; None if it is.

        Raises:
            TrustRootsError: The identity's root means nothing to Sigstore.
        """
        from sigstore.verify.policy import Identity  # noqa: PLC0415  as above

        verifier = _verifier(identity.root)
        try:
            found = verifier.verify_dsse(self._inner, Identity(identity=identity.identity, issuer=identity.issuer))
        except Exception as broken:  # noqa: BLE001  as in of(): whatever keeps it from being verified, it is not
            return str(broken) or repr(broken)
        return None if found == (self.payload_type, self.payload) else "another content was signed"


def names(certificate: x509.Certificate) -> tuple[str, str]:
    """Whom a signing certificate is for, and the provider that vouched for them; "?" for what it does not say."""
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        found: list[str] = []
    else:
        found = [
            *alternatives.get_values_for_type(x509.RFC822Name),
            *alternatives.get_values_for_type(x509.UniformResourceIdentifier),
        ]
    try:
        extension = certificate.extensions.get_extension_for_oid(_ISSUER).value
    except x509.ExtensionNotFound:
        issuer = "?"
    else:
        issuer = (
            extension.value.decode("utf-8", "replace") if isinstance(extension, x509.UnrecognizedExtension) else "?"
        )
    return ", ".join(found) or "?", issuer or "?"


def _verifier(root: SigstoreRoot | None) -> Verifier:
    from sigstore.verify import Verifier  # noqa: PLC0415  as above

    if root is None:
        return Verifier(trusted_root=public_root())
    trusted = root.trusted_root()
    try:
        return Verifier(trusted_root=trusted)
    except Exception as wrong:
        raise root.meaningless(wrong) from wrong
