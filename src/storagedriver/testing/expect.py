"""Judging what a driver did: each function states what the contract expects and shows what was seen instead."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from storagedriver.driver import StorageDriver
from storagedriver.errors import PathNotFoundError

Kinds = type[BaseException] | tuple[type[BaseException], ...]


class ContractViolation(AssertionError):  # noqa: N818  its name is what it is
    """A driver did not keep its promise.

    Attributes:
        what: What was judged, in a few words: "content after a shorter put".
        expected: What the contract asks for.
        seen: What the driver did.
        comparable: Whether `seen != expected` is the violation, so that a script can judge by it alone.
        kinds: The errors of which one was expected, where none or another came.
        story: More about what happened, line by line; shown, and kept with the calls.
        exhibits: Files to be written beside the report, the text of each by the ending of its name: ".svg".
        requirement: The clause that is broken, where one check judges several; None for that of the check.
    """

    def __init__(
        self,
        what: str,
        *,
        expected: object,
        seen: object,
        comparable: bool = False,
        kinds: Kinds | None = None,
        story: Sequence[str] = (),
        exhibits: Mapping[str, str] | None = None,
        requirement: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected
        self.seen = seen
        self.comparable = comparable
        self.kinds = kinds
        self.story = tuple(story)
        self.exhibits = dict(exhibits or {})
        self.requirement = requirement

    def __reduce__(self) -> tuple[Callable[..., ContractViolation], tuple[str, dict[str, Any]]]:
        # What another process judged is raised in this one; an exception by itself would be made of its message alone.
        return _restored, (self.what, {name: value for name, value in vars(self).items() if name != "what"})

    def __str__(self) -> str:
        return f"{self.what}: expected {abbreviated(self.expected)}, seen {abbreviated(self.seen)}"


def _restored(what: str, told: dict[str, Any]) -> ContractViolation:
    return ContractViolation(what, **told)


_SHORT = 4
"""Members of a list that are seen at a glance."""


def abbreviated(value: object, limit: int = 160) -> str:
    """`value` in a line: long bytes by their length and both ends."""
    if isinstance(value, bytes | bytearray | memoryview) and len(value) > 48:
        data = bytes(value)
        return f"{len(data):,} bytes {data[:12]!r}…{data[-12:]!r}"
    if isinstance(value, BaseException):
        text = f"{type(value).__name__}: {value}"
    elif isinstance(value, str) and "\n" not in value and not value.isidentifier() and " " in value:
        text = value
    else:
        text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def equal(seen: object, expected: object, what: str) -> None:
    """`seen` equals `expected`."""
    __tracebackhide__ = True
    if seen != expected:
        if isinstance(seen, bytes) and isinstance(expected, bytes):
            what = f"{what} ({_first_difference(seen, expected)})"
        elif isinstance(seen, list) and isinstance(expected, list) and max(len(seen), len(expected)) > _SHORT:
            what = f"{what} ({_differences(seen, expected)})"
        raise ContractViolation(what, expected=expected, seen=seen, comparable=True)


def true(condition: object, what: str, *, expected: object = "yes", seen: object = "no") -> None:
    """`condition` holds; prefer equal() and raises(), which a reproducer can judge by itself."""
    __tracebackhide__ = True
    if not condition:
        raise ContractViolation(what, expected=expected, seen=seen)


@dataclass(slots=True)
class Caught:
    """The error that raises() caught; `error` is set when the block is left."""

    error: BaseException | None = field(default=None)


@contextlib.contextmanager
def raises(kinds: Kinds, what: str, *, path: str | None = None) -> Iterator[Caught]:
    """The block raises one of `kinds`; with `path`, the error carries that path, as the caller gave it (ERR-2)."""
    __tracebackhide__ = True
    caught = Caught()
    try:
        yield caught
    except ContractViolation:
        raise
    except kinds as error:
        caught.error = error
    except Exception as error:
        raise ContractViolation(what, expected=_names(kinds), seen=error, kinds=kinds) from error
    else:
        raise ContractViolation(what, expected=_names(kinds), seen="no error", kinds=kinds)
    if path is not None:
        equal(getattr(caught.error, "path", None), path, f"path that the error carries: {what}")


def not_found(action: Callable[[], Any], what: str) -> None:
    """`action` raises PathNotFoundError."""
    __tracebackhide__ = True
    with raises(PathNotFoundError, what):
        action()


def file(driver: StorageDriver, path: str, expected: bytes, what: str) -> None:
    """A file with exactly this content is at `path`: by get_content, which gives bytes, and by stat."""
    __tracebackhide__ = True
    content = driver.get_content(path)
    equal(content, expected, what)
    true(isinstance(content, bytes), f"type: {what}", expected="bytes", seen=type(content).__name__)
    info = driver.stat(path)
    equal(info.size, len(expected), f"size by stat: {what}")
    equal(info.is_dir, False, f"is_dir by stat: {what}")


def absent(driver: StorageDriver, path: str, what: str) -> None:
    """Nothing is at `path`: get_content, reader, stat and list all say PathNotFoundError."""
    __tracebackhide__ = True
    not_found(lambda: driver.get_content(path), f"get_content: {what}")
    not_found(lambda: _read(driver, path), f"reader: {what}")
    not_found(lambda: driver.stat(path), f"stat: {what}")
    not_found(lambda: driver.list(path), f"list: {what}")


def children(driver: StorageDriver, path: str, expected: Iterable[str], what: str) -> None:
    """list(path) gives exactly `expected`, each once, in any order."""
    __tracebackhide__ = True
    equal(sorted(driver.list(path)), sorted(expected), what)


def _read(driver: StorageDriver, path: str) -> bytes:
    with driver.reader(path) as stream:
        return stream.read()


def _names(kinds: Kinds) -> str:
    every = kinds if isinstance(kinds, tuple) else (kinds,)
    return " or ".join(kind.__name__ for kind in every)


def _differences(seen: list[object], expected: list[object]) -> str:
    told = [
        f"{word} {', '.join(abbreviated(each) for each in members[:3])}"
        f"{f' and {len(members) - 3} more' if len(members) > 3 else ''}"
        for word, members in (
            ("without", [each for each in expected if each not in seen]),
            ("with", [each for each in seen if each not in expected]),
        )
        if members
    ]
    return "; ".join(told) or ("in another order" if len(seen) == len(expected) else "some more often than others")


def _first_difference(seen: bytes, expected: bytes) -> str:
    if len(seen) != len(expected):
        return f"{len(seen):,} bytes instead of {len(expected):,}"
    position = next(index for index, pair in enumerate(zip(seen, expected, strict=True)) if pair[0] != pair[1])
    return f"first difference at byte {position:,}"
