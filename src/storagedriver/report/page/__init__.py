"""Reports as one HTML page: a matrix that opens to requirements, and these to evidence. docs/report.md describes it.

The page needs no network and no other file, and is read without JavaScript too; with it, it is filtered and compared.
Making it needs the extra `report`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files

import jinja2

from storagedriver.report.foreign_text import escaped, one_line
from storagedriver.report.model import Report
from storagedriver.report.page.model import Page

_FOLDER = files(__name__)


def render(reports: Mapping[str, Report], history: Mapping[str, Report] | None = None) -> str:
    """The page of reports by their files.

    Args:
        reports: What is shown, a column for each target.
        history: Earlier reports, for the plots of the same targets.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"line": _line, "lines": _lines}
    style, script = _text("page.css"), _text("page.js")
    template = environment.from_string(_text("page.html.jinja"))
    rendered: str = template.render(
        page=Page.of(reports, history or {}),
        style=style,
        script=script,
        # Only this style and this script are let in, and nothing is fetched.
        policy=(
            f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
        ),
    )
    return rendered + "\n"


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _line(text: object, limit: int = 300) -> str:
    """Foreign text in a harmless line."""
    return one_line(str(text), limit=limit)


def _lines(text: object) -> str:
    """Foreign text as it stands, line by line, made harmless."""
    return "\n".join(escaped(line) for line in str(text).split("\n"))
