"""The backend as another tool sees it: through the vendor's own SDK, in the driver's documented layout (FOR)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable


class ForeignRefusal(Exception):  # noqa: N818  its name is what it is
    """The backend cannot hold what the tool was to store, such as a name of this kind; nothing was stored."""


class ForeignStore(Protocol):
    """Another tool on a driver's backend, without any of the driver's code: what it stores, the driver did not make.

    It knows from the driver's documentation where the file of a path lies. Names are paths with a leading slash, and may
    be such that no path of the interface is.

    Attributes:
        ways: How it can store a file, the ordinary one first: "plain", "in parts", "with metadata of its own".
        odd_names: Names below a directory that this backend can hold and no path can, beside those that every backend
            is tried with: "a//b".
    """

    @property
    def ways(self) -> Sequence[str]: ...

    @property
    def odd_names(self) -> Sequence[str]: ...

    def put(self, name: str, content: bytes, way: str) -> None:
        """Store a file in one of the ways.

        Raises:
            ForeignRefusal: The backend cannot hold it.
        """
        ...

    def mark(self, name: str) -> None:
        """Mark an empty directory, as consoles and tools for folders do.

        Raises:
            ForeignRefusal: The backend has no such marks.
        """
        ...

    def get(self, name: str) -> bytes | None:
        """The content of the file of this name; None if there is none."""
        ...

    def holds(self, name: str) -> bool:
        """Whether a file, a marker or anything below lies under this name."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


@runtime_checkable
class GivesSecondNames(Protocol):
    """What a ForeignStore has besides where a file of its backend can have several names, as hard links make them."""

    def link(self, name: str, other: str) -> None:
        """Give the file of a name another name too, in the same directory.

        Raises:
            ForeignRefusal: This backend cannot.
        """
        ...


OpenForeignStore = Callable[[Mapping[str, Any]], ForeignStore]
"""Called with the driver's parameters."""


def gives_second_names(opening: OpenForeignStore | None) -> bool:
    """Whether what a registration gives is a class of GivesSecondNames: a function is not asked what it will return."""
    return isinstance(opening, type) and issubclass(opening, GivesSecondNames)
