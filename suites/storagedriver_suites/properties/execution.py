"""A history on a driver: each step is made, judged by the model, and told to the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from storagedriver_suites.properties import contents, listing, moving, reading, refusing, steps, writing
from storagedriver_suites.properties.freedom import is_settled
from storagedriver_suites.properties.model import WriterState
from storagedriver_suites.properties.state import State


def apply(state: State, step: steps.Step) -> None:
    """Make a step.

    Raises:
        ContractViolation: The driver does what the contract forbids; it carries the requirement.
    """
    if state.unsettled is None or is_settled(state.model, step, state.unsettled):
        _STEPS[type(step)](state, step)


def finish(state: State) -> None:
    """Cancel the writers that are open, and end the history.

    Raises:
        ContractViolation: The state is not what the model says, or something is left behind.
    """
    for slot, writer in state.model.writers.items():
        if writer.state is WriterState.OPEN:
            apply(state, steps.Cancel(slot))
    state.finish()


_STEPS: Mapping[type, Callable[[State, Any], object]] = {
    steps.Put: contents.put,
    steps.PutText: contents.put_text,
    steps.Get: contents.get,
    steps.Read: reading.read,
    steps.OpenReader: reading.open_reader,
    steps.ReadOn: reading.read_on,
    steps.CloseReader: reading.close_reader,
    steps.OpenWriter: writing.open_writer,
    steps.Write: writing.write,
    steps.Feed: writing.feed,
    steps.Commit: writing.commit,
    steps.Cancel: writing.cancel,
    steps.CloseWriter: writing.close_writer,
    steps.Stat: listing.stat,
    steps.List: listing.list_directory,
    steps.Walk: listing.walk,
    steps.OpenWalk: listing.open_walk,
    steps.WalkOn: listing.walk_on,
    steps.Move: moving.move,
    steps.Delete: moving.delete,
    steps.InvalidPath: refusing.invalid_path,
    steps.Redirect: refusing.redirect,
}
