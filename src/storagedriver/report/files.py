"""JSON and text in files: written whole or not at all, and read without guessing."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from pathlib import Path
from typing import Any, NoReturn

from storagedriver.report.errors import ReportError

LARGEST = 256 << 20
"""Bytes of the largest report that is read; one of all suites and ten servers has a twentieth of that."""

_PIECE = 1 << 20


def require_writable(path: str | os.PathLike[str]) -> None:
    """See that `path` can be written, before what is to be in it costs time or cannot be undone. Its folder is made.

    Raises:
        OSError: It cannot.
    """
    final = Path(path)
    if final.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(final))
    final.parent.mkdir(parents=True, exist_ok=True)
    trial = final.with_name(f".{final.name}.trial")
    trial.touch()
    trial.unlink()


def write_json(path: str | os.PathLike[str], document: Any) -> None:
    """Write `document` beside `path` and rename it to `path`; missing folders are made.

    Raises:
        ReportError: A value is none that JSON knows.
        OSError: The file cannot be written; what was there before is untouched.
    """
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    except (TypeError, ValueError) as unknown:
        raise ReportError(f"the report holds what JSON cannot: {unknown}") from unknown
    write_text(path, f"{text}\n")


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` beside `path` and rename it to `path`; missing folders are made.

    Raises:
        OSError: The file cannot be written; what was there before is untouched.
    """
    # Half a surrogate pair, which a file name of the system may hold, is not UTF-8; as an escape JSON knows it.
    content = text.encode("utf-8", "backslashreplace")
    final = Path(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    # Not by tempfile, which would make the report unreadable for others whatever the umask says.
    temporary = final.with_name(f".{final.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(final)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def read_json(path: str | os.PathLike[str]) -> Any:
    """The JSON value in a file.

    Raises:
        ReportError: There is no such file, it is huge, it is not JSON, or a key of it is there twice.
    """
    name = os.fspath(path)
    try:
        content = read_limited(path, LARGEST)
    except OSError as missing:
        raise ReportError(f"{name}: cannot be read: {missing.strerror or missing}") from missing
    try:
        return parse_json(content, what="a report")
    except ReportError as broken:
        raise ReportError(f"{name}: {broken}") from broken


def read_limited(path: str | os.PathLike[str], limit: int) -> bytes:
    """The content of a file, which may be a pipe.

    Raises:
        ReportError: It has more than `limit` bytes.
        OSError: It cannot be read.
    """
    parts = []
    left = limit
    with Path(path).open("rb") as file:
        while part := file.read(_PIECE):
            parts.append(part)
            left -= len(part)
            if left < 0:
                raise ReportError(f"{os.fspath(path)}: it has more than {limit >> 20} MiB")
    return b"".join(parts)


def parse_json(content: bytes, *, what: str) -> Any:
    """The one JSON value in `content`, read without guessing.

    Args:
        content: UTF-8.
        what: What it is taken for, in messages: "a report".

    Raises:
        ReportError: It is not UTF-8 or not JSON, something follows the value, a key is there twice in an object, a number
            is none that JSON knows or has thousands of digits, or it is nested too deeply.
    """
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError:
        raise ReportError(f"not {what}: it is not UTF-8") from None
    except json.JSONDecodeError as broken:
        where = f"line {broken.lineno}, column {broken.colno}"
        raise ReportError(f"not {what}, or cut short: no JSON at {where} ({broken.msg})") from broken
    except RecursionError:
        raise ReportError(f"not {what}: nested too deeply") from None
    except ReportError:
        raise
    except ValueError as broken:
        # Python converts no numbers of thousands of digits.
        raise ReportError(f"not {what}: a number has too many digits") from broken


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in made if names.count(name) > 1)
        raise ReportError(f"broken: the key {twice[:40]!r} is there twice in one object")
    return made


def _constant(name: str) -> NoReturn:
    raise ReportError(f"broken: {name} is no JSON number")
