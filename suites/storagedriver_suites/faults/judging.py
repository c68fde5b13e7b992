"""Judging what a driver left after an operation that was disturbed."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from storagedriver import PathConflictError, PathNotFoundError, StorageDriver, StorageDriverError
from storagedriver.systemcalls import LocalStore, Run
from storagedriver.testing import ContractViolation, Ending, expect
from storagedriver_suites.faults.local_operations import Files, Operation


class Judge:
    """Judges one trial of an operation.

    Attributes:
        operation: What was done.
        condition: What was done to it, for messages: "ENOSPC at call 7, pwrite64(~x)".
        story: What happened, line by line.
    """

    def __init__(self, operation: Operation, condition: str, story: Sequence[str] = ()) -> None:
        """Judge a trial of `operation`."""
        self.operation = operation
        self.condition = condition
        self.story = tuple(story)
        self._empty: tuple[str, ...] = ()

    def violation(self, what: str, *, expected: object, seen: object) -> ContractViolation:
        """The violation with the trial's circumstances."""
        return ContractViolation(
            f"{what}, {self.operation.name} with {self.condition}", expected=expected, seen=seen, story=self.story
        )

    def ending(self, run: Run) -> Ending:
        """How the operation itself ended: it returned, or raised an error of the driver.

        Raises:
            ContractViolation: It hung, raised something else, or returned what is not so.
        """
        if run.hung:
            raise self.violation("the call", expected="it returns or raises", seen="it hangs")
        if not run.finished:
            raise self.violation("the call", expected="it returns or raises", seen="its process died")
        if run.error is None:
            if run.returned != self.operation.returns:
                raise self.violation("what is returned", expected=self.operation.returns, seen=run.returned)
            return Ending.SURVIVED
        if isinstance(run.error, PathNotFoundError):
            # What is there is not absent because the system could not say so (ERR-1).
            raise self.violation("the error", expected="a BackendError, as nothing is absent", seen=run.error)
        if not isinstance(run.error, StorageDriverError):
            raise self.violation("the error", expected="a StorageDriverError", seen=run.error)
        if not run.caused and not self.operation.insists:
            raise self.violation(
                "the cause of the error (ERR-2)", expected="the exception of what failed is chained", seen=run.error
            )
        return Ending.REFUSED

    def files(self, store: LocalStore) -> Files:
        """The files as a new driver sees them, which has to see the same by walk and by get.

        Raises:
            ContractViolation: It does not, or fails.
        """
        try:
            with store.open() as driver:
                return self._files(driver)
        except StorageDriverError as error:
            raise self.violation("what a new driver sees", expected="all files", seen=error) from error

    def _files(self, driver: StorageDriver) -> dict[str, bytes]:
        infos = list(driver.walk("/"))
        found = {info.path: driver.get_content(info.path) for info in infos if not info.is_dir}
        self._empty = tuple(
            info.path for info in infos if info.is_dir and not any(path.startswith(f"{info.path}/") for path in found)
        )
        for path in {*self.operation.before, *self.operation.after} - found.keys():
            with contextlib.suppress(PathNotFoundError):
                found[path] = driver.get_content(path)
                raise self.violation("what walk tells of", expected=path, seen="nothing")
        return found

    def require_old_or_new(self, seen: Files) -> None:
        """Each file is as before or as after, whole, and nothing else is there.

        Raises:
            ContractViolation: It is not so.
        """
        before, after = self.operation.before, self.operation.after
        strangers = sorted(seen.keys() - before.keys() - after.keys())
        if strangers:
            raise self.violation("the files", expected="those of before or after", seen=f"besides {strangers}")
        for path in sorted({*before, *after}):
            allowed = [before.get(path), after.get(path)]
            if seen.get(path) not in allowed:
                raise self.violation(
                    f"the content of {path}", expected=_either(allowed), seen=seen.get(path, "no such file")
                )
        for source, dest in self.operation.moved:
            if seen.get(dest) != after[dest] and source not in seen:
                raise self.violation(
                    f"the file that moves from {source} to {dest}", expected="one of both", seen="neither"
                )

    def require_new(self, seen: Files) -> None:
        """All is as after the operation, and no directory is left with nothing in it (STAT-2).

        Raises:
            ContractViolation: It is not so.
        """
        if self._empty:
            raise self.violation("directories with nothing in them", expected="none", seen=[*self._empty])
        self._require(seen, self.operation.after, "after the call returned")

    def require_kept(self, store: LocalStore, *, returned: bool) -> None:
        """Files are old or new; what was left to be continued is all there once the call returned, else that or what was before.

        Raises:
            ContractViolation: It is not so.
        """
        self.require_old_or_new(self.files(store))
        operation = self.operation
        for path, content in operation.kept.items():
            before = [files[path] for files in (operation.staged, operation.before) if path in files]
            allowed = [content] if returned else [content, *before]
            try:
                with store.open() as driver:
                    with driver.writer(path, append=True) as writer:
                        writer.commit()
                    seen = driver.get_content(path)
            except StorageDriverError as error:
                raise self.violation(
                    "a stream that continues it", expected="it can be committed", seen=error
                ) from error
            if seen not in allowed:
                raise self.violation(f"what a stream into {path} begins with", expected=_either(allowed), seen=seen)

    def require_repeatable(self, store: LocalStore, seen: Files, *, may_be_cancelled: bool = False) -> None:
        """The same call again, by a new driver, succeeds; where it had taken effect, it may say that nothing is there.

        Args:
            store: Where.
            seen: The files before it.
            may_be_cancelled: Whether the operation may have cancelled what was staged before it.

        Raises:
            ContractViolation: It does not.
        """
        operation = self.operation
        done = seen == operation.after and operation.before != operation.after
        wanted = operation.after if not done else operation.again
        try:
            with store.open() as driver:
                operation.act(driver)
        except (PathNotFoundError, PathConflictError) as error:
            # Nothing is at the source any more, and what was moved is at its dest: either may be told.
            if operation.again is not None or not done:
                raise self.violation("the same call again", expected="it succeeds", seen=error) from error
        except StorageDriverError as error:
            raise self.violation("the same call again", expected="it succeeds", seen=error) from error
        now = self.files(store)
        if may_be_cancelled and operation.unstaged is not None and now == operation.unstaged:
            return
        self._require(now, operation.after if wanted is None else wanted, "after the same call again")

    def _require(self, seen: Files, wanted: Files, when: str) -> None:
        for path in sorted({*seen, *wanted}):
            if seen.get(path) != wanted.get(path):
                raise self.violation(
                    f"the content of {path} {when}",
                    expected=wanted.get(path, "no such file"),
                    seen=seen.get(path, "no such file"),
                )


def _either(allowed: Sequence[bytes | None]) -> str:
    words = dict.fromkeys("no such file" if each is None else expect.abbreviated(each) for each in allowed)
    return " or ".join(words)
