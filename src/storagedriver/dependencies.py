"""Optional packages: an import that fails with the pip command that mends it."""

from __future__ import annotations

import importlib
from types import ModuleType

from storagedriver.errors import MissingDependencyError


def require(module: str, *, extra: str, driver_name: str) -> ModuleType:
    """Import `module`, which the extra `extra` of this distribution installs.

    Raises:
        MissingDependencyError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        raise MissingDependencyError(
            f"{missing.name or module} is not installed; install it with: pip install 'storagedriver[{extra}]'",
            driver_name=driver_name,
        ) from missing
