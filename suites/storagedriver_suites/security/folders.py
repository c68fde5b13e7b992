"""Stores that lie in a folder of this machine: what another program plants in it, and what is beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from storagedriver import FileInfo, StorageDriver
from storagedriver.testing import Subject, expect, not_offered

SECRET = b"what lies outside of the root " * 137
"""The content of every file outside; of a size that nothing else has."""

OWN = b"of the store"


@dataclass(frozen=True, slots=True)
class Premises:
    """A store in a folder, and folders beside it.

    Attributes:
        store: The driver of the store.
        root: The folder that the store's files lie in.
        outside: A folder beside the root that has the same names in it, and a few more.
        aside: A folder beside the root where a directory of the store can be put away.
    """

    store: StorageDriver
    root: Path
    outside: Path
    aside: Path

    def furnish(self) -> None:
        """Make all as it was at the beginning, by other means than the driver's."""
        for folder in (self.root, self.outside, self.aside):
            if folder.is_symlink() or folder.is_file():
                folder.unlink()
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        for folder, content in ((self.root, OWN), (self.outside, SECRET)):
            for name in ("d/file", "d/s/file", "source"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
        (self.outside / "secret-file").write_bytes(SECRET)
        (self.outside / "secret-directory").mkdir()
        (self.outside / "secret-directory/secret-inner").write_bytes(SECRET)

    def surroundings(self) -> Mapping[str, object]:
        """All that is outside of the root, with content, kind and times: to be compared before and after."""
        found: dict[str, object] = {}
        for path in [self.outside, *sorted(self.outside.rglob("*"))]:
            told = path.lstat()
            name = str(path.relative_to(self.outside))
            found[name] = (told.st_mode, told.st_mtime_ns, path.read_bytes() if path.is_file() else None)
        return found

    def judge(self, before: Mapping[str, object], what: str) -> None:
        """Nothing outside has changed."""
        now = self.surroundings()
        changed = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
        expect.equal(changed, [], f"what has changed outside of the root after {what}")


def premises(subject: Subject) -> Premises:
    """A store in a root of its own. The check is skipped where that is no folder of this machine, laid out as paths are."""
    store = subject.open_root("store")
    root = Path(subject.root("store"))
    store.put_content("/d/probe", OWN)
    if not root.is_absolute() or not (root / "d/probe").is_file():
        if subject.target.backend is not None or not store.capabilities.shared:
            not_offered("the store does not lie in a folder of this machine")
        pytest.skip("the store does not lie in a folder of this machine, so that no link can be planted in it")
    made = Premises(store, root, root.parent / "outside", root.parent / "aside")
    made.furnish()
    return made


def nothing_revealed(returned: object, what: str) -> None:
    """What a call returned, or raised, tells nothing of what lies outside of the root."""
    expect.equal(_revealed(returned), None, f"what is told of the outside by {what}")


def _revealed(returned: object) -> str | None:
    if isinstance(returned, bytes):
        return "content" if returned[:20] in SECRET and returned else None
    if isinstance(returned, FileInfo):
        if not returned.is_dir and returned.size == len(SECRET):
            return f"the size of what {returned.path} leads to"
        return returned.path if "secret-" in os.path.basename(returned.path) else None  # noqa: PTH119  no path of the host
    if isinstance(returned, str):
        return returned if "/secret-" in returned else None
    if isinstance(returned, list | tuple):
        return next((told for told in map(_revealed, returned) if told), None)
    return None
