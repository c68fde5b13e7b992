"""TLS certificates that a driver must not accept, and one that it must."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def require_cryptography() -> None:
    """Skip the check where certificates cannot be made."""
    pytest.importorskip(
        "cryptography",
        reason="certificates are made by cryptography; install it with: pip install 'storagedriver[certificates]'",
    )


class Authority:
    """An authority that was made for a check, and what it signs."""

    def __init__(self, folder: Path) -> None:
        """Make one, with its certificate in a file of `folder`."""
        self._folder = folder
        self._own = _made("an authority of a check", valid=(-_DAY, 30 * _DAY))
        self.file = folder / "authority.pem"
        self.file.write_bytes(_pem(self._own))

    def for_this_machine(self) -> ssl.SSLContext:
        """A good certificate, signed by the authority."""
        return self._context(_made("127.0.0.1", signer=self._own, addresses=("127.0.0.1",), valid=(-_DAY, 30 * _DAY)))

    def for_another_host(self) -> ssl.SSLContext:
        """Signed by the authority, for another host."""
        signed = _made(
            "storage.example.org", signer=self._own, names=("storage.example.org",), valid=(-_DAY, 30 * _DAY)
        )
        return self._context(signed)

    def for_another_address(self) -> ssl.SSLContext:
        """Signed by the authority, for another address, with the right one as its common name."""
        return self._context(_made("127.0.0.1", signer=self._own, addresses=("127.0.0.2",), valid=(-_DAY, 30 * _DAY)))

    def expired(self) -> ssl.SSLContext:
        """Signed by the authority, for this machine, until yesterday."""
        return self._context(_made("127.0.0.1", signer=self._own, addresses=("127.0.0.1",), valid=(-30 * _DAY, -_DAY)))

    def not_yet_valid(self) -> ssl.SSLContext:
        """Signed by the authority, for this machine, from tomorrow on."""
        return self._context(_made("127.0.0.1", signer=self._own, addresses=("127.0.0.1",), valid=(_DAY, 30 * _DAY)))

    def self_signed(self) -> ssl.SSLContext:
        """Signed by itself, for this machine."""
        return self._context(_made("127.0.0.1", addresses=("127.0.0.1",), valid=(-_DAY, 30 * _DAY)))

    def _context(self, signed: Signed) -> ssl.SSLContext:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  an extra

        file = self._folder / f"{signed.certificate.serial_number:x}.pem"
        key = signed.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(key + _pem(signed))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _pem(signed: Signed) -> bytes:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  an extra

    return signed.certificate.public_bytes(serialization.Encoding.PEM)


def _made(
    common_name: str,
    *,
    valid: tuple[timedelta, timedelta],
    signer: Signed | None = None,
    names: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (),
) -> Signed:
    """A certificate; without a signer it signs itself, and is an authority where it is for no host."""
    from cryptography import x509  # noqa: PLC0415  an extra
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC)
    is_authority = not names and not addresses
    alternatives = [
        *map(x509.DNSName, names),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if signer is None else signer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + valid[0])
        .not_valid_after(now + valid[1])
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if is_authority:
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    else:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([x509.OID_SERVER_AUTH]), critical=False)
    if signer is not None:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
        builder = builder.add_extension(issuer, critical=False)
    return Signed(builder.sign(key if signer is None else signer.key, hashes.SHA256()), key)
