"""Secrets stay out of what is printed and reported (SEC-3)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from storagedriver.testing.target import Target

HIDDEN = "***"
_WORDS = ("secret", "password", "passwd", "passphrase", "token", "credential", "apikey", "api_key", "private")
_SHORTEST = 3
"""Characters; what is shorter cannot be told from ordinary text."""


def secret_parameters(target: Target) -> frozenset[str]:
    """The parameters whose values are secrets: fields of the driver's model that are SecretStr, or named so."""
    declared = {name for name, field in _fields(target).items() if "Secret" in str(field.annotation)}
    return frozenset(declared | {name for name in target.parameters if _sounds_secret(name)})


def shown_parameters(target: Target) -> dict[str, str]:
    """The target's parameters as text, by name, without secrets."""
    hidden, redact = secret_parameters(target), Redaction(target)
    return {name: HIDDEN if name in hidden else redact(str(value)) for name, value in sorted(target.parameters.items())}


class Redaction:
    """Replaces the values of secret parameters in texts by `***`."""

    def __init__(self, target: Target) -> None:
        """Know the secrets of `target`."""
        spellings = {each for secret in _secrets(target) for each in _spellings(secret)}
        # The longest first: a secret may be a part of another.
        self._secrets = sorted((each for each in spellings if len(each) >= _SHORTEST), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def values(self, given: Any) -> Any:
        """Plain values with the secrets replaced in all their texts; keys stay."""
        if isinstance(given, str):
            return self(given)
        if isinstance(given, Mapping):
            return {key: self.values(each) for key, each in given.items()}
        if isinstance(given, list | tuple):
            return [self.values(each) for each in given]
        return given


def _fields(target: Target) -> Mapping[str, Any]:
    model = getattr(getattr(target.registration.constructor, "__self__", None), "Parameters", None)
    fields: Mapping[str, Any] = getattr(model, "model_fields", {})
    return fields


def _sounds_secret(name: str) -> bool:
    return any(word in name.lower() for word in _WORDS)


def _secrets(target: Target) -> Iterator[str]:
    hidden, fields = secret_parameters(target), _fields(target)
    for name in hidden:
        value = target.parameters.get(name)
        if value is None and name in fields:
            # A default that the driver brings along opens the store as well as one that is given.
            value = fields[name].default
        yield from _texts(value)
    for name, value in target.parameters.items():
        if name not in hidden:
            yield from _within(value)


def _texts(value: object) -> Iterator[str]:
    """The secret itself, or each of several."""
    reveal = getattr(value, "get_secret_value", None)
    if reveal is not None:
        value = reveal()
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, bytes):
        yield value.decode(errors="backslashreplace")
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def _within(value: object) -> Iterator[str]:
    """Secrets in a parameter that is none as a whole: fields of a table or of a JSON object, the password of an address."""
    if hasattr(value, "get_secret_value"):
        yield from _texts(value)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _texts(each) if _sounds_secret(str(name)) else _within(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _within(each)
    elif isinstance(value, str) and value.lstrip().startswith("{"):
        # Options of a library, as text.
        with contextlib.suppress(ValueError, RecursionError):
            yield from _within(json.loads(value))
    elif isinstance(value, str) and "://" in value:
        try:
            password = urlsplit(value).password
        except ValueError:
            return
        if password:
            yield password


def _spellings(secret: str) -> set[str]:
    """The secret as it stands in texts, in source, in JSON and in addresses."""
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], *quoted}
