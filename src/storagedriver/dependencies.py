"""Optional packages: an import that fails with the command that mends it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
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


SYSTEM_FOLDER = Path("/usr/lib/python3/dist-packages")
"""Where Debian's packages put the modules of its own Python."""

_lock = threading.Lock()


def require_system(module: str, *, package: str, driver_name: str) -> ModuleType:
    """Import a compiled module that is in no package index: from this environment, else from Debian's `package`.

    Of Debian's folder this one module is taken and no other, as its packages are of other versions than this
    environment's.

    Raises:
        MissingDependencyError: It is in neither, or in Debian's for another Python alone.
    """
    with _lock:
        loaded = sys.modules.get(module)
        if loaded is not None:
            return loaded
        try:
            return importlib.import_module(module)
        except ModuleNotFoundError as missing:
            file = _system_file(module)
            spec = None if file is None else importlib.util.spec_from_file_location(module, file)
            if spec is None or spec.loader is None:
                problem = system_module_missing(module, package=package) or f"{module} does not load"
                raise MissingDependencyError(problem, driver_name=driver_name) from missing
        made = importlib.util.module_from_spec(spec)
        sys.modules[module] = made
        try:
            spec.loader.exec_module(made)
        except ImportError as broken:
            del sys.modules[module]
            raise MissingDependencyError(f"{file} does not load: {broken}", driver_name=driver_name) from broken
        return made


def system_module_missing(module: str, *, package: str) -> str | None:
    """Why require_system() would fail, with the command that mends it; None if it would not."""
    if module in sys.modules or importlib.util.find_spec(module) is not None or _system_file(module) is not None:
        return None
    others = sorted(SYSTEM_FOLDER.glob(f"{module}.*.so"))
    if others:
        running = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return (
            f"the module {module} of Debian's {package} is not for Python {running} ({others[0].name}): run with the "
            f"system's own Python, or build {module} for this one from the source of its project"
        )
    return f"the module {module} is not installed; install it with: apt install {package}"


def _system_file(module: str) -> Path | None:
    files = (SYSTEM_FOLDER / f"{module}{suffix}" for suffix in EXTENSION_SUFFIXES)
    return next((file for file in files if file.is_file()), None)
