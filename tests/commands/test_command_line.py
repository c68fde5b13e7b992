"""What all commands have in common: help, exit codes, JSON, colours, pipes, progress and completion."""

from __future__ import annotations

import argparse
import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from certification.judged import whole
from storagedriver import cli
from storagedriver.commands import exits, gate, output

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")

WITHOUT_JSON = {
    "backends logs": "a server's log is what the server makes it",
    "render": "--format chooses",
    "completion": "a shell reads it",
    "new": "what it makes is files",
    "site": "what it makes is a page",
}
"""Commands that print no data of their own."""

BIN = Path(sys.executable).parent


def parsers(parser: argparse.ArgumentParser, *names: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The commands that do something, by their words."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield " ".join(names), parser
    for group in groups:
        for name, inner in group.choices.items():
            yield from parsers(inner, *names, name)


COMMANDS: Mapping[str, argparse.ArgumentParser] = dict(parsers(cli.build_parser()))


def codes(command: str) -> dict[int, str]:
    """What the help of a command says of its exit codes."""
    section = COMMANDS[command].format_help().partition("exit codes:\n")[2].partition("\n\n")[0]
    return {int(line.split()[0]): line.split(maxsplit=1)[1] for line in section.splitlines()}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_exit_codes_and_examples(command: str) -> None:
    assert list(codes(command)) == [exits.OK, exits.FAILED, exits.USAGE]
    examples = COMMANDS[command].format_help().partition("examples:\n")[2]
    assert re.search(rf"storagedriver {command}\b", examples)


def test_the_page_tells_the_exit_codes_as_help_does() -> None:
    rows = [f"| `{command}` | {' | '.join(codes(command).values())} |" for command in COMMANDS]
    table = "\n".join(["| command | 0 | 1 | 2 |", "|---|---|---|---|", *rows])

    assert f"\n{table}\n" in PAGE
    assert f"{exits.INTERRUPTED} after Ctrl-C" in PAGE


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_are_command_lines_that_parse(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = COMMANDS[command].format_help().partition("examples:\n")[2].replace("\\\n", " ")
    lines = [found.group(1) for found in re.finditer(r"storagedriver ((?:\$\([^)]*\)|[^|>\n&)#])*)", examples)]

    assert lines
    for line in lines:
        words = [word.strip("\"'") for word in re.sub(r'"\$\([^)]*\)"', "COMMIT", line).split()]
        assert cli.build_parser().parse_args(words).run


@pytest.mark.parametrize("command", COMMANDS)
def test_what_prints_data_prints_json_too(command: str) -> None:
    assert ("--json" in COMMANDS[command].format_help()) == (command not in WITHOUT_JSON)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("gate.toml").write_text('profile = "quick"\ntargets = ["inmemory"]\nsuites = ["behaviour"]\n')
    whole().write("report.json")
    whole().write("again.json")
    return tmp_path


GATE = ("gate", "--policy=gate.toml", "report.json")


def on_a_terminal(*arguments: str, **variables: str) -> tuple[int, bytes]:
    """How a command ends whose output and errors are a terminal, and what it writes there."""
    controller, terminal = pty.openpty()
    variables = {**os.environ, "TERM": "xterm-256color", **variables}
    command = [sys.executable, "-m", "storagedriver.cli", *arguments]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=variables) as process:
        os.close(terminal)
        written = b""
        # At its end Linux reports an error where others report the end.
        try:
            while part := os.read(controller, 65536):
                written += part
        except OSError:
            pass
    os.close(controller)
    return process.returncode, written


@pytest.mark.usefixtures("folder")
def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)

    code, coloured = on_a_terminal(*GATE)
    _, plain = on_a_terminal(*GATE, NO_COLOR="1")
    command = [sys.executable, "-m", "storagedriver.cli", *GATE]
    piped = subprocess.run(command, capture_output=True, check=True, timeout=60)

    assert code == exits.OK
    assert re.search(rb"\x1b\[[0-9;]*m.*gate passed", coloured)
    assert not re.search(rb"\x1b\[[0-9;]*3[0-9]m", plain)
    assert b"\x1b" not in piped.stdout
    assert piped.stderr == b""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_for_terminals(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    errors = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", errors)

    with output.waiting("starting a server"):
        pass
    with output.one_by_one(["a", "b"], "reading reports") as given:
        items = list(given)

    assert items == ["a", "b"]
    assert ("starting a server" in errors.getvalue()) == terminal
    assert ("reading reports" in errors.getvalue()) == terminal
    if not terminal:
        assert errors.getvalue() == ""


@pytest.mark.usefixtures("folder")
def test_progress_does_not_stand_in_what_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)

    assert cli.main(["validate", "report.json", "again.json"]) == cli.OK
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["report.json", "again.json"]


@pytest.mark.usefixtures("folder")
def test_a_full_disk_is_no_success() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "storagedriver.cli", *GATE]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)

    assert done.returncode == exits.FAILED
    assert done.stderr == "storagedriver: standard output cannot be written: No space left on device\n"


def test_an_interrupted_command_says_so_by_its_code(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: str) -> str | None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gate, "_cannot_write", interrupted)

    assert cli.main(list(GATE)) == exits.INTERRUPTED
    assert capsys.readouterr() == ("", "")


# --- completion


@pytest.mark.parametrize(
    ("shell", "words"),
    [("bash", "complete -o nospace"), ("zsh", "#compdef storagedriver"), ("fish", "complete --command storagedriver")],
)
def test_each_shell_has_its_script(shell: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", shell]) == cli.OK
    assert words in capsys.readouterr().out


def completed(line: str) -> list[str]:
    """What a real bash offers at the end of a line, after it ran what the README says."""
    script = f"""
        PATH={BIN}:$PATH
        eval "$(storagedriver completion bash)"
        COMP_LINE={line!r}
        COMP_POINT=${{#COMP_LINE}}
        COMP_TYPE=9
        read -ra COMP_WORDS <<< "$COMP_LINE"
        [[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
        registered=$(complete -p storagedriver)
        function=${{registered##*-F }}
        "${{function%% *}}" storagedriver "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return [word.strip() for word in done.stdout.splitlines() if word.strip()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("storagedriver v", ["validate", "verify"]),
        ("storagedriver backends d", ["down"]),
        ("storagedriver backends up moto", ["moto", "moto:moto"]),
        ("storagedriver gate --po", ["--policy"]),
        ("storagedriver render --format badge", ["badge-svg", "badge-json"]),
    ],
)
def test_bash_completes(line: str, words: list[str]) -> None:
    assert sorted(completed(line)) == sorted(words)


def test_without_argcomplete_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "argcomplete.shell_integration", raising=False)
    monkeypatch.setitem(sys.modules, "argcomplete", None)

    assert cli.main(["completion", "bash"]) == cli.FAILED
    assert "pip install 'storagedriver[completion]'" in capsys.readouterr().err
