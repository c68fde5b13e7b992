"""The files that a driver is made of, and their digests: of one file, of a tree, or of what a wheel installed.

The digest of many files is that of a list of them, a line each as sha256sum writes it: the file's SHA-256, two spaces, its
path with `/`. The lines are in the order of the paths' bytes. Compiled Python files are left out.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from importlib.machinery import PathFinder
from importlib.metadata import Distribution, EntryPoint, entry_points
from pathlib import Path, PurePosixPath
from typing import IO

from storagedriver import factory, registry
from storagedriver.report.model import FilesDigest

FILE = "file"
TREE = "tree"
INSTALLED = "installed"

_KEPT_METADATA = frozenset({"METADATA", "entry_points.txt"})
"""Of .dist-info, what the distribution's author wrote; the rest is of the installer."""

_PIECE = 1 << 20


class DriverFilesError(ValueError):
    """The files of a driver cannot be found or listed; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a driver, as they lie here.

    Attributes:
        subjects: Their digests; more than one where the same files can be told in several ways.
        distribution: Name and version of the distribution that they are; None if they are of none.
        driver: The name of the driver that they were named by; None if they were named by a path.
    """

    subjects: tuple[FilesDigest, ...]
    distribution: str | None = None
    driver: str | None = None


def of_path(path: str | os.PathLike[str]) -> Files:
    """A wheel, another file, or a folder.

    Raises:
        DriverFilesError: It cannot be read, is a wheel without metadata, or a folder with nothing in it or with links.
    """
    given = Path(path)
    try:
        if given.is_dir():
            return Files((_tree(given.resolve()),))
        whole = FilesDigest(given.name, FILE, _digest(given.open("rb")))
        if given.suffix != ".whl":
            return Files((whole,))
        with zipfile.ZipFile(given) as wheel:
            distribution, content = _wheel(wheel)
        return Files((whole, FilesDigest(distribution, INSTALLED, content)), distribution)
    except OSError as refused:
        raise DriverFilesError(f"{given}: cannot be read: {refused.strerror or refused}") from refused
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as broken:
        raise DriverFilesError(f"{given}: not a wheel: {broken}") from broken


def of_driver(words: str) -> Files:
    """The files that a driver comes from.

    Args:
        words: A name that an installed package registers, or `module:callable`.

    Raises:
        DriverFilesError: No installed package registers it, or its files cannot be found or read.
    """
    try:
        if ":" in words:
            module, _, attributes = words.partition(":")
            return Files((_module(module, here=True),), driver=attributes)
        point = _entry_point(words)
        distribution = point.dist
        if distribution is None:
            return Files((_module(point.module),), driver=words)
        name = f"{distribution.name} {distribution.version}"
        listed = None if _is_editable(distribution) else _installed(distribution)
        if listed is None:
            return Files((_module(point.module),), name, words)
        return Files((FilesDigest(name, INSTALLED, listed),), name, words)
    except OSError as refused:
        raise DriverFilesError(f"the files of {words} cannot be read: {refused}") from refused


def same_distribution(one: str | None, other: str | None) -> bool:
    """Whether two distributions, each as name and version, are the same; None is files of none."""
    return _normalised(one) == _normalised(other)


def _normalised(distribution: str | None) -> str | None:
    if distribution is None:
        return None
    name, _, version = distribution.rpartition(" ")
    return f"{re.sub(r'[-_.]+', '-', name).lower()} {version}"


def _entry_point(name: str) -> EntryPoint:
    # Read anew, and not as storagedriver.installed keeps them: a certificate is of what lies there now.
    for group in (factory.ENTRY_POINTS, registry.ENTRY_POINTS):
        for point in entry_points(group=group, name=name):
            return point
    raise DriverFilesError(
        f"no installed package registers the driver {name}: name its files with --subject PATH, "
        "or the driver with --driver module:callable"
    )


def _module(name: str, *, here: bool = False) -> FilesDigest:
    """The package that a module lies in, with all below; the module's file if it lies in none.

    With `here` one of the working directory comes first, as where the plugin is given a module by name.
    """
    top = name.partition(".")[0]
    try:
        spec = PathFinder.find_spec(top, [str(Path.cwd())]) if top and here else None
        if spec is None and top:
            spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise DriverFilesError(f"no module {name!r} can be found, neither here nor in what is installed")
    if spec.submodule_search_locations is not None:
        places = [Path(place) for place in spec.submodule_search_locations]
        if len(places) != 1:
            raise DriverFilesError(
                f"the package {top} lies in {len(places)} places: name its files with --subject PATH"
            )
        return _tree(places[0].resolve())
    if spec.origin is None or not Path(spec.origin).is_file():
        raise DriverFilesError(f"the module {name} has no file: name its files with --subject PATH")
    file = Path(spec.origin)
    return FilesDigest(file.name, FILE, _digest(file.open("rb")))


def _tree(folder: Path) -> FilesDigest:
    files: dict[str, Callable[[], IO[bytes]]] = {}
    for place, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = [each for each in folders if each != "__pycache__"]
        for name in (*folders, *names):
            path = Path(place, name)
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise DriverFilesError(f"{path}: neither a file nor a folder, so that its content may change unseen")
        for name in names:
            path = Path(place, name)
            if not _is_compiled(name):
                files[path.relative_to(folder).as_posix()] = _opener(path)
    if not files:
        raise DriverFilesError(f"{folder}: there is no file in it")
    return FilesDigest(folder.name, TREE, _list_digest(files))


def _raise(error: OSError) -> None:
    raise error


def _opener(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")


def _is_editable(distribution: Distribution) -> bool:
    told = distribution.read_text("direct_url.json")
    try:
        return told is not None and json.loads(told).get("dir_info", {}).get("editable") is True
    except (ValueError, AttributeError):
        return False


def _installed(distribution: Distribution) -> str | None:
    """The digest of what was installed; None if there is no list of it."""
    if distribution.read_text("RECORD") is None:
        return None
    files = {
        path: _opener(Path(str(distribution.locate_file(path))))
        for path in (each.as_posix() for each in distribution.files or ())
        if _counts(path)
    }
    return _list_digest(files) if files else None


def _wheel(wheel: zipfile.ZipFile) -> tuple[str, str]:
    """Name and version, and the digest that what the wheel installs will have."""
    names = [info.filename for info in wheel.infolist() if not info.is_dir()]
    described = [name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
    if len(described) != 1:
        raise DriverFilesError(f"{wheel.filename}: not a wheel: it has {len(described)} METADATA")
    if len(set(names)) != len(names):
        raise DriverFilesError(f"{wheel.filename}: not a wheel: a file is there twice")
    metadata = BytesParser().parsebytes(wheel.read(described[0]), headersonly=True)
    files: dict[str, Callable[[], IO[bytes]]] = {}
    for name in names:
        installed = _installed_path(name)
        if installed is not None and _counts(installed):
            files[installed] = _member(wheel, name)
    return f"{metadata['Name']} {metadata['Version']}", _list_digest(files)


def _member(wheel: zipfile.ZipFile, name: str) -> Callable[[], IO[bytes]]:
    return lambda: wheel.open(name)


def _installed_path(name: str) -> str | None:
    """Where a file of a wheel is installed; None if that is beside the packages."""
    parts = PurePosixPath(name).parts
    if not parts[0].endswith(".data"):
        return name
    return PurePosixPath(*parts[2:]).as_posix() if len(parts) > 2 and parts[1] in {"purelib", "platlib"} else None


def _counts(path: str) -> bool:
    """Whether a file beside the packages' is the distribution's own, and not made by the installer."""
    parts = PurePosixPath(path).parts
    if not parts or parts[0] == ".." or PurePosixPath(path).is_absolute() or _is_compiled(parts[-1]):
        return False
    return not parts[0].endswith(".dist-info") or (len(parts) == 2 and parts[1] in _KEPT_METADATA)


def _is_compiled(name: str) -> bool:
    return name.endswith((".pyc", ".pyo"))


def _list_digest(files: Mapping[str, Callable[[], IO[bytes]]]) -> str:
    listed = hashlib.sha256()
    for line in _lines(files):
        listed.update(line)
    return listed.hexdigest()


def _lines(files: Mapping[str, Callable[[], IO[bytes]]]) -> Iterator[bytes]:
    for path, content in _in_order(files):
        if "\n" in path or "\\" in path:
            raise DriverFilesError(f"{path!r}: a name with a line end or a backslash, which no list of files can hold")
        yield f"{_digest(content())}  ".encode() + os.fsencode(path) + b"\n"


def _in_order(files: Mapping[str, Callable[[], IO[bytes]]]) -> Iterable[tuple[str, Callable[[], IO[bytes]]]]:
    return sorted(files.items(), key=lambda item: os.fsencode(item[0]))


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    with file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
