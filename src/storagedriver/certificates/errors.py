"""The errors of certificates.

CertificateError
├── KeyFileError                a key cannot be read or written
├── TrustRootsError             whom to trust cannot be told
├── RefusedError                nothing may be certified
├── IdentityError               who signs through Sigstore cannot be told
├── SigningError                Sigstore did not sign
└── MalformedCertificateError   a certificate that cannot be read
"""

from __future__ import annotations

from storagedriver.certification.errors import JudgingFileError


class CertificateError(ValueError):
    """A certificate cannot be made or read; the message is one sentence that says why."""


class KeyFileError(CertificateError):
    """A key cannot be read or written.

    Attributes:
        path: The file.
        reason: Why, in one sentence.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class TrustRootsError(CertificateError, JudgingFileError):
    """Trust roots that cannot be read or mean nothing, so that nothing can be verified."""


class RefusedError(CertificateError):
    """Nothing may be certified, whatever the key."""


class IdentityError(CertificateError):
    """There is no identity token to sign by through Sigstore, or it is none that holds now."""


class SigningError(CertificateError):
    """What was to be signed through Sigstore was not: a service cannot be reached, refuses, or gives what does not verify."""


class MalformedCertificateError(CertificateError):
    """What is said to be a certificate is none, is cut short, or is of a newer format."""
