"""Which checks run: the suites' modules, for the chosen requirements and profile."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from storagedriver.plugin.options import Options


def suite_folders(options: Options) -> list[Path]:
    """The folders of the chosen suites.

    Raises:
        pytest.UsageError: A suite's package can't be imported.
    """
    folders = []
    for name, package in options.suites.items():
        try:
            module = importlib.import_module(package)
        except ImportError as failed:
            raise pytest.UsageError(f"--suite: suite {name!r} cannot be imported: {failed}") from failed
        folders.append(Path(next(iter(module.__path__))))
    return folders


def modules(folders: Iterable[Path]) -> list[str]:
    """Their test modules by file: then no setting of the author's project keeps them from being collected."""
    return [str(path) for folder in folders for path in sorted(folder.glob("test_*.py"))]


def names_part_of(folders: Iterable[Path], arguments: Iterable[str], base: Path) -> bool:
    """Whether the user named a suite's module or check himself; then no more than that is run."""
    roots = [folder.resolve() for folder in folders]
    named = [(base / argument.partition("::")[0]).resolve() for argument in arguments]
    return any(path.is_relative_to(root) for path in named for root in roots)


def chosen(item: pytest.Item, options: Options) -> bool:
    """Whether the profile and --requirement keep an item; items of other kinds are kept."""
    mark = item.get_closest_marker("requirement")
    profile = item.get_closest_marker("profile")
    if profile is not None and profile.args[0] == "full" and options.profile == "quick":
        return False
    if options.requirements is None:
        return True
    if mark is None:
        return False
    return mark.args[0] in options.requirements or mark.args[0].partition("-")[0] in options.requirements
