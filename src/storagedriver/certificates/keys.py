"""Keys: ed25519, as PEM files. The private one is PKCS #8 and for its owner alone, the public one SubjectPublicKeyInfo."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]  # documented as public there

from storagedriver.certificates.errors import KeyFileError

PRIVATE_SUFFIX = ".key"
PUBLIC_SUFFIX = ".pub"

_LARGEST = 1 << 16
"""Bytes of a file that can be a key."""

_EXISTS = "it exists, and keys are never replaced: choose another name"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies.

    Attributes:
        id: The SHA-256 of its SubjectPublicKeyInfo, in hexadecimal: `openssl pkey -pubin -outform DER | sha256sum`.
        verifier: The key as securesystemslib has it, under this id.
    """

    id: str
    verifier: SSlibKey

    @classmethod
    def of(cls, key: Ed25519PublicKey) -> Self:
        """The key with its id."""
        encoded = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        identifier = hashlib.sha256(encoded).hexdigest()
        return cls(identifier, SSlibKey.from_crypto(key, keyid=identifier))

    @classmethod
    def parse(cls, content: bytes, *, path: str) -> Self:
        """The key in PEM text.

        Raises:
            KeyFileError: It is no public ed25519 key; `path` is told in the message.
        """
        if b"PRIVATE KEY" in content:
            raise KeyFileError(
                path, "it holds a private key, and a public one is needed: keep the private one to yourself"
            )
        key = _loaded(serialization.load_pem_public_key, content, path=path, needed=Ed25519PublicKey)
        return cls.of(key)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs. Its repr tells nothing of it.

    Attributes:
        public: The key that verifies what it signs.
        signer: The key as securesystemslib has it.
    """

    public: PublicKey
    signer: CryptoSigner

    @classmethod
    def of(cls, key: Ed25519PrivateKey) -> Self:
        """The key with its public one."""
        public = PublicKey.of(key.public_key())
        return cls(public, CryptoSigner(key, public.verifier))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The key in a PEM file.

        Raises:
            KeyFileError: The file cannot be read, or is no private ed25519 key without a password.
        """
        name = os.fspath(path)
        content = read_key_file(name)

        def load(content: bytes) -> Any:
            return serialization.load_pem_private_key(content, password=None)

        return cls.of(_loaded(load, content, path=name, needed=Ed25519PrivateKey))


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Two files that hold a new key.

    Attributes:
        id: The key's id.
        private: The file that signs, readable for its owner alone.
        public: The file to give away.
    """

    id: str
    private: Path
    public: Path


def new_pair(name: str | os.PathLike[str]) -> KeyPair:
    """Make a key and write it to `name`.key and `name`.pub; no file is replaced, and missing folders are made.

    Raises:
        KeyFileError: A file exists or cannot be written; then nothing was written.
    """
    private, public = _files(name)
    if (exists := pair_exists(name)) is not None:
        raise KeyFileError(os.fspath(exists), _EXISTS)
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    shown = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    try:
        private.parent.mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        raise KeyFileError(os.fspath(private.parent), f"cannot be made: {refused.strerror or refused}") from refused
    _write_new(private, secret, mode=0o600)
    try:
        _write_new(public, shown, mode=0o666)
    except BaseException:
        private.unlink(missing_ok=True)
        raise
    return KeyPair(PublicKey.of(key.public_key()).id, private, public)


def pair_exists(name: str | os.PathLike[str]) -> Path | None:
    """The file that keeps new_pair() from writing; None if there is none."""
    return next((path for path in _files(name) if path.exists() or path.is_symlink()), None)


def _files(name: str | os.PathLike[str]) -> tuple[Path, Path]:
    return Path(f"{os.fspath(name)}{PRIVATE_SUFFIX}"), Path(f"{os.fspath(name)}{PUBLIC_SUFFIX}")


def read_key_file(path: str) -> bytes:
    """What a key's file holds.

    Raises:
        KeyFileError: It cannot be read, or is too large for a key.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as missing:
        raise KeyFileError(path, f"cannot be read: {missing.strerror or missing}") from missing
    if len(content) > _LARGEST:
        raise KeyFileError(path, "not a key in PEM: it is too large")
    return content


def _write_new(path: Path, content: bytes, *, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise KeyFileError(os.fspath(path), _EXISTS) from None
    except OSError as refused:
        raise KeyFileError(os.fspath(path), f"cannot be written: {refused.strerror or refused}") from refused
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as refused:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise KeyFileError(os.fspath(path), f"cannot be written: {refused.strerror or refused}") from refused


def _loaded(load: Any, content: bytes, *, path: str, needed: type[Any]) -> Any:
    try:
        key = load(content)
    except TypeError as locked:
        raise KeyFileError(path, "the key has a password: write it without one, for this job alone") from locked
    except (ValueError, UnsupportedAlgorithm) as broken:
        raise KeyFileError(path, "not a key in PEM") from broken
    if not isinstance(key, needed):
        raise KeyFileError(path, f"an ed25519 key is needed, not a {type(key).__name__.strip('_')}")
    return key
