"""Which requirements the histories judge, and by which steps: the link between the contract and the model, as data."""

from __future__ import annotations

from collections.abc import Mapping

from storagedriver_suites.properties import steps

_CHANGES = (
    steps.Put,
    steps.Move,
    steps.Delete,
    steps.Commit,
    steps.Cancel,
    steps.CloseWriter,
    steps.OpenWriter,
    steps.Write,
)

LINKS: Mapping[str, tuple[type, ...]] = {
    "PATH-1": (steps.InvalidPath,),
    "PATH-2": (steps.InvalidPath,),
    "PATH-3": (steps.InvalidPath,),
    "PATH-4": (steps.InvalidPath,),
    "PATH-5": (
        steps.Put,
        steps.Get,
        steps.Read,
        steps.OpenWriter,
        steps.Stat,
        steps.List,
        steps.Walk,
        steps.Move,
        steps.Delete,
    ),
    "PATH-6": _CHANGES,
    "CONT-1": (steps.Put, steps.Get),
    "CONT-2": (steps.Put, steps.Get),
    "CONT-3": (steps.Put, steps.PutText, steps.Get),
    "CONT-4": (steps.Put,),
    "CONT-5": (steps.Get,),
    "CONT-6": (steps.ReadOn, steps.Feed),
    "CONT-7": (steps.Put, steps.PutText),
    "READ-1": (steps.Read, steps.OpenReader),
    "READ-2": (steps.Read,),
    "READ-3": (steps.Read,),
    "READ-4": (steps.Read, steps.OpenReader),
    "READ-5": (steps.ReadOn, steps.Feed, steps.CloseReader, steps.OpenReader),
    "READ-6": (steps.ReadOn, steps.Feed),
    "READ-7": (steps.ReadOn, steps.Feed),
    "WRITE-1": (steps.OpenWriter, steps.Write, steps.Get, steps.Stat),
    "WRITE-2": (steps.Write, steps.Commit, steps.OpenWriter, steps.Get),
    "WRITE-3": (steps.OpenWriter, steps.Commit, steps.Get),
    "WRITE-4": (steps.OpenWriter, steps.Write, steps.Feed),
    "WRITE-5": (steps.Write, steps.Commit, steps.Cancel, steps.Get),
    "WRITE-6": (steps.CloseWriter, steps.OpenWriter),
    "WRITE-8": (steps.Commit, steps.Write, steps.Get),
    "WRITE-9": (steps.Commit, steps.Get),
    "WRITE-10": (steps.OpenWriter, steps.Commit, steps.Get),
    "WRITE-12": (steps.Feed,),
    "STAT-1": (steps.Stat, steps.Walk, *_CHANGES),
    "STAT-2": (steps.Stat, steps.Walk, *_CHANGES),
    "STAT-3": (steps.Stat,),
    "LIST-1": (steps.List,),
    "LIST-2": (steps.List,),
    "LIST-4": (steps.List,),
    "LIST-5": (steps.List, steps.Walk, *_CHANGES),
    "MOVE-1": (steps.Move, steps.Get, steps.Stat, steps.List, steps.Read, steps.OpenReader),
    "MOVE-2": (steps.Move,),
    "MOVE-3": (steps.Move,),
    "MOVE-5": (steps.Move, steps.Get),
    "MOVE-6": (steps.Move,),
    "MOVE-7": (steps.Move,),
    "DEL-1": (steps.Delete, steps.Get, steps.Stat, steps.List, steps.Read, steps.OpenReader, steps.Walk),
    "DEL-2": (steps.Delete,),
    "DEL-3": (steps.Delete,),
    "DEL-5": (steps.OpenWriter,),
    "WALK-1": (steps.Walk, steps.OpenWalk, steps.WalkOn, *_CHANGES),
    "WALK-2": (steps.Walk, steps.WalkOn),
    "WALK-3": (steps.Walk, steps.WalkOn),
}
"""By requirement of the suite's groups: the steps whose outcome, or whose effect on the whole state, it is judged by."""

BESIDE = ("CAP-1", "ERR-2")
"""Requirements of other groups that histories judge in passing."""
