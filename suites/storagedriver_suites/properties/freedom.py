"""What the contract leaves open: steps on which two drivers may do different things, and both be right."""

from __future__ import annotations

import dataclasses

from storagedriver import Capabilities
from storagedriver_suites.properties import steps
from storagedriver_suites.properties.model import Model, OpenedWriter, parents

_JUDGED_TOGETHER = ("append", "resumable_writes", "move_directory", "atomic_write", "atomic_put", "consistent_list")


def common(one: Capabilities, other: Capabilities) -> Capabilities:
    """What both declare."""
    flags = {
        field.name: getattr(one, field.name) and getattr(other, field.name)
        for field in dataclasses.fields(Capabilities)
        if isinstance(getattr(one, field.name), bool)
    }
    return dataclasses.replace(one, **flags)


def differing(one: Capabilities, other: Capabilities) -> frozenset[str]:
    """What one declares and the other does not, as far as steps depend on it."""
    return frozenset(name for name in _JUDGED_TOGETHER if getattr(one, name) != getattr(other, name))


def is_settled(model: Model, step: steps.Step, differ: frozenset[str]) -> bool:
    """Whether the contract has one answer to a step, the same for drivers that differ in the capabilities `differ`."""
    match step:
        case steps.Put(path=path):
            return not model.in_the_way(path)
        case steps.OpenWriter(append=append):
            return "append" not in differ or not append
        case steps.Write(slot=slot) | steps.Cancel(slot=slot):
            return _is_certain(model.writers.get(slot))
        case steps.CloseWriter(slot=slot):
            return "resumable_writes" not in differ and _is_certain(model.writers.get(slot))
        case steps.Commit(slot=slot):
            writer = model.writers.get(slot)
            return _is_certain(writer) and (writer is None or not model.in_the_way(writer.path))
        case steps.ReadOn(slot=slot) | steps.CloseReader(slot=slot):
            return slot not in model.readers or model.readers[slot].changed is None
        case steps.Feed(slot=slot, reader=reader):
            unchanged = reader not in model.readers or model.readers[reader].changed is None
            return unchanged and _is_certain(model.writers.get(slot))
        case steps.WalkOn(slot=slot):
            return slot not in model.walks or not model.walks[slot].changed
        case steps.Move(source=source, dest=dest):
            directory = model.is_directory(source)
            below_a_file = any(parent in model.files for parent in parents(dest))
            return not below_a_file and not (directory and "move_directory" in differ)
        case steps.List(path="/") | steps.Redirect():
            return False  # What else is in a store, and what its URLs look like, is its own.
        case _:
            return True


def _is_certain(writer: OpenedWriter | None) -> bool:
    return writer is None or not writer.doomed
