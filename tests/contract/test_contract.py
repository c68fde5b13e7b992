"""The contract as data: well-formed, complete, and findable."""

import dataclasses
import pickle
import re
from itertools import groupby
from pathlib import Path

import pytest

from storagedriver import Capabilities
from storagedriver.contract import GROUPS, REQUIREMENTS, Level, Requirement, UnknownRequirementError, requirement
from storagedriver.contract.document import as_markdown

SIZES = {
    "CAP": 2, "PATH": 6, "CONT": 7, "READ": 7, "WRITE": 12, "STAT": 3, "LIST": 5, "MOVE": 7, "DEL": 5, "WALK": 3,
    "URL": 2, "ERR": 3, "CONF": 3, "CONC": 4, "FAULT": 3, "DUR": 2, "LEAK": 1, "SEC": 4, "FOR": 2, "PERF": 3,
}  # fmt: skip

each_requirement = pytest.mark.parametrize("each", REQUIREMENTS.values(), ids=lambda each: each.id)


def test_every_group_has_all_its_numbers_in_order() -> None:
    found = {group: [each.number for each in members] for group, members in groupby(REQUIREMENTS.values(), _group)}

    assert found == {group: list(range(1, size + 1)) for group, size in SIZES.items()}
    assert list(GROUPS) == list(SIZES)


def test_groups_have_titles_of_their_own() -> None:
    assert all(title and title == title.strip() for title in GROUPS.values())
    assert len(set(GROUPS.values())) == len(GROUPS)


@each_requirement
def test_id_is_well_formed(each: Requirement) -> None:
    assert re.fullmatch(r"[A-Z]+-[1-9][0-9]*", each.id)
    assert each.id == f"{each.group}-{each.number}"
    assert REQUIREMENTS[each.id] is each


@each_requirement
def test_texts_are_whole(each: Requirement) -> None:
    assert 10 <= len(each.title) <= 110
    for text in (each.title, each.promise, each.rationale, each.source):
        assert text
        assert text == " ".join(text.split())
    assert each.title[-1] not in ".,:;"
    assert each.source[-1] not in ".,:;"
    assert each.promise.endswith(".")
    assert each.rationale.endswith(".")
    assert each.promise != each.rationale


def test_titles_are_unique() -> None:
    assert len({each.title for each in REQUIREMENTS.values()}) == len(REQUIREMENTS)


@each_requirement
def test_capability_is_a_claim_a_driver_can_make(each: Requirement) -> None:
    claims = {field.name for field in dataclasses.fields(Capabilities) if field.type == "bool"}

    assert each.capability is None or each.capability in claims
    assert each.level is not Level.CAP or each.capability is not None


def test_which_requirements_are_gated() -> None:
    assert {each.id: each.capability for each in REQUIREMENTS.values() if each.capability} == {
        "CONT-6": "atomic_put",
        "WRITE-1": "atomic_write",
        "WRITE-3": "append",
        "WRITE-10": "resumable_writes",
        "LIST-5": "consistent_list",
        "MOVE-5": "move_directory",
        "URL-1": "redirect",
        "URL-2": "redirect",
        "DUR-2": "durable",
    }


def test_which_requirements_are_no_must() -> None:
    assert {each.id: each.level for each in REQUIREMENTS.values() if each.level is not Level.MUST} == {
        "CONT-6": Level.CAP,
        "MOVE-5": Level.CAP,
        "DUR-2": Level.CAP,
        "CONC-4": Level.SHOULD,
        "FOR-2": Level.SHOULD,
        "PERF-1": Level.SHOULD,
        "PERF-2": Level.SHOULD,
        "PERF-3": Level.SHOULD,
    }


@each_requirement
def test_texts_refer_to_requirements_that_exist(each: Requirement) -> None:
    named = set(re.findall(r"\b[A-Z]{2,}-[0-9]+\b", f"{each.promise} {each.rationale}")) - {"UTF-8"}

    assert named <= REQUIREMENTS.keys()


def test_lookup() -> None:
    assert requirement("CONT-2").group == "CONT"
    assert requirement("WRITE-10").number == 10


@pytest.mark.parametrize(
    ("asked", "near"), [("CONT-20", "CONT-2"), ("cont-2", "CONT-2"), ("WRITE_3", "WRITE-3"), ("PAHT-1", "PATH-1")]
)
def test_lookup_of_what_is_unknown_lists_near_matches(asked: str, near: str) -> None:
    with pytest.raises(UnknownRequirementError, match=near) as caught:
        requirement(asked)

    assert isinstance(caught.value, LookupError)
    assert near in caught.value.near
    assert repr(asked) in str(caught.value)


def test_lookup_of_nonsense_lists_the_groups() -> None:
    with pytest.raises(UnknownRequirementError, match="groups are CAP, PATH") as caught:
        requirement("")

    assert caught.value.near == ()


def test_requirements_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        REQUIREMENTS["CONT-2"] = REQUIREMENTS["CONT-1"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        REQUIREMENTS["CONT-2"].title = ""  # type: ignore[misc]


def test_unknown_requirement_error_pickles() -> None:
    error = UnknownRequirementError("CONT-20", ("CONT-2",))

    again = pickle.loads(pickle.dumps(error))

    assert (again.identifier, again.near, str(again)) == ("CONT-20", ("CONT-2",), str(error))


def test_the_page_has_every_requirement_whole() -> None:
    page = as_markdown()

    for each in REQUIREMENTS.values():
        assert f"### {each.id}\n" in page
        assert f"{each.title}." in page
        assert each.promise in page
        assert each.rationale in page


def test_the_page_in_docs_is_up_to_date(request: pytest.FixtureRequest) -> None:
    page = Path(request.config.rootpath, "docs", "contract.md")

    assert page.read_text() == as_markdown(), "run: python -m storagedriver.contract.document > docs/contract.md"


def _group(each: Requirement) -> str:
    return each.group
