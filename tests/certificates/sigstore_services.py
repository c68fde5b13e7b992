"""Sigstore's services on 127.0.0.1: a certificate authority with its transparency log, and a log of what was signed.

They do what Fulcio and Rekor do, as far as the library of Sigstore asks for it; the keys are made for each of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "https://issuer.example.org"
IDENTITY = "ann@example.org"

SECRET = "the provider's and the certificate authority's, 32 bytes at least"

_STARTED = datetime(2020, 1, 1, tzinfo=UTC)
_SHA256 = ec.ECDSA(hashes.SHA256())


def token(identity: str = IDENTITY, issuer: str = ISSUER, *, secret: str = SECRET, **claims: Any) -> str:
    """What a provider gives to whom it knows."""
    now = int(datetime.now(UTC).timestamp())
    given = {"iss": issuer, "sub": identity, "aud": "sigstore", "iat": now, "exp": now + 300, **claims}
    return jwt.encode(given, secret, algorithm="HS256")


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


class LogKey:
    """The key of a log, and its id, which is the SHA-256 of the public half."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.public = self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.id = hashlib.sha256(self.public).digest()

    def sign(self, content: bytes) -> bytes:
        return self.private.sign(content, _SHA256)

    def trusted(self, url: str) -> dict[str, Any]:
        return {
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": b64(self.public),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": _STARTED.isoformat()},
            },
            "logId": {"keyId": b64(self.id)},
        }


class CertificateAuthority:
    """Certificates of ten minutes, each with the promise of a certificate transparency log (RFC 6962)."""

    def __init__(self) -> None:
        self.log = LogKey()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority.example.org")])
        key = self._key.public_key()
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(_STARTED)
            .not_valid_after(_STARTED + timedelta(days=36500))
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def certify(self, request: bytes, claims: dict[str, Any], *, now: datetime) -> x509.Certificate:
        key = x509.load_pem_x509_csr(request).public_key()
        identity, issuer = claims["sub"], claims["iss"]
        general: x509.GeneralName = (
            x509.UniformResourceIdentifier(identity) if "://" in identity else x509.RFC822Name(identity)
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + timedelta(minutes=10))
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(x509.SubjectAlternativeName([general]), critical=True)
            .add_extension(_unknown("1.3.6.1.4.1.57264.1.1", issuer.encode()), critical=False)
        )
        # What the log promises is of the certificate without the promise.
        promised = self._promise(builder.sign(self._key, hashes.SHA256()).tbs_certificate_bytes, now)
        final = builder.add_extension(_unknown("1.3.6.1.4.1.11129.2.4.2", promised), critical=False)
        return final.sign(self._key, hashes.SHA256())

    def _promise(self, content: bytes, now: datetime) -> bytes:
        """A list of one signed certificate timestamp, as the extension has it."""
        issuer = hashlib.sha256(
            self._key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        ).digest()
        moment = int(now.timestamp() * 1000)
        entry = issuer + len(content).to_bytes(3, "big") + content
        signature = self.log.sign(struct.pack("!BBQH", 0, 0, moment, 1) + entry + b"\0\0")
        promise = struct.pack("!B32sQHBBH", 0, self.log.id, moment, 0, 4, 3, len(signature)) + signature
        listed = struct.pack("!HH", len(promise) + 2, len(promise)) + promise
        # An octet string, whose length is one byte below 128.
        length = [len(listed)] if len(listed) < 128 else [0x81, len(listed)]
        return bytes([4, *length]) + listed


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _unknown(identifier: str, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(identifier), value)


class TransparencyLog:
    """A Merkle tree of entries (RFC 6962), with a signed checkpoint and a promise for each that is added."""

    NAME = "log.example.org"

    def __init__(self) -> None:
        self.key = LogKey()
        self._leaves = [_leaf(b"an older entry"), _leaf(b"another one"), _leaf(b"a third")]

    def add(self, proposed: dict[str, Any], *, now: datetime) -> dict[str, Any]:
        content = proposed["spec"]["proposedContent"]
        envelope = json.loads(content["envelope"])
        body = {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": {
                    "algorithm": "sha256",
                    "value": hashlib.sha256(content["envelope"].encode()).hexdigest(),
                },
                "payloadHash": {
                    "algorithm": "sha256",
                    "value": hashlib.sha256(base64.b64decode(envelope["payload"])).hexdigest(),
                },
                "signatures": [
                    {"signature": each["sig"], "verifier": content["verifiers"][0]} for each in envelope["signatures"]
                ],
            },
        }
        return self.integrate(_canonical(body), now=now)

    def integrate(self, body: bytes, *, now: datetime) -> dict[str, Any]:
        """Add the entry, and what is said of it."""
        index = len(self._leaves)
        self._leaves.append(_leaf(body))
        moment = int(now.timestamp())
        promised = {"body": b64(body), "integratedTime": moment, "logID": self.key.id.hex(), "logIndex": index}
        root = _root(self._leaves)
        note = f"{self.NAME}\n{len(self._leaves)}\n{b64(root)}\n"
        signature = b64(self.key.id[:4] + self.key.sign(note.encode()))
        return {
            hashlib.sha256(body).hexdigest(): {
                **promised,
                "verification": {
                    "signedEntryTimestamp": b64(self.key.sign(_canonical(promised))),
                    "inclusionProof": {
                        "checkpoint": f"{note}\n\N{EM DASH} {self.NAME} {signature}\n",
                        "hashes": [each.hex() for each in _path(index, self._leaves)],
                        "logIndex": index,
                        "rootHash": root.hex(),
                        "treeSize": len(self._leaves),
                    },
                },
            }
        }


def _canonical(value: Any) -> bytes:
    """RFC 8785, of values without fractions and with ASCII in them."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _leaf(content: bytes) -> bytes:
    return hashlib.sha256(b"\0" + content).digest()


def _root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = _split(len(leaves))
    return hashlib.sha256(b"\1" + _root(leaves[:half]) + _root(leaves[half:])).digest()


def _path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = _split(len(leaves))
    if index < half:
        return [*_path(index, leaves[:half]), _root(leaves[half:])]
    return [*_path(index - half, leaves[half:]), _root(leaves[:half])]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


class Services:
    """All of them, at one address.

    Attributes:
        log_delay: How much later the log's clock is than the certificate authority's.
        refusing: Paths that they answer with an error.
        asked: The paths that they were asked for.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.authority = CertificateAuthority()
        self.log = TransparencyLog()
        self.log_delay = timedelta()
        self.refusing: set[str] = set()
        self.asked: list[str] = []

    def answer(self, path: str, authorization: str, given: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(path)
        now = datetime.now(UTC).replace(microsecond=0)
        if path in self.refusing:
            raise PermissionError(path)
        if path == "/api/v2/signingCert":
            claims = jwt.decode(
                authorization.removeprefix("Bearer "), SECRET, algorithms=["HS256"], audience="sigstore"
            )
            request = base64.b64decode(given["certificateSigningRequest"])
            chain = [self.authority.certify(request, claims, now=now), self.authority.certificate]
            texts = [each.public_bytes(serialization.Encoding.PEM).decode() for each in chain]
            return {"signedCertificateEmbeddedSct": {"chain": {"certificates": texts}}}
        if path == "/api/v1/log/entries":
            return self.log.add(given, now=now + self.log_delay)
        raise LookupError(path)

    def trusted_root(self) -> dict[str, Any]:
        certificate = self.authority.certificate.public_bytes(serialization.Encoding.DER)
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.log.key.trusted(self.url)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "example.org", "commonName": "authority.example.org"},
                    "uri": self.url,
                    "certChain": {"certificates": [{"rawBytes": b64(certificate)}]},
                    "validFor": {"start": _STARTED.isoformat()},
                }
            ],
            "ctlogs": [self.authority.log.trusted(self.url)],
            "timestampAuthorities": [],
        }

    def trust_config(self) -> dict[str, Any]:
        service = {
            "url": self.url,
            "majorApiVersion": 1,
            "validFor": {"start": _STARTED.isoformat()},
            "operator": "example.org",
        }
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.trusted_root(),
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service],
                "oidcUrls": [],
                "rekorTlogUrls": [service],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaUrls": [],
            },
        }


@contextmanager
def running() -> Iterator[Services]:
    """The services, while they run."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """What a pipeline of GitHub Actions is told."""
            services.asked.append(self.path)
            known = self.path == "/pipeline?version=2&audience=sigstore"
            known = known and self.headers["Authorization"] == "bearer the-pipelines"
            self.give(200 if known else 403, {"value": token()} if known else {})

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                code, answer = 201, services.answer(self.path, self.headers.get("Authorization", ""), given)
            except (LookupError, PermissionError, jwt.InvalidTokenError) as refused:
                code, answer = 403, {"code": 403, "message": str(refused)}
            self.give(code, answer)

        def give(self, code: int, answer: dict[str, Any]) -> None:
            content = json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        services = Services(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield services
        finally:
            server.shutdown()
            thread.join()
