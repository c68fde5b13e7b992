"""Any report that the model allows."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from storagedriver.contract import REQUIREMENTS, Level
from storagedriver.report import Check, Environment, Evidence, Outcome, Report, Result, Run, Server, Target

# Two halves of a surrogate pair in a row become one character in any JSON; a single half is tested by example.
texts = st.text(max_size=20)
names = st.text(min_size=1, max_size=10)
reasons = st.text(min_size=1, max_size=20).filter(lambda text: bool(text.strip()))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
times = st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  the timezone is given apart

evidences = st.builds(
    Evidence,
    what=texts,
    expected=texts,
    seen=texts,
    calls=st.lists(texts, max_size=3).map(tuple),
    reproducer=texts,
    traceback=texts,
)
servers = st.builds(Server, name=texts, mode=texts, version=st.none() | texts)
environments = st.builds(
    Environment,
    storagedriver=texts,
    python=texts,
    platform=texts,
    packages=st.dictionaries(texts, texts, max_size=3),
    commit=st.none() | texts,
)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    incomplete = draw(st.lists(names, max_size=2))
    return Run(
        started=draw(times),
        finished=draw(times),
        profile=draw(texts),
        suites=tuple(draw(st.lists(texts, max_size=3))),
        arguments=tuple(draw(st.lists(texts, max_size=3))),
        seed=draw(st.none() | st.integers()),
        complete=not incomplete,
        exit_status=draw(st.integers()),
        incomplete_reasons=tuple(incomplete),
    )


@st.composite
def results(draw: st.DrawFn, label: str, requirement: str) -> Result:
    checks = [
        Check(
            node_id=node_id,
            requirement=requirement,
            outcome=draw(st.sampled_from(sorted(set(Outcome) - {Outcome.WAIVED}))),
            reason=draw(reasons),
            duration=draw(st.floats(min_value=0, allow_infinity=False)),
            evidence=draw(st.none() | evidences),
        )
        for node_id in draw(st.lists(texts, max_size=3, unique=True))
    ]
    return Result.of_checks(
        label,
        requirement,
        checks,
        title=draw(texts),
        level=draw(st.sampled_from(Level)),
        capability=draw(st.none() | texts),
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    labels = draw(st.lists(names, max_size=3, unique=True))
    targets = [
        Target(
            label=label,
            driver=draw(texts),
            distribution=draw(st.none() | texts),
            server=draw(st.none() | servers),
            capabilities=draw(st.dictionaries(texts, json_values, max_size=3)),
            parameters=draw(st.dictionaries(texts, texts, max_size=3)),
        )
        for label in labels
    ]
    requirements = st.lists(st.sampled_from(sorted(REQUIREMENTS)), max_size=3, unique=True)
    found = [draw(results(label, requirement)) for label in labels for requirement in draw(requirements)]
    return Report(draw(runs()), draw(environments), tuple(targets), tuple(found))
