"""One check on one target: its own prefix, its recorded driver, and the judgement that nothing is left behind."""

from __future__ import annotations

import contextlib
import secrets

from storagedriver.driver import StorageDriver
from storagedriver.errors import PathNotFoundError
from storagedriver.plugin.deadline import deadline
from storagedriver.testing import expect
from storagedriver.testing.generation import Generation
from storagedriver.testing.recording import RecordedDriver, Recorder
from storagedriver.testing.subject import Subject
from storagedriver.testing.target import Target
from storagedriver.testing.tree import Tree


class Case:
    """What a check works with.

    Attributes:
        recorder: The calls it made.
        driver: The driver under test, recorded.
        tree: The prefix of its own.
        subject: More drivers of the same store.
        settled: Whether its prefix was deleted, or everything was tried to.
    """

    def __init__(
        self,
        target: Target,
        driver: StorageDriver,
        *,
        profile: str,
        generation: Generation,
        reference: StorageDriver | None = None,
    ) -> None:
        """Begin a check on `driver`, which is shared by the checks of this process."""
        self.recorder = Recorder()
        self.tree = Tree(f"/check-{secrets.token_hex(6)}")
        self.driver: RecordedDriver = self.recorder.wrap(driver, "driver")
        self.subject = Subject(
            target,
            self.recorder,
            self.tree,
            profile=profile,
            unwrapped=driver,
            generation=generation,
            reference=reference,
        )
        self.settled = False

    def judge_leftovers(self) -> None:
        """Delete the prefix, and judge that the store then holds nothing of it (WRITE-11, DEL-1, DEL-5).

        Raises:
            ContractViolation: Something is left.
        """
        with contextlib.suppress(PathNotFoundError):
            self.driver.delete(self.tree.root)
        if self.subject.target.registration.inspect is None:
            expect.not_found(lambda: self.driver.stat(self.tree.root), "the check's prefix after its delete")
        else:
            # The backend knows better than the driver's own stat, and to ask both costs each check two requests more.
            expect.equal(
                self.subject.inspect(), [], "what is left on the backend after the delete of the check's prefix"
            )
        self.settled = True

    def clean(self, seconds: float) -> None:
        """Delete the prefix as well as it can be done, after a failure, in no more than `seconds`."""
        if self.settled:
            return
        self.settled = True
        with contextlib.suppress(Exception), deadline(seconds):
            self.driver.inner.delete(self.tree.root)

    def close(self, seconds: float) -> None:
        """Close what the check opened beside the shared driver, in no more than `seconds`."""
        with contextlib.suppress(Exception), deadline(seconds):
            self.subject.close()
