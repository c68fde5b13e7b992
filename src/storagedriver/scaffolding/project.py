"""The files of a project, and the folder that they are written to: all of them, or none."""

from __future__ import annotations

import contextlib
import importlib.metadata
import re
import string
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from storagedriver.scaffolding.errors import ScaffoldingError
from storagedriver.scaffolding.names import ProjectName

SUFFIX = ".tmpl"
"""Ends the names of templates, so that no tool takes them for what they become."""


class _Template(string.Template):
    """Text with places as %{name}: a dollar sign is a shell's, and a brace a workflow's."""

    delimiter = "%"


def render(name: ProjectName, *, sharded: bool = False) -> Mapping[str, str]:
    """The text of each file of the project, by its path in it.

    Args:
        name: What the driver is called.
        sharded: Whether several jobs of a pipeline share the checks, and a last one merges their reports.
    """
    values = {
        "driver": name.driver,
        "package": name.package,
        "prefix": name.prefix,
        "variable": f"STORAGEDRIVER_{name.package}_DATABASE".upper(),
        "version": _oldest(),
    }
    found = {
        _Template(path.removesuffix(SUFFIX)).substitute(values): _Template(text).substitute(values)
        for folder in ("template", *(["sharded"] if sharded else []))
        for path, text in _templates(files("storagedriver.scaffolding") / folder, "")
    }
    return dict(sorted(found.items()))


def write(texts: Mapping[str, str], folder: Path) -> None:
    """Write files to a folder that is made for them, or is empty. If one cannot be written, none is left.

    Args:
        texts: The text of each file by its path in the folder.
        folder: The folder; missing parents are made.

    Raises:
        ScaffoldingError: Something is there already.
        OSError: The system refuses.
    """
    with contextlib.ExitStack() as undo:
        try:
            _make(folder, undo)
            if any(folder.iterdir()):
                raise ScaffoldingError(
                    f"{folder} is not empty, and nothing in it is touched",
                    hint="Name a folder that is not there yet, or an empty one, with --directory",
                )
            for path, text in texts.items():
                _make((folder / path).parent, undo)
                # Not what somebody else has put there since.
                with (folder / path).open("x", encoding="utf-8", newline="\n") as file:
                    undo.callback((folder / path).unlink, missing_ok=True)
                    file.write(text)
        except (FileExistsError, NotADirectoryError) as taken:
            raise ScaffoldingError(
                f"{taken.filename or folder} is there already, and is not touched",
                hint="Name another folder with --directory",
            ) from taken
        undo.pop_all()


def _make(folder: Path, undo: contextlib.ExitStack) -> None:
    """Make a folder with its parents, to be removed again unless somebody else has put something there."""
    if folder.is_dir():
        return
    _make(folder.parent, undo)
    folder.mkdir()
    undo.callback(_remove_if_empty, folder)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _templates(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _templates(each, f"{path}{each.name}/")
        elif each.name.endswith(SUFFIX):
            yield f"{path}{each.name}", each.read_text(encoding="utf-8")


def _oldest() -> str:
    """The oldest version of the kit that the project asks for: this one, without what no comparison takes."""
    try:
        found = re.match(r"\d+(?:\.\d+)*", importlib.metadata.version("storagedriver"))
    except importlib.metadata.PackageNotFoundError:
        found = None  # Used out of a checkout.
    return found.group() if found else "0"
