"""A policy is read, or refused with the place of what is wrong."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from storagedriver.certification import Policy, PolicyError
from storagedriver.certification.policy import matches
from storagedriver.certification.verdict import Rule
from storagedriver.report import Server, Target

PAGE = (Path(__file__).parents[2] / "docs" / "gate.md").read_text(encoding="utf-8")

GOOD = """
profile = "full"
targets = ["inmemory", "s3@minio"]
suites = ["behaviour"]
max_age_days = 7
baseline = "results/last.json"
capabilities = ["atomic_put"]
grants = ["durable"]
without_groups = ["SEC"]

[minimum]
checks = 1800
requirements = 60
must_percent = 90
trials = 500

[[waivers]]
target = "s3@minio"
requirement = "MOVE-4"
owner = "ann@example.org"
reason = "copies of more than 5 GiB are refused"
expires = 2027-01-31
issue = "https://example.org/7"
"""


def load(folder: Path, text: str) -> Policy:
    path = folder / "gate.toml"
    path.write_text(text, encoding="utf-8")
    return Policy.load(path)


def test_all_keys(tmp_path: Path) -> None:
    policy = load(tmp_path, GOOD)

    assert (policy.profile, policy.targets) == ("full", ("inmemory", "s3@minio"))
    assert (policy.suites, policy.max_age_days) == (("behaviour",), 7)
    assert policy.baseline == (str(tmp_path / "results" / "last.json"),)
    assert (policy.minimum.checks, policy.minimum.requirements, policy.minimum.must_percent) == (1800, 60, 90)
    assert (policy.grants, policy.minimum.trials) == (("durable",), 500)
    assert policy.waivers[0].expires == date(2027, 1, 31)


def test_the_least(tmp_path: Path) -> None:
    policy = load(tmp_path, 'profile = "quick"\ntargets = "inmemory"')

    assert policy.targets == ("inmemory",)
    assert (policy.minimum.checks, policy.minimum.requirements) == (1, 1)
    # Of this project's own entry points, and of no other's.
    assert "behaviour" in policy.required_suites()


WRONG = {
    "no profile": ("targets = ['inmemory']", "profile: missing"),
    "no target": ("profile = 'quick'", "targets: missing"),
    "no target in the list": ("profile = 'quick'\ntargets = []", "targets: value should have at least 1 item"),
    "an odd profile": (GOOD.replace('"full"', '"fast"'), "profile: input should be 'quick', 'full' or 'soak'"),
    "a key too many": (f"{'expire = 1'}\n{GOOD}", "expire: unknown key"),
    "a key misspelt": (GOOD.replace("without_groups", "without_group"), "did you mean 'without_groups'?"),
    "a key misspelt below": (GOOD.replace("checks =", "check ="), "minimum.check: unknown key; did you mean 'checks'?"),
    "a key of a waiver misspelt": (
        GOOD.replace("expires =", "expire ="),
        "waivers[0].expire: unknown key; did you mean 'expires'?",
    ),
    "a waiver without an owner": (
        GOOD.replace("owner =", "issue =").replace('issue = "https', 'x = "'),
        "waivers[0].owner: missing",
    ),
    "an empty reason": (
        GOOD.replace("copies of more than 5 GiB are refused", "  "),
        "waivers[0].reason: words are needed",
    ),
    "a date in quotes": (
        GOOD.replace("2027-01-31", '"2027-01-31"'),
        "waivers[0].expires: a date is needed, without quotes",
    ),
    "a time": (GOOD.replace("2027-01-31", "2027-01-31T12:00:00"), "waivers[0].expires: a date is needed"),
    "a group waived": (
        GOOD.replace("MOVE-4", "MOVE"),
        "waivers[0].requirement: the contract has no requirement 'MOVE'; did you mean MOVE-",
    ),
    "a number in quotes": (GOOD.replace("1800", '"1800"'), "minimum.checks: input should be a valid integer"),
    "true for a number": (GOOD.replace("1800", "true"), "minimum.checks: input should be a valid integer"),
    "nothing as minimum": (GOOD.replace("1800", "0"), "minimum.checks: input should be greater than or equal to 1"),
    "no such grant": (GOOD.replace('"durable"', '"durble"'), "grants: 'durble' is no grant; did you mean 'durable'?"),
    "more than all": (GOOD.replace("= 90", "= 101"), "minimum.must_percent: input should be less than or equal to 100"),
    "an odd group": (GOOD.replace('"SEC"', '"SECURITY"'), "without_groups: 'SECURITY' is no group of the contract"),
    "an odd capability": (GOOD.replace("atomic_put", "atomic_puts"), "did you mean 'atomic_put'?"),
    "a target twice": (GOOD.replace('"inmemory", ', '"s3@minio", '), "there are two of the target s3@minio"),
    "a waiver twice": (f"{GOOD}{GOOD[GOOD.index('[[') :]}", "there are two of the waiver for MOVE-4 of s3@minio"),
    "a waiver for what is left out": (GOOD.replace('"SEC"', '"MOVE"'), "is for a group that decides nothing"),
    "no TOML": ("profile = ", "not TOML: "),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_policy_is_refused_with_the_place(tmp_path: Path, fault: str) -> None:
    text, words = WRONG[fault]

    with pytest.raises(PolicyError) as refused:
        load(tmp_path, text)
    assert words in str(refused.value)
    assert str(refused.value).startswith(f"{tmp_path / 'gate.toml'}: ")


def test_the_policy_of_the_page_is_one(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)

    policy = load(tmp_path, example)
    assert set(policy.model_fields_set) == set(Policy.model_fields)


def test_the_page_tells_every_rule() -> None:
    (rules,) = re.findall(r"\| rule \| when \|\n\| *-+ *\| *-+ *\|\n(.*?)\n\n", PAGE, re.DOTALL)

    assert sorted(re.findall(r"`(\w+)`", re.sub(r"(?m)^(\|[^|]*\|).*$", r"\1", rules))) == sorted(Rule)


def test_all_that_is_wrong_is_told(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        load(tmp_path, "profile = 7\nnovelty = 1\n[minimum]\nchecks = 0\n")

    assert [problem.partition(":")[0] for problem in refused.value.problems] == [
        "profile",
        "targets",
        "minimum.checks",
        "novelty",
    ]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"gate\.toml: cannot be read: No such file"):
        Policy.load(tmp_path / "gate.toml")


@pytest.mark.parametrize(
    ("word", "target", "meant"),
    [
        ("inmemory", Target("inmemory", "inmemory"), True),
        ("s3@minio", Target("s3@minio:container", "s3", server=Server("minio", "container")), True),
        ("s3@minio:container", Target("s3@minio", "s3", server=Server("minio", "container")), True),
        ("s3@minio:process", Target("s3@minio:container", "s3", server=Server("minio", "container")), False),
        ("s3", Target("s3@minio", "s3", server=Server("minio", "process")), False),
        ("MyDriver", Target("MyDriver", "mine:MyDriver"), True),
    ],
)
def test_which_target_is_meant(word: str, target: Target, meant: bool) -> None:
    assert matches(word, target) is meant
