"""What a process does that runs one job alone, and how it hands over."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from power.verdicts import Verdict


def begin_apart(folder: Path) -> None:
    """Make this process the leader of a session of its own, in `folder`, with its output in a file there."""
    os.setsid()
    os.chdir(folder)
    # What it makes elsewhere goes with the folder, however it ends.
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    with (folder / "output.txt").open("wb") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)


def leave(verdict: Verdict, folder: Path) -> NoReturn:
    """Leave a verdict for the process that waits for it, and end, whatever threads the driver has left."""
    sys.stdout.flush()
    (folder / "verdict").write_text(json.dumps(verdict.to_json()), encoding="utf-8")
    os._exit(0)
