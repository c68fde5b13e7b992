"""The table [tool.storagedriver] of pyproject.toml, checked as strictly as the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from storagedriver.registry import PROFILES
from storagedriver.suggestions import did_you_mean, did_you_mean_or

_WHERE = "pyproject.toml [tool.storagedriver]"


def _is_words(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(word, str) for word in value))


_KINDS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "driver": ("a string or a list of strings", _is_words),
    "backend": ("a string or a list of strings", _is_words),
    "suite": ("a string or a list of strings", _is_words),
    "requirement": ("a string or a list of strings", _is_words),
    "profile": ("a string", lambda value: isinstance(value, str)),
    "certify-report": ("a string", lambda value: isinstance(value, str)),
    "require-backends": ("true or false", lambda value: isinstance(value, bool)),
    "seed": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "compare": ("true or false", lambda value: isinstance(value, bool)),
    "check-timeout": ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "parameters": ("a table", lambda value: isinstance(value, dict)),
}


@dataclass(frozen=True, slots=True)
class Table:
    """What the table says; every key may be missing.

    Attributes:
        values: Its keys and values.
        folder: Where its file lies.

    Raises:
        pytest.UsageError: A key is unknown, or a value of the wrong type.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = field(default_factory=Path.cwd)

    def __post_init__(self) -> None:
        for key, value in self.values.items():
            if key not in _KINDS:
                hint = did_you_mean_or(key.replace("_", "-"), _KINDS, "known are ")
                raise pytest.UsageError(f"{_WHERE}: unknown key {key!r}; {hint}")
            kind, fits = _KINDS[key]
            if not fits(value):
                raise pytest.UsageError(f"{_WHERE}: {key} is {kind}, not {value!r}")
        for driver, parameters in self.values.get("parameters", {}).items():
            if not isinstance(parameters, dict):
                raise pytest.UsageError(
                    f"{_WHERE}: the parameters of {driver} are a table of their own: "
                    f"[tool.storagedriver.parameters.{driver}]"
                )

    def words(self, key: str) -> list[str]:
        """A list of words; one word counts as a list of it."""
        value = self.values.get(key, [])
        return [value] if isinstance(value, str) else list(value)

    def text(self, key: str) -> str | None:
        """A string."""
        return self.values.get(key)

    def number(self, key: str, default: float) -> float:
        """A number."""
        return float(self.values.get(key, default))

    def integer(self, key: str) -> int | None:
        """A whole number; None if it is missing."""
        return self.values.get(key)

    def flag(self, key: str) -> bool:
        """True or false; false if it is missing."""
        return bool(self.values.get(key, False))

    def profile(self) -> str:
        """The profile.

        Raises:
            pytest.UsageError: There is none of this name.
        """
        profile = str(self.values.get("profile", PROFILES[0]))
        if profile not in PROFILES:
            raise pytest.UsageError(f"{_WHERE}: profile is one of {', '.join(PROFILES)}, not {profile!r}")
        return profile

    def parameters(self, drivers: Iterable[str], known: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """The parameters by driver; those of drivers that this run does not judge are fine.

        Raises:
            pytest.UsageError: A table is for a driver whose name is that of another with a mistake in it.
        """
        given: Mapping[str, Mapping[str, Any]] = self.values.get("parameters", {})
        names = [*drivers, *known]
        for name in given:
            hint = did_you_mean(name, names, cutoff=0.85)
            if name not in names and hint:
                raise pytest.UsageError(
                    f"{_WHERE}: [tool.storagedriver.parameters.{name}]: no driver is called {name!r}; {hint}"
                )
        return given
