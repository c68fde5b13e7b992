"""Faults in a driver's sources: how they are made, judged, and told of."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from power.alterations import Alteration, left_out, meaning_of, scope_at
from power.mutation import AlteredRun, Judges, run_altered, survivors_page
from power.reached import Reached
from power.running import run_all
from power.verdicts import Ending, Verdict, VerdictFile
from storagedriver_drivers.filesystem import datafile
from storagedriver_drivers.inmemory import store

SOURCE = Path(store.__file__)
MODULE = store.__name__


def fault(before: str, after: str) -> Alteration:
    source = SOURCE.read_text()
    assert source.count(before) == 1
    return Alteration(MODULE, SOURCE, 1, "", "ByHand", before, after, source.replace(before, after))


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
    unflushed = Alteration(datafile.__name__, source, 1, "", "ByHand", "os.fsync(self.fd)", "pass", altered)
    found: list[Verdict] = []

    run = AlteredRun("filesystem", unflushed, judges=Judges(("durability",)))
    run_all([run], run_altered, loaded="power.loaded_without_drivers", processes=1, limit=200, done=found.append)

    assert [(verdict.ending, verdict.requirements) for verdict in found] == [(Ending.CAUGHT, ["DUR-2"])]


CHECKS = "storagedriver_suites/behaviour/test_x.py::test_"


@pytest.mark.parametrize(
    ("before", "asked"),
    [
        ("            return self._staged.get(path)", {"staged", "process"}),
        ("            node = child", {"found", "process"}),
        ("                del self._staged[key]", {"process"}),
        (
            "        node: File | Directory = self._root\n        for name in paths.components(path):\n            child",
            None,
        ),
        ("_shared_lock = threading.Lock()", None),
        ("    def staged(self, path: str)", None),
    ],
    ids=["reached by one", "by another", "by none", "by all", "of the module", "of the class"],
)
def test_only_checks_are_asked_that_execute_the_line(tmp_path: Path, before: str, asked: set[str] | None) -> None:
    """And those that begin processes; all of them where a line is executed for all, or when the module is loaded."""

    def line(text: str) -> int:
        source = SOURCE.read_text()
        assert source.count(text) == 1
        return source[: source.index(text)].count("\n") + 1

    told = {
        line("            return self._staged.get(path)"): [0],
        line("            node = child"): [1],
        line(
            "        node: File | Directory = self._root\n        for name in paths.components(path):\n            child"
        ): None,
        line("_shared_lock = threading.Lock()"): [0],
        line("    def staged(self, path: str)"): [0],
    }
    file = tmp_path / "reached.json"
    checks = [CHECKS + name for name in ("staged", "found", "process")]
    file.write_text(json.dumps({"lines": {SOURCE.name: told}, "always": [2], "checks": checks}))

    found = Reached.read(file).by(Alteration(MODULE, SOURCE, line(before), "", "ByHand", before, "", ""))

    assert found == (None if asked is None else {CHECKS + name for name in asked})


def test_a_fault_is_seen_by_a_check_that_executes_its_line() -> None:
    """No other check is asked, and one is enough."""
    loses = fault("self._put(path, File(content, self._now()))", "self._put(path, File(content[:-1], self._now()))")
    one = "storagedriver_suites/behaviour/test_cont.py::test_put_is_got_at_every_boundary[inmemory-chunk]"
    found: list[Verdict] = []

    runs = [
        AlteredRun("inmemory", loses, judges=Judges(("behaviour",)), checks=frozenset(checks)) for checks in ([one], [])
    ]
    for run in runs:
        run_all([run], run_altered, loaded="power.loaded_without_drivers", processes=1, limit=100, done=found.append)

    assert [verdict.ending for verdict in found] == [Ending.CAUGHT, Ending.MISSED]
    assert [verdict.checks for verdict in found] == [1, 0]


def test_a_fault_that_shows_elsewhere_is_seen_there() -> None:
    """With all checks of the first suite, whatever line they execute."""
    loses = fault("self._put(path, File(content, self._now()))", "self._put(path, File(content[:-1], self._now()))")
    found: list[Verdict] = []

    judges = Judges(("behaviour",), elsewhere=("--requirement=CONT-1",))
    run = AlteredRun("inmemory", loses, judges=judges, checks=frozenset())
    run_all([run], run_altered, loaded="power.loaded_without_drivers", processes=1, limit=100, done=found.append)

    assert [(verdict.ending, verdict.requirements) for verdict in found] == [(Ending.CAUGHT, ["CONT-1"])]


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
    faults = {f"inmemory {n}": Alteration(MODULE, SOURCE, n, "", "ByHand", f"a{n}", "pass", "") for n in range(4)}
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


def test_a_reason_is_for_one_function() -> None:
    """The same statement may stand elsewhere, where the reason does not hold."""
    tree = ast.parse("raise\ndef f():\n    raise\n\nclass C:\n    def f(self):\n        def g():\n            raise\n")

    assert [scope_at(tree, line) for line in (1, 3, 8)] == ["", "f", "C.f.g"]
