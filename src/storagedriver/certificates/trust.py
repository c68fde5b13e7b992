"""Trust roots: whose signatures count, of which days, and whose do no more."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError
from pydantic import model_validator as validator_of_all

from storagedriver.certificates.errors import KeyFileError, TrustRootsError
from storagedriver.certificates.keys import PublicKey, read_key_file
from storagedriver.certificates.sigstore_root import SigstoreRoot
from storagedriver.certificates.term import ALWAYS, Term
from storagedriver.certification.policy import Date, Text
from storagedriver.certification.toml_file import place_in, read_toml

FILE_IN_FOLDER = "trust.toml"
"""Decides for a folder, if it is there; else each public key in the folder is trusted for ever."""

_KEY_FILES = ("*.pub", "*.pem")
_PEM_BEGINNING = "-----BEGIN "


class _Signer(BaseModel):
    """What a table says of a signer, whoever it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text | None = None
    valid_from: Date | None = None
    valid_until: Date | None = None
    revoked: Date | None = None
    reason: Text | None = None

    @validator_of_all(mode="after")
    def _means_something(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("valid_until is before valid_from")
        if self.reason and not self.revoked:
            raise ValueError("a reason is for what is revoked")
        return self

    @property
    def term(self) -> Term:
        """When it is trusted."""
        return Term(self.valid_from, self.valid_until, revoked=self.revoked, reason=self.reason)


class _Key(_Signer):
    """A table `[[keys]]`."""

    public_key: Text


class _Identity(_Signer):
    """A table `[[sigstore]]`."""

    identity: Text
    issuer: Text
    trust: Text | None = None


class _Roots(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: tuple[_Key, ...] = ()
    sigstore: tuple[_Identity, ...] = ()
    threshold: Annotated[StrictInt, Field(ge=1)] = 1

    @validator_of_all(mode="after")
    def _trusts_someone(self) -> Self:
        if not self.keys and not self.sigstore:
            raise ValueError("neither a table [[keys]] nor a table [[sigstore]] says whom to trust")
        return self


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key, and when it is trusted.

    Attributes:
        key: The key.
        name: What it is called.
        term: When it is trusted, by what the certificate says of when it was made.
    """

    key: PublicKey
    name: str
    term: Term = ALWAYS

    @property
    def words(self) -> str:
        """The key for readers: its name, and the beginning of its id."""
        return f"the key {self.name} ({self.key.id[:16]})"

    def to_dict(self) -> dict[str, str]:
        """The key as JSON has it."""
        return {"id": self.key.id, "name": self.name}


@dataclass(frozen=True, slots=True)
class TrustedIdentity:
    """Someone who signs through Sigstore, and when that is trusted.

    Attributes:
        identity: The name that the signing certificate has to be for: an address, or a workflow's URL.
        issuer: The URL of the OpenID Connect provider that has to have vouched for it.
        name: What it is called.
        root: Whose certificates and logs have to have shown that; None for Sigstore's public ones.
        term: When it is trusted, by the time of the signing certificate.

    Raises:
        ValueError: The identity or the issuer is empty.
    """

    identity: str
    issuer: str
    name: str
    root: SigstoreRoot | None = None
    term: Term = ALWAYS

    def __post_init__(self) -> None:
        # The library takes an issuer that is empty for any issuer.
        if not self.identity or not self.issuer:
            raise ValueError("an identity with its issuer is needed, and neither may be empty")

    @property
    def words(self) -> str:
        """The identity for readers."""
        name = "" if self.name == self.identity else f"{self.name}, "
        return f"{name}{self.identity} (by {self.issuer})"

    def to_dict(self) -> dict[str, str]:
        """The identity as JSON has it."""
        return {"identity": self.identity, "issuer": self.issuer, "name": self.name}


Signer: TypeAlias = TrustedKey | TrustedIdentity
"""Whose signature counts."""


@dataclass(frozen=True, slots=True)
class TrustRoots:
    """Whose signatures count.

    Attributes:
        path: Where that is said.
        keys: The keys, each once.
        identities: Who may have signed through Sigstore.
        threshold: How many of them have to have signed.
    """

    path: str
    keys: tuple[TrustedKey, ...]
    identities: tuple[TrustedIdentity, ...] = ()
    threshold: int = 1

    @classmethod
    def of(cls, identity: TrustedIdentity) -> Self:
        """One identity is trusted, and no key."""
        return cls(identity.words, (), (identity,))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The trust roots in a TOML file, in a folder, or in the file of one public key.

        Raises:
            TrustRootsError: They cannot be read, have a key that is unknown to the format, or a value that means nothing.
        """
        name = os.fspath(path)
        given = Path(path)
        if given.is_dir():
            decides = given / FILE_IN_FOLDER
            return cls.load(decides) if decides.exists() else cls(name, _each_once(name, _of_folder(given)))
        if given.suffix == ".toml":
            return cls._from_toml(name)
        try:
            return cls(name, (_trusted(name),))
        except KeyFileError as broken:
            raise TrustRootsError(name, [broken.reason]) from broken

    @classmethod
    def _from_toml(cls, path: str) -> Self:
        given = read_toml(path, error=TrustRootsError)
        try:
            read = _Roots.model_validate(given)
        except ValidationError as wrong:
            raise TrustRootsError(path, [_told(each["loc"], each["msg"]) for each in wrong.errors()]) from None
        keys = _each_once(path, [_from_table(path, number, each) for number, each in enumerate(read.keys)])
        identities = _each_identity_once(
            path, [_identity(path, number, each) for number, each in enumerate(read.sigstore)]
        )
        # What Sigstore signs has one signature.
        if read.threshold > max(len(keys), min(len(identities), 1)):
            who = f"{len(keys)} keys" if keys else "1 identity"
            raise TrustRootsError(path, [f"threshold: {read.threshold} of {who} can never have signed"])
        return cls(path, keys, identities, read.threshold)


def _from_table(path: str, number: int, table: _Key) -> TrustedKey:
    place = f"keys[{number}].public_key"
    try:
        if table.public_key.startswith(_PEM_BEGINNING):
            key, name = PublicKey.parse(table.public_key.encode(), path=place), f"keys[{number}]"
        else:
            file = Path(path).parent / table.public_key
            key, name = PublicKey.parse(read_key_file(os.fspath(file)), path=place), file.name
    except KeyFileError as broken:
        raise TrustRootsError(path, [f"{place}: {broken.reason}"]) from broken
    return TrustedKey(key, table.name or name, table.term)


def _identity(path: str, number: int, table: _Identity) -> TrustedIdentity:
    try:
        root = None if table.trust is None else SigstoreRoot.read(Path(path).parent / table.trust)
    except TrustRootsError as broken:
        place = f"sigstore[{number}].trust"
        raise TrustRootsError(path, [f"{place}: {problem}" for problem in broken.problems]) from broken
    return TrustedIdentity(table.identity, table.issuer, table.name or table.identity, root, table.term)


def _of_folder(folder: Path) -> Sequence[TrustedKey]:
    files = sorted({path for pattern in _KEY_FILES for path in folder.glob(pattern)})
    if not files:
        raise TrustRootsError(
            os.fspath(folder), [f"there is neither {FILE_IN_FOLDER} in it nor a public key as .pub or .pem"]
        )
    try:
        return [_trusted(os.fspath(path)) for path in files]
    except KeyFileError as broken:
        raise TrustRootsError(os.fspath(folder), [str(broken)]) from broken


def _trusted(path: str) -> TrustedKey:
    return TrustedKey(PublicKey.parse(read_key_file(path), path=path), Path(path).name)


def _each_once(path: str, keys: Sequence[TrustedKey]) -> tuple[TrustedKey, ...]:
    seen: dict[str, TrustedKey] = {}
    for each in keys:
        if (other := seen.setdefault(each.key.id, each)) is not each:
            raise TrustRootsError(path, [f"{other.name} and {each.name} are the same key; which of the two counts?"])
    return tuple(seen.values())


def _each_identity_once(path: str, identities: Sequence[TrustedIdentity]) -> tuple[TrustedIdentity, ...]:
    seen: dict[tuple[str, str, SigstoreRoot | None], TrustedIdentity] = {}
    for each in identities:
        if (other := seen.setdefault((each.identity, each.issuer, each.root), each)) is not each:
            raise TrustRootsError(
                path, [f"{other.name} and {each.name} are the same identity; which of the two counts?"]
            )
    return tuple(seen.values())


def _told(place: Sequence[int | str], message: str) -> str:
    words = place_in(place)
    message = message.removeprefix("Value error, ")
    return f"{words}: {message[:1].lower()}{message[1:]}" if words else message
