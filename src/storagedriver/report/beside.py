"""The files that lie beside a report: of each check its reproducer, and pictures that differ from that in their ending."""

from __future__ import annotations

import re
import zlib
from pathlib import Path


def reproducer_path(report: Path | None, node_id: str) -> Path | None:
    """Where the reproducer of a check is written: beside the report, if there is one."""
    if report is None:
        return None
    # Not by the check's module's name alone, test_move: the author's next run of pytest would collect it.
    return report.with_name(f"{report.stem}-reproducers") / f"reproduce-{_file_name(node_id)}.py"


def _file_name(node_id: str) -> str:
    """A node id as the name of a file, without an ending: short, and no other's."""
    path, _, rest = node_id.partition("::")
    name = re.sub(r"[^A-Za-z0-9._]+", "-", f"{Path(path).stem}-{rest}").strip("-.")
    # Ids that differ in other characters alone would share a file.
    return f"{name[:100].rstrip('-.')}-{zlib.crc32(node_id.encode(errors='backslashreplace')):08x}"
