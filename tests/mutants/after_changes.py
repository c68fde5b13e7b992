"""Drivers that are wrong after a short history, which a check of the suite behaviour makes too."""

from __future__ import annotations

from mutants.model import mutant
from properties.forgetful_drivers import (
    AppendForgetsMoves,
    CancelPutsBack,
    CommittedDirectoryStays,
    ContinuedStageOutlivesDelete,
    EqualSizeStaysCached,
    ListOutlivesMoves,
    OffsetOfAnOldSize,
    StageMovesAlong,
)

mutant("READ-1", bug="an offset is checked against the size that stat told before an append")(OffsetOfAnOldSize)
mutant("WRITE-3", bug="an append goes on where the last one ended, though a move has replaced the file since")(
    AppendForgetsMoves
)
mutant("WRITE-3", bug="what is staged for a path is moved with its file")(StageMovesAlong)
mutant("WRITE-5", bug="cancel puts back what was there at the opening, over what was moved there since")(CancelPutsBack)
mutant("MOVE-1", bug="content that was read stays cached when a move replaces it by as many bytes")(
    EqualSizeStaysCached
)
mutant("MOVE-1", bug="a directory that a commit made stays when its last file is moved away")(CommittedDirectoryStays)
mutant("MOVE-5", bug="what was listed of a directory outlives the move of its parent")(ListOutlivesMoves)
mutant("DEL-5", bug="a delete ends a stage, but not one that was continued")(ContinuedStageOutlivesDelete)
