"""Records: frozen dataclasses that become plain JSON values and come back, or are refused."""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from storagedriver.report.errors import ReportError


class Record:
    """A dataclass that converts to JSON values and back.

    Its fields are strings, numbers, enums of strings, times and records, tuples and mappings of these, optional ones,
    and Any for JSON that is not looked into.
    """

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """The record as values that JSON knows; every field is present."""
        record: Any = type(self)
        return {name: _plain(getattr(self, name)) for name in _fields(record)}

    @classmethod
    def from_dict(cls, given: Any) -> Self:
        """The record that `to_dict` made `given` of.

        Raises:
            ReportError: A key is unknown or missing, or a value has the wrong type or breaks a rule of the record.
        """
        made: Self = _record(cls, given, cls.__name__)
        return made


@functools.cache
def _fields(record: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(record)
    return {field.name: hints[field.name] for field in dataclasses.fields(record)}


def moment_text(moment: datetime, *, timespec: str = "auto") -> str:
    """A moment in UTC as reports have it: "2027-01-31T12:00:00Z"; `timespec` as datetime.isoformat() takes it."""
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _record(record: Any, given: Any, where: str) -> Any:
    if not isinstance(given, Mapping):
        raise ReportError(f"{where}: an object is needed, not {_kind(given)}")
    hints = _fields(record)
    if unknown := sorted(str(key) for key in given if key not in hints):
        raise ReportError(f"{where}: unknown {_named('key', unknown)}")
    if missing := [name for name in hints if name not in given]:
        raise ReportError(f"{where}: missing {_named('key', missing)}")
    values = {name: _value(hint, given[name], f"{where}.{name}") for name, hint in hints.items()}
    try:
        return record(**values)
    except ValueError as broken:
        raise ReportError(f"{where}: {broken}") from broken


def _value(hint: Any, given: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if hint is Any:
        return given
    if origin is types.UnionType:
        options = [option for option in typing.get_args(hint) if option is not types.NoneType]
        return None if given is None else _value(options[0], given, where)
    if origin is tuple:
        if not isinstance(given, list | tuple):
            raise ReportError(f"{where}: an array is needed, not {_kind(given)}")
        item = typing.get_args(hint)[0]
        return tuple(_value(item, each, f"{where}[{index}]") for index, each in enumerate(given))
    if origin is Mapping:
        if not isinstance(given, Mapping):
            raise ReportError(f"{where}: an object is needed, not {_kind(given)}")
        key_hint, item_hint = typing.get_args(hint)
        return {
            _value(key_hint, key, f"{where}: key"): _value(item_hint, item, f"{where}.{key}")
            for key, item in given.items()
        }
    if issubclass(hint, Record):
        return _record(hint, given, where)
    return _scalar(hint, given, where)


def _scalar(hint: type[Any], given: Any, where: str) -> Any:
    if hint is float and isinstance(given, int | float) and not isinstance(given, bool):
        try:
            number = float(given)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise ReportError(f"{where}: a finite number is needed")
        return number
    if issubclass(hint, enum.Enum) or hint is datetime:
        return _from_text(hint, given, where)
    if not isinstance(given, hint) or (isinstance(given, bool) and hint is not bool):
        raise ReportError(f"{where}: {_NAMES[hint]} is needed, not {_kind(given)}")
    return given


def _from_text(hint: Any, given: Any, where: str) -> Any:
    if not isinstance(given, str):
        raise ReportError(f"{where}: a string is needed, not {_kind(given)}")
    is_time = issubclass(hint, datetime)
    try:
        return datetime.fromisoformat(given) if is_time else hint(given)
    except ValueError:
        needed = "a time" if is_time else f"one of {', '.join(each.value for each in hint)}"
        raise ReportError(f"{where}: {needed} is needed, not {given[:40]!r}") from None


_NAMES: Mapping[type, str] = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}


def _kind(given: Any) -> str:
    if given is None:
        return "null"
    if isinstance(given, Mapping):
        return "an object"
    if isinstance(given, list | tuple):
        return "an array"
    return next((name for kind, name in _NAMES.items() if type(given) is kind), type(given).__name__)


def _named(noun: str, names: Sequence[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(repr(name[:40]) for name in names[:5])}"
