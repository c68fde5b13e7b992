"""docs/contract.md, made of the data."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from storagedriver import errors
from storagedriver.contract import GROUPS, REQUIREMENTS, Level, Requirement

_INTRODUCTION = """\
# The storage driver contract

What every driver promises, as numbered requirements. The suites test each one, a report names them, and a certificate
counts them. This page is made of `storagedriver.contract`; run `python -m storagedriver.contract.document` to print it.

- **MUST** decides certification. With a capability named beside it, it is a MUST where the driver declares that.
- **SHOULD** is reported, and decides nothing.
- **CAP** is promised by declaring the capability alone.

A capability is declared by the driver and then verified: declared and not kept is a failure; not declared is "not
offered", never a silent skip. The capabilities are the fields of `storagedriver.Capabilities`; the methods are those of
`storagedriver.StorageDriver`.

Outcomes are kept apart: passed, failed (the driver), errored (the kit or the server), skipped with its reason, flaky,
not offered, waived. An outage is not a driver's bug, and a skip is no pass."""


def as_markdown() -> str:
    """The contract as a page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield from ("", "## Errors", "")
    yield "Every error carries the driver's name and, where there is one, the caller's path. All of them pickle."
    yield from ("", "| error | is also | code | meaning |", "|---|---|---|---|")
    yield from (_error_row(kind) for kind in _error_types())
    for group, title in GROUPS.items():
        members = [each for each in REQUIREMENTS.values() if each.group == group]
        yield from ("", f"## {group}: {title}")
        for each in members:
            yield from _section(each)


def _section(requirement: Requirement) -> Iterator[str]:
    yield from ("", f"### {requirement.id}", "")
    level = f"**{requirement.level}**"
    if requirement.capability is not None:
        joint = "with" if requirement.level is Level.CAP else "where declared:"
        level += f" {joint} `{requirement.capability}`"
    yield f"{requirement.title}."
    yield from ("", f"{level}. {requirement.promise}")
    yield from ("", f"*Why:* {requirement.rationale}")
    yield from ("", f"*Source:* {requirement.source}.")


def _error_types() -> list[type[errors.StorageDriverError]]:
    return [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.StorageDriverError) and kind.__module__ == errors.__name__
    ]


def _error_row(kind: type[errors.StorageDriverError]) -> str:
    others = [base.__name__ for base in kind.__bases__ if base is not Exception]
    meaning = (inspect.getdoc(kind) or "").partition("\n")[0]
    return f"| `{kind.__name__}` | {', '.join(f'`{name}`' for name in others) or '-'} | `{kind.code}` | {meaning} |"


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201  this is the program's output
