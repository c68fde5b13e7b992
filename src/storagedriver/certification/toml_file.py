"""TOML files that say what to judge by, and whom to trust: read, and their problems told, in one way."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from storagedriver.certification.errors import JudgingFileError


def read_toml(path: str, *, error: type[JudgingFileError]) -> dict[str, Any]:
    """What a file says.

    Raises:
        JudgingFileError: As `error`: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as missing:
        raise error(path, [f"cannot be read: {missing.strerror or missing}"]) from missing
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as broken:
        raise error(path, [f"not TOML: {broken}"]) from broken


def place_in(location: Iterable[int | str]) -> str:
    """Where pydantic found a problem, as it stands in TOML: "waivers[0].expires"; "" for the whole file."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
