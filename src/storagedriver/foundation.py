"""What drivers do alike, whether their calls block or are awaited: parameters, checks of arguments, errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from storagedriver import paths
from storagedriver.driver import Capabilities
from storagedriver.errors import BackendError, InvalidOffsetError, InvalidPathError, StorageDriverError

if TYPE_CHECKING:
    from pydantic import BaseModel
    from typing_extensions import Buffer


def contiguous(data: Buffer) -> memoryview:
    """`data` as a contiguous view of bytes.

    Raises:
        TypeError: It is a str, or no buffer at all (CONT-3).
    """
    if isinstance(data, str):
        raise TypeError("content is bytes-like, not str")
    view = memoryview(data)
    # A slice with a step, or a transposed array, is copied: its bytes are not where its length says.
    return view.cast("B") if view.c_contiguous and view.ndim else memoryview(view.tobytes())


class DriverFoundation:
    """The base of BaseDriver and of AsyncBaseDriver.

    Class attributes a driver sets:
        name: The driver's name.
        Parameters: Its pydantic model; None if it takes none.
        capabilities: What it claims. An instance may set its own in `__init__`.
    """

    name: str = ""
    Parameters: ClassVar[type[BaseModel] | None] = None
    capabilities: Capabilities = Capabilities()

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        """The constructor to register: makes the driver of a plain mapping.

        Raises:
            ParameterError: A parameter is unknown, missing, mistyped or out of range (CONF-1).
        """
        # pydantic takes longer to import than all of the interface, and callers of other drivers don't need it.
        from storagedriver.parameters import NoParameters, parse  # noqa: PLC0415

        model = parse(cls.Parameters or NoParameters, {} if parameters is None else parameters, driver_name=cls.name)
        return cls() if cls.Parameters is None else cls(model)  # type: ignore[call-arg]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    # --- errors

    _backend_errors: ClassVar[tuple[type[Exception], ...]] = (OSError,)
    """What the backend's library raises where it fails; all else is a bug and passes as it is. See _translate()."""

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        """The driver's own error for one of its backend; None for what is not the backend's doing (a bug)."""
        return BackendError(str(error)) if isinstance(error, self._backend_errors) else None

    @contextlib.contextmanager
    def translated(self, path: str | None) -> Iterator[None]:
        """Turn what the backend raises into the driver's errors, with its name and the caller's path (ERR-2)."""
        try:
            yield
        except StorageDriverError as error:
            raise error.located(self.name, path)  # noqa: B904  the same error goes on, its cause untouched
        except Exception as error:
            own = self._translate(error, path)
            if own is None:
                raise
            raise own.located(self.name, path) from error

    # --- arguments

    def _valid(self, path: str, *, allow_root: bool = False) -> str:
        try:
            paths.validate(path, allow_root=allow_root)
        except InvalidPathError as error:
            raise error.located(self.name, None)  # noqa: B904  the same error goes on
        problem = self._too_long(path)
        if problem:
            raise InvalidPathError(problem, path=path).located(self.name, path)
        return path

    def _too_long(self, path: str) -> str | None:
        """What a path has too much of for this driver; None if a caller can ask for it (CAP-2).

        What another tool put there may have: list and walk leave it out (FOR-1).
        """
        limits = self.capabilities.limits
        if len(path) > limits.longest_path:
            return f"longer than {limits.longest_path} bytes"
        # No component is longer than its path.
        if len(path) > limits.longest_component and any(
            len(name) > limits.longest_component for name in paths.components(path)
        ):
            return f"a component is longer than {limits.longest_component} bytes"
        return None

    def _valid_offset(self, path: str, offset: int) -> int:
        if offset < 0:
            raise InvalidOffsetError(f"{offset} is negative").located(self.name, path)
        return offset
