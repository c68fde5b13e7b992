"""The state of a history, as the driver has it and as the model has it, and the judgement that they are the same."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storagedriver import Capabilities, PathNotFoundError, StorageDriver, StorageDriverError
from storagedriver_suites.properties.judging import Judge
from storagedriver_suites.properties.model import File, Model, components, is_below, parents


@dataclass(frozen=True, slots=True)
class Blame:
    """Which requirements a step broke if the state is not the model's after it.

    Attributes:
        touched: The paths that the step is about.
        itself: Broken if what is wrong is one of them, or below one.
        others: Broken if it is another path.
    """

    touched: tuple[str, ...]
    itself: str
    others: str = "PATH-6"

    def of(self, path: str) -> str:
        """The requirement that is broken if `path` is not as the model has it."""
        hit = any(path == each or is_below(path, each) or is_below(each, path) for each in self.touched)
        return self.itself if hit else self.others


NOTHING_DONE = Blame((), "PATH-6")


class State:
    """One history's state.

    Attributes:
        driver: The driver.
        root: The directory of the history, a full path.
        model: What the contract says of the state.
        judge: Judges calls.
        audits: Whether the whole state is judged after each step that changes something; if not, it is at the end.
        unsettled: Where it is not None, steps are left out to which the contract leaves more than one answer.
        changes: How many steps that may change something were made.
        changed_at: By which of them each path was changed last.
        looked: After how many of them the whole tree was judged last.
    """

    def __init__(
        self,
        driver: StorageDriver,
        root: str,
        judged: Counter[str],
        *,
        audits: bool,
        capabilities: Capabilities | None = None,
        unsettled: frozenset[str] | None = None,
    ) -> None:
        """Begin in the empty directory `root` of `driver`.

        Args:
            driver: The driver.
            root: A full path.
            judged: Where it is counted how often each requirement is judged.
            audits: See the class.
            capabilities: What the driver is held to; None for what it declares.
            unsettled: Capabilities in which the drivers that are compared differ; None if nothing is compared.
        """
        self.model = Model(capabilities or driver.capabilities)
        self.unsettled = unsettled
        self.audits = audits
        self.driver = driver
        self.root = root
        self.judge = Judge(driver, judged)
        self._blame = NOTHING_DONE
        self.changes = 0
        self.looked = -1
        self.changed_at: dict[str, int] = {}

    def finish(self) -> None:
        """End all streams, judge the whole state, delete the directory, and judge that nothing is left."""
        self.release()
        self.look_at_everything()
        driver, root = self.driver, self.root
        for path in [path for path, stage in self.model.stages.items() if path not in self.model.files]:
            # What is staged where no file is goes with a directory that is, or by a new writer.
            with contextlib.suppress(StorageDriverError):
                driver.writer(self.at(path)).cancel()
        if self.model.files:
            self.judge.returns("DEL-1", lambda: driver.delete(root), "delete of all")
        self.judge.raises("DEL-1", PathNotFoundError, lambda: driver.stat(root), "stat after the delete of all")

    def release(self) -> None:
        """Close all streams, and cancel what they staged."""
        for reader in self.model.readers.values():
            with contextlib.suppress(Exception):
                _bare(reader.stream).close()
        for walk in self.model.walks.values():
            with contextlib.suppress(Exception):
                _bare(walk.stream).close()
        for writer in self.model.writers.values():
            with contextlib.suppress(Exception):
                _bare(writer.stream).cancel()
        self.model.readers.clear()
        self.model.walks.clear()

    def at(self, path: str) -> str:
        return f"{self.root}/{path}" if path else self.root

    def relative(self, path: str) -> str:
        return path.removeprefix(self.root).removeprefix("/")

    def did(self, blame: Blame, changed: Sequence[str] = ()) -> None:
        """A step that may change something was made."""
        self._blame = blame
        self.changes += 1
        for path in changed:
            for each in (path, *parents(path)):
                self.changed_at[each] = self.changes
        if self.audits:
            self.look_at_everything()

    def look_at_everything(self) -> None:
        """The tree by a walk, and each file by get_content, are what the model says."""
        model = self.model
        if model.capabilities.consistent_list:
            self._look_at_tree()
        else:
            for path in model.gone:
                self._is_nothing(path)
        for path in model.files:
            self._is_whole(path)

    def _is_whole(self, path: str) -> None:
        """A file has its content; if not, the last step that changed something is to blame."""
        blamed = self._blame.of(path)
        seen = self.judge.returns(blamed, lambda: self.driver.get_content(self.at(path)), f"get_content of {path!r}")
        self.judge_content(blamed, seen, self.model.files[path], f"content of {path!r}")

    def _look_at_tree(self) -> None:
        driver, root, tree = self.driver, self.root, self.model.tree()
        try:
            seen = [(self.relative(info.path), info.is_dir, info.size) for info in driver.walk(root)]
        except PathNotFoundError:
            seen = []
        except Exception as error:
            raise self.judge.violated("WALK-1", "walk of all", expected="no error", seen=error) from error
        files = self.model.files
        expected = [(path, is_dir, 0 if is_dir else len(files[path].content)) for path, is_dir in tree.items()]
        self.judge.judged["WALK-1"] += 1
        if seen != expected:
            self._explain([path for path, _, _ in seen], [path for path, _, _ in expected])
            sizes = {path: size for path, _, size in seen}
            for path in files:
                self._is_whole(path)
            for path, is_dir, size in expected:
                claim = "STAT-2" if is_dir else "STAT-1"
                self.judge.equal(claim, sizes.get(path), size, f"size of {path!r} in a walk")
            raise self.judge.violated("WALK-1", "walk of all", expected=expected, seen=seen)
        self.looked = self.changes

    def _explain(self, seen: Sequence[str], expected: Sequence[str]) -> None:
        """Say what is wrong with the tree: the state itself, or the walk that shows it."""
        for path in sorted({*seen, *expected}, key=components):
            if (path in seen) != (path in expected):
                self.is_as_expected(path)
                raise self._listing_is_wrong(path, "WALK-1", seen, expected, "paths of a walk of all")
        if list(seen) != list(expected):
            raise self.judge.violated("WALK-1", "paths of a walk of all", expected=expected, seen=seen)

    def _listing_is_wrong(self, path: str, otherwise: str, seen: object, expected: object, what: str) -> Exception:
        """The violation of a listing that has, or lacks, a path of which stat knows better."""
        if path in self.model.tree() and any(_is_odd(name) for name in path.split("/")):
            return self.judge.violated("PATH-5", what, expected=expected, seen=seen)
        stale = self.changed_at.get(path, 0) > self.looked >= 0
        return self.judge.violated("LIST-5" if stale else otherwise, what, expected=expected, seen=seen)

    def is_as_expected(self, path: str) -> None:
        """Judge by stat whether the state is wrong at a path, with what is to blame for it."""
        tree = self.model.tree()
        if path not in tree:
            self._is_nothing(path)
        else:
            blamed = self._blame.of(path)
            info = self.judge.returns(blamed, lambda: self.driver.stat(self.at(path)), f"stat of {path!r}")
            claim = "STAT-2" if tree[path] else blamed
            self.judge.equal(claim, info.is_dir, tree[path], f"is_dir of {path!r}")

    def _is_nothing(self, path: str) -> None:
        blamed = self._blame.of(path)
        self.judge.raises(
            blamed, PathNotFoundError, lambda: self.driver.stat(self.at(path)), f"stat of {path!r}, which is absent"
        )

    def judge_content(self, requirement: str, seen: bytes, file: File, what: str) -> None:
        if file.spoiled is not None and seen == file.spoiled:
            requirement = "CONT-3"
        self.judge.equal(requirement, seen, file.content, what)

    def publish(self, path: str, file: File, blockers: Sequence[str]) -> None:
        """A file is there now; where it shares its place with others, as some stores can, all of them go again."""
        if not path.isalpha() or len(path) > 1:
            self.judge.judged["PATH-5"] += 1
        if not blockers:
            self.model.put(path, file)
            self.did(Blame((path,), file.claim), [path])
            return
        driver = self.driver
        seen = self.judge.returns(file.claim, lambda: driver.get_content(self.at(path)), f"get_content of {path!r}")
        self.judge_content(file.claim, seen, file, f"content of {path!r}")
        for other in blockers:
            full = self.at(other)
            kept = self.judge.returns("PATH-6", lambda full=full: driver.get_content(full), f"get_content of {other!r}")  # type: ignore[misc]
            self.judge_content("PATH-6", kept, self.model.files[other], f"content of {other!r}")
        top = min((path, *blockers), key=components)
        self.dissolve(top)

    def dissolve(self, top: str) -> None:
        """Delete a file and what lies below it: whether one delete does it where a path is both, is left open."""
        for _ in range(3):
            try:
                self.driver.delete(self.at(top))
            except PathNotFoundError:
                break
        self.model.remove(top, "DEL-1")
        self.model.end_stages(top)
        self.did(Blame((top,), "DEL-1", "DEL-2"), [top])


def _bare(stream: Any) -> Any:
    """The driver's own stream: the end of a history is no part of what is recorded."""
    return getattr(stream, "inner", stream)


def _is_odd(name: str) -> bool:
    """Whether a name is one that drivers hide or cut: a leading dot or dash, or a long one."""
    return name[0] in ".-" or len(name) > _LONG


_LONG = 100
