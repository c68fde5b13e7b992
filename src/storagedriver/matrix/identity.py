"""What a cell would run, as a digest: the files of kit, suites and driver, Python, the options, the project's settings.

A report of the same digest need not be made again. `python -m storagedriver.matrix.identity` reads cells from standard
input and prints their digests, so that all is looked for in the folder where pytest would.
"""

from __future__ import annotations

import functools
import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from storagedriver.matrix.cell import Cell

_SETTINGS = ("conftest.py", "pyproject.toml", "pytest.toml", "pytest.ini", "tox.ini", "setup.cfg")
"""Files of the folder in which pytest runs that may say what is run."""

_PACKAGES = ("pytest", "hypothesis", "pydantic")


class IdentityError(RuntimeError):
    """What cells would run cannot be told, as the process that looks for it ended badly."""


def identities(cells: Sequence[Cell], folder: Path) -> list[str]:
    """The digests of cells that are run in a folder: 64 hexadecimal digits each.

    Raises:
        IdentityError: They cannot be told.
    """
    asked = json.dumps([[cell.driver, cell.arguments, sorted(cell.parameters), cell.addopts] for cell in cells])
    done = subprocess.run(
        [sys.executable, "-m", "storagedriver.matrix.identity"],
        cwd=folder,
        input=asked,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise IdentityError(f"what cells would run cannot be told: {(done.stderr.splitlines() or ['no reason'])[-1]}")
    found: list[str] = json.loads(done.stdout)
    return found


def _digest(driver: str, arguments: Sequence[str], parameters: Sequence[Sequence[str]], addopts: str) -> str:
    told = {
        "arguments": list(arguments),
        "parameters": [list(each) for each in parameters],
        "addopts": addopts,
        "driver": _files(driver),
        "kit": _kit(),
        "settings": {name: _sha256(Path(name)) for name in _SETTINGS if Path(name).is_file()},
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@functools.cache
def _kit() -> Mapping[str, object]:
    from storagedriver.installed import entry_points  # noqa: PLC0415  for this process alone
    from storagedriver.registry import CHECKS  # noqa: PLC0415  as above

    packages = sorted({point.module.partition(".")[0] for point in entry_points(group=CHECKS)})
    return {
        "files": {name: _files(f"{name}:files") for name in ("storagedriver", *packages)},
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


@functools.cache
def _files(driver: str) -> object:
    from storagedriver.driver_files import DriverFilesError, of_driver  # noqa: PLC0415  as above

    try:
        found = of_driver(driver)
    except DriverFilesError:
        # Registered in the folder's conftest.py, which counts among its settings.
        return None
    return [found.distribution, [subject.to_dict() for subject in found.subjects]]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    json.dump([_digest(*each) for each in json.load(sys.stdin)], sys.stdout)
