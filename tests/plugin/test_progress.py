"""A long check shows how far it is, where somebody watches, and leaves nothing on the screen."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from plugin.author_project import Run

LONG = '''
import time
from storagedriver.testing import requirement


@requirement("CONT-2")
def test_long(driver, tree, subject, monkeypatch):
    """Says how far it is after each of three seconds, which pass at once."""
    begun = time.monotonic()
    for second in range(1, 4):
        with monkeypatch.context() as clock:
            clock.setattr(time, "monotonic", lambda: begun + second)
            subject.progress("things", second, 3)
'''


@pytest.fixture
def long(author: pytest.Pytester) -> Path:
    author.makepyfile(test_long=LONG)
    return author.path


def seen_on_a_terminal(folder: Path, *arguments: str) -> str:
    """What pytest writes where its output is a terminal."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--suite=tiny", *arguments]
    with subprocess.Popen(command, cwd=folder, stdin=terminal, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        pieces: list[bytes] = []
        # At the end reading from a terminal that nobody has any more fails.
        while process.poll() is None or pieces[-1:] != [b""]:
            try:
                pieces.append(os.read(controller, 1 << 16))
            except OSError:
                break
    os.close(controller)
    return b"".join(pieces).decode()


@pytest.mark.parametrize("capturing", ["fd", "no"])
def test_a_terminal_shows_it_and_then_does_not(long: Path, capturing: str) -> None:
    said = seen_on_a_terminal(long, "--driver=dictionary:DictionaryDriver", f"--capture={capturing}", "test_long.py")

    for second in (1, 2, 3):
        assert f"\rDictionaryDriver: {second} of 3 things" in said
    after = said[said.rindex("of 3 things") :].removeprefix("of 3 things")
    assert re.match(r" *\r {40,}", after)


@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_what_is_not_a_terminal_does_not_show_it(author: pytest.Pytester, long: Path, workers: tuple[str, ...]) -> None:
    run = Run(author, "--driver=dictionary:DictionaryDriver", *workers, "test_long.py", process=True)

    assert "of 3 things" not in run.said
    assert any("test_long" in check.node_id for result in run.report.results for check in result.checks)
