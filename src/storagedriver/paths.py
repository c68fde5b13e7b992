"""The grammar of paths (PATH-1, PATH-2): `/`, or components of ASCII letters, digits, `.`, `_` and `-`.

Nothing here knows a driver: errors raised here carry the path, and the driver adds its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from storagedriver.errors import InvalidPathError

ROOT = "/"

_LETTER = "[A-Za-z0-9._-]"
_COMPONENT = re.compile(rf"{_LETTER}+", re.ASCII)
_PATH = re.compile(rf"(?:/(?!\.{{1,2}}(?:/|\Z)){_LETTER}++)++", re.ASCII)
"""All valid paths but the root, looked at once: each call of a driver begins with it."""


def is_component(name: str) -> bool:
    """Whether `name` may be one component of a path."""
    return name not in {".", ".."} and _COMPONENT.fullmatch(name) is not None


def validate(path: str, *, allow_root: bool = False) -> str:
    """Return `path`, or raise InvalidPathError if it is outside the grammar.

    Args:
        path: The path as the caller gave it.
        allow_root: Whether `/` is meant to be accepted: for stat, list and walk alone (PATH-3).

    Raises:
        InvalidPathError: The path is not a str, or not of the grammar.
    """
    if not isinstance(path, str):
        raise InvalidPathError(f"a path is a str, not {type(path).__name__}", path=repr(path))
    if path == ROOT:
        if allow_root:
            return path
        raise InvalidPathError("'/' is valid for stat, list and walk only", path=path)
    if _PATH.fullmatch(path) is not None:
        return path
    if not path.startswith("/"):
        raise InvalidPathError("a path begins with '/'", path=path)
    wrong = next(name for name in path[1:].split("/") if not is_component(name))
    raise InvalidPathError(_reason(wrong), path=path)


def _reason(name: str) -> str:
    if name == "":
        return "no empty component and no trailing slash is allowed"
    if name in {".", ".."}:
        return f"the component {name!r} is refused"
    return f"the component {name!r} has a character other than A-Z a-z 0-9 . _ -"


def components(path: str) -> tuple[str, ...]:
    """The components of a valid path: `()` for `/`. Paths compare in walk order by this key (WALK-1)."""
    return () if path == ROOT else tuple(path[1:].split("/"))


def join(directory: str, name: str) -> str:
    """The path of the child `name` of `directory`."""
    return f"/{name}" if directory == ROOT else f"{directory}/{name}"


def parent(path: str) -> str:
    """The directory that `path` lies in; `/` for `/` itself."""
    return path.rpartition("/")[0] or ROOT


def name(path: str) -> str:
    """The last component; empty for `/`."""
    return path.rpartition("/")[2]


def is_below(path: str, directory: str) -> bool:
    """Whether `path` lies below `directory`, at any depth. A path is not below itself."""
    if directory == ROOT:
        return path != ROOT
    return path.startswith(directory + "/")


def children(directory: str, below: Iterable[str]) -> set[str]:
    """The direct children of `directory` that lead to the paths `below` it, for a store that knows whole paths only."""
    depth = len(components(directory)) + 1
    return {"/" + "/".join(components(path)[:depth]) for path in below}
