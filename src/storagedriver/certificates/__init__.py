"""Certificates: what a gate found, signed, bound to the driver's files and to the reports. `docs/certificates.md` describes them.

A certificate is an in-toto Statement with a test result in a DSSE envelope. It needs the extra `certificates`; what is
signed through Sigstore, in its bundle, needs the extra `sigstore`.
"""

from storagedriver.certificates.errors import (
    CertificateError,
    IdentityError,
    KeyFileError,
    MalformedCertificateError,
    RefusedError,
    SigningError,
    TrustRootsError,
)
from storagedriver.certificates.issuing import issue
from storagedriver.certificates.statement import Certificate
from storagedriver.certificates.trust import TrustRoots
from storagedriver.certificates.verification import Verification, verify

__all__ = [
    "Certificate",
    "CertificateError",
    "IdentityError",
    "KeyFileError",
    "MalformedCertificateError",
    "RefusedError",
    "SigningError",
    "TrustRoots",
    "TrustRootsError",
    "Verification",
    "issue",
    "verify",
]
