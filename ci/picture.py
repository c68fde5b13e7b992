"""The picture of a report in the README: `nox -s picture` writes docs/images/report.svg anew.

It is what the terminal shows of a real run, over inmemory, filesystem and a faulty driver, whose failure comes first.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from storagedriver.report import Report
from storagedriver.report.terminal import print_summary

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "report.svg"
COLUMNS = 100

REGISTRATION = """
from mutants.deletion import PrefixIsDeleted
from storagedriver import register_suite

register_suite("mydriver", PrefixIsDeleted.from_parameters, parameters={"store": "picture"}, root_parameter="rootdirectory")
"""

# Rich's own frame loads its font from a server; a reader's monospaced one does.
FRAME = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def run(folder: Path) -> Report:
    """The report of a run in `folder`."""
    (folder / "conftest.py").write_text(REGISTRATION, encoding="utf-8")
    drivers = [f"--driver={name}" for name in ("inmemory", "filesystem", "mydriver")]
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", *drivers, "--certify-report=report.json"]
    subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return Report.read(folder / "report.json")


def main() -> int:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder))
    console = Console(record=True, width=COLUMNS, force_terminal=True, file=io.StringIO(), highlight=False)
    print_summary(report, console)
    PICTURE.parent.mkdir(exist_ok=True)
    title = "pytest --driver=inmemory --driver=filesystem --driver=mydriver"
    svg = console.export_svg(title=title, theme=DIMMED_MONOKAI, code_format=FRAME, unique_id="report")
    PICTURE.write_text(svg, encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: {len(svg):,} characters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
