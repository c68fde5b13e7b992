"""Trust roots: whose signatures count, for certificates of which days, and whose do no more."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError
from pydantic import model_validator as validator_of_all

from storagedriver.certificates.errors import KeyFileError, TrustRootsError
from storagedriver.certificates.keys import PublicKey, read_key_file
from storagedriver.certification.policy import Date, Text
from storagedriver.certification.toml_file import place_in, read_toml

FILE_IN_FOLDER = "trust.toml"
"""Decides for a folder, if it is there; else each public key in the folder is trusted for ever."""

_KEY_FILES = ("*.pub", "*.pem")
_PEM_BEGINNING = "-----BEGIN "


class _Key(BaseModel):
    """A table `[[keys]]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    public_key: Text
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
            raise ValueError("a reason is for a key that is revoked")
        return self


class _Roots(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: Annotated[tuple[_Key, ...], Field(min_length=1)]
    threshold: Annotated[StrictInt, Field(ge=1)] = 1


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key, and for what it is trusted.

    Attributes:
        key: The key.
        name: What it is called.
        valid_from: The first day on which it may have signed, in UTC; None for any.
        valid_until: The last such day.
        revoked: When it was revoked: whatever it signed, before that too, is not believed. None while it is not.
        reason: Why it was revoked.
    """

    key: PublicKey
    name: str
    valid_from: date | None = None
    valid_until: date | None = None
    revoked: date | None = None
    reason: str | None = None

    @property
    def words(self) -> str:
        """The key for readers: its name, and the beginning of its id."""
        return f"{self.name} ({self.key.id[:16]})"

    @property
    def revocation(self) -> str:
        """When and why it was revoked, of a key that was."""
        why = f": {self.reason}" if self.reason else ""
        return f"the key {self.words} was revoked on {self.revoked}{why}"

    def problem(self, made_at: datetime) -> str | None:
        """Why it is not trusted for a certificate that was made then, in UTC; None if it is."""
        if self.revoked is not None:
            return self.revocation
        if self.valid_from is not None and made_at.date() < self.valid_from:
            return f"the key {self.words} is valid from {self.valid_from} on, and it signed on {made_at.date()}"
        if self.valid_until is not None and made_at.date() > self.valid_until:
            return f"the key {self.words} was valid until {self.valid_until}, and it signed on {made_at.date()}"
        return None


@dataclass(frozen=True, slots=True)
class TrustRoots:
    """Whose signatures count.

    Attributes:
        path: Where that is said.
        keys: The keys, each once.
        threshold: How many of them have to have signed.
    """

    path: str
    keys: tuple[TrustedKey, ...]
    threshold: int = 1

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
        if read.threshold > len(keys):
            raise TrustRootsError(path, [f"threshold: {read.threshold} of {len(keys)} keys can never have signed"])
        return cls(path, keys, read.threshold)


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
    return TrustedKey(
        key, table.name or name, table.valid_from, table.valid_until, revoked=table.revoked, reason=table.reason
    )


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


def _told(place: Sequence[int | str], message: str) -> str:
    words = place_in(place)
    message = message.removeprefix("Value error, ")
    return f"{words}: {message[:1].lower()}{message[1:]}" if words else message
