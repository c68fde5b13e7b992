"""How far a long series of runs is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextlib.contextmanager
def advancing(doing: str, total: int, console: Console) -> Iterator[Callable[[str], None]]:
    """A bar; what is yielded takes it one run further, and shows how that ended."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda ended: progress.update(task, advance=1, description=ended)
