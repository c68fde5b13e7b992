"""Faults in a driver's sources: how they are made, judged, and told of."""

from __future__ import annotations

from pathlib import Path

import pytest

from power.alterations import Alteration, left_out, meaning_of
from power.mutation import AlteredRun, run_altered, survivors_page
from power.running import run_all
from power.verdicts import Ending, Verdict, VerdictFile
from storagedriver_drivers.filesystem import datafile
from storagedriver_drivers.inmemory import store

SOURCE = Path(store.__file__)
MODULE = store.__name__


def fault(before: str, after: str) -> Alteration:
    source = SOURCE.read_text()
    assert source.count(before) == 1
    return Alteration(MODULE, SOURCE, 1, "ByHand", before, after, source.replace(before, after))


def judged(*faults: Alteration, limit: float = 100) -> dict[str, Verdict]:
    found: list[Verdict] = []
    runs = [AlteredRun("inmemory", each) for each in faults]
    run_all(runs, run_altered, loaded="power.loaded_without_drivers", processes=2, limit=limit, done=found.append)
    by_key = {verdict.subject: verdict for verdict in found}
    return {each.key: by_key[AlteredRun("inmemory", each).key] for each in faults}


def test_a_fault_is_seen_by_the_suite_alone() -> None:
    """A copy of the driver is altered: the file is as it was."""
    before = SOURCE.read_bytes()
    loses = fault("self._put(path, File(content, self._now()))", "self._put(path, File(content[:-1], self._now()))")

    verdict = judged(loses)[loses.key]

    assert verdict.ending is Ending.CAUGHT
    assert verdict.by
    assert SOURCE.read_bytes() == before


def test_a_fault_is_in_the_processes_too_that_a_suite_begins() -> None:
    """That of durability judges by what another process does to the disk."""
    source = Path(datafile.__file__)
    text = source.read_text()
    assert text.count("os.fsync(self.fd)") == 1
    altered = text.replace("os.fsync(self.fd)", "pass")
    unflushed = Alteration(datafile.__name__, source, 1, "ByHand", "os.fsync(self.fd)", "pass", altered)
    found: list[Verdict] = []

    run = AlteredRun("filesystem", unflushed, judges=("durability",))
    run_all([run], run_altered, loaded="power.loaded_without_drivers", processes=1, limit=200, done=found.append)

    assert [(verdict.ending, verdict.requirements) for verdict in found] == [(Ending.CAUGHT, ["DUR-2"])]


def test_what_breaks_the_import_is_seen() -> None:
    """A driver that cannot be imported passes nothing."""
    broken = fault('"""A directory; it exists as long as a file lies below it."""', "1 / 0")

    assert judged(broken)[broken.key].ending is Ending.ERRORED


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("def f(x):\n    x.close()\n    return x\n", {"pass": 1, "return None": 1}),
        ("def f(x):\n    x.a = 1\n    x[0] += 2\n    del x[1]\n    raise ValueError\n", {"pass": 4}),
        ("def f(x):\n    '''Says.'''\n    y = x\n    return\n", {}),
        ("x = print()\n", {}),
        ("def f(é):\n    é.close(); é.open()\n", {"pass": 2}),
    ],
)
def test_statements_are_left_out_one_by_one(source: str, made: dict[str, int]) -> None:
    """Those that do something; nothing else in the source changes."""
    altered = [text for _, text in left_out(source)]

    assert len(altered) == len(set(altered)) == sum(made.values())
    for word, count in made.items():
        assert sum(word in text for text in altered) == count
    assert all(meaning_of(text) != meaning_of(source) for text in altered)


def test_what_readers_alone_see_is_no_fault() -> None:
    """Annotations do nothing while a driver runs."""
    assert meaning_of("def f(x: int | None) -> str: ...") == meaning_of("def f(x: int & None): ...")
    assert meaning_of("def f(x=1): ...") != meaning_of("def f(x=2): ...")


def test_the_page_counts_and_gives_reasons(tmp_path: Path) -> None:
    """Equivalent faults are not counted; a survivor without a reason says so."""
    faults = {f"inmemory {n}": Alteration(MODULE, SOURCE, n, "ByHand", f"a{n}", "pass", "") for n in range(4)}
    verdicts = VerdictFile(tmp_path / "verdicts.jsonl")
    for n, ending in enumerate([Ending.CAUGHT, Ending.MISSED, Ending.MISSED]):
        verdicts.add(Verdict(f"inmemory {n}", "behaviour", ending))

    page = survivors_page(
        "inmemory", faults, verdicts, {"inmemory": {"store.py: a1 -> pass": "equivalent: it is done twice"}}
    )

    assert "- 4 faults, 3 of them judged." in page
    assert "- 1 seen: 50.0 % of those that are not equivalent." in page
    assert "| store.py:1 | `a1` → `pass` | equivalent: it is done twice |" in page
    assert "| store.py:2 | `a2` → `pass` | not looked at yet |" in page
    assert "a3" not in page
