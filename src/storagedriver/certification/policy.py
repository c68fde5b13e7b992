"""The policy of a gate: what reports have to show, and which failures are accepted for a while."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, ValidationError, field_validator
from pydantic import model_validator as validator_of_all
from pydantic_core import ErrorDetails

from storagedriver.certification.errors import PolicyError
from storagedriver.certification.toml_file import place_in, read_toml
from storagedriver.contract import GROUPS, UnknownRequirementError, requirement
from storagedriver.driver import Capabilities
from storagedriver.installed import entry_points
from storagedriver.registry import BY_NAME_ONLY, CHECKS
from storagedriver.report import Target, grants
from storagedriver.suggestions import did_you_mean_or


def _text(given: Any) -> Any:
    if not isinstance(given, str) or not given.strip():
        raise ValueError("words are needed, in quotes")
    return given.strip()


def _date(given: Any) -> Any:
    if not isinstance(given, date) or isinstance(given, datetime):
        # pydantic tells ValueError with its place, and lets TypeError through.
        raise ValueError("a date is needed, without quotes and without a time: 2027-01-31")  # noqa: TRY004
    return given


def _list(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


Text = Annotated[str, BeforeValidator(_text)]
"""A string that says something."""

Date = Annotated[date, BeforeValidator(_date)]
"""A date as TOML has it."""

Texts = Annotated[tuple[Text, ...], BeforeValidator(_list)]
"""One string or an array of them."""


class _Table(BaseModel):
    """A table of the policy; what it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Minimum(_Table):
    """What each target has to show at least.

    Attributes:
        checks: Checks that were executed: those that passed, failed or were flaky.
        requirements: Requirements with such a check.
        must_percent: MUSTs that are kept, of all of the contract; those not offered or not judged count as not kept.
        trials: Faults, crashes, power failures and hostile inputs that were tried one by one.
    """

    checks: Annotated[StrictInt, Field(ge=1)] = 1
    requirements: Annotated[StrictInt, Field(ge=1)] = 1
    must_percent: Annotated[StrictInt, Field(ge=0, le=100)] = 0
    trials: Annotated[StrictInt, Field(ge=0)] = 0


class Waiver(_Table):
    """One failure that is accepted until a day.

    Attributes:
        target: The target: "s3@minio", "s3@minio:container", "inmemory".
        requirement: The id of one requirement of the contract.
        owner: Who answers for it.
        reason: Why it is accepted.
        expires: The last day on which it holds.
        issue: Where it is being repaired.
    """

    target: Text
    requirement: Text
    owner: Text
    reason: Text
    expires: Date
    issue: Text | None = None

    @field_validator("requirement")
    @classmethod
    def _exists(cls, given: str) -> str:
        try:
            return requirement(given).id
        except UnknownRequirementError as unknown:
            raise ValueError(str(unknown)) from unknown

    @property
    def name(self) -> str:
        """What it is for, in words."""
        return f"{self.requirement} of {self.target}"


class Policy(_Table):
    """What reports have to show.

    Attributes:
        profile: The least profile that was run.
        targets: Targets that have to be among the reports.
        suites: Suites that have to have been run; if none are named, those that come with the installed kit.
        max_age_days: How many days ago a run may have ended; None for any number.
        baseline: Reports of before, of which nothing may get worse; relative to the policy's file.
        capabilities: Capabilities that every target has to declare.
        grants: Grants that every target has to earn: "durable".
        without_groups: Groups of the contract that decide nothing. Their MUSTs still count in the share.
        minimum: What each target has to show at least.
        waivers: Failures that are accepted.
    """

    profile: Literal["quick", "full", "soak"]
    targets: Annotated[Texts, Field(min_length=1)]
    suites: Texts = ()
    max_age_days: Annotated[StrictInt, Field(ge=0)] | None = None
    baseline: Texts = ()
    capabilities: Texts = ()
    grants: Texts = ()
    without_groups: Texts = ()
    minimum: Minimum = Minimum()
    waivers: tuple[Waiver, ...] = ()

    @field_validator("capabilities")
    @classmethod
    def _are_capabilities(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        fields = {field.name: field.type for field in dataclasses.fields(Capabilities)}
        return _known(given, [name for name, kind in fields.items() if kind in {bool, "bool"}], "capability")

    @field_validator("grants")
    @classmethod
    def _are_grants(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return _known(given, list(grants.REQUIREMENTS), "grant")

    @field_validator("without_groups")
    @classmethod
    def _are_groups(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return _known(given, list(GROUPS), "group of the contract")

    @validator_of_all(mode="after")
    def _each_once(self) -> Self:
        for what, names in (
            ("target", list(self.targets)),
            ("waiver for", [each.name for each in self.waivers]),
            ("baseline", list(self.baseline)),
        ):
            if twice := [name for name, times in Counter(names).items() if times > 1]:
                raise ValueError(f"there are two of the {what} {twice[0]}")
        for each in self.waivers:
            if requirement(each.requirement).group in self.without_groups:
                raise ValueError(
                    f"the waiver for {each.name} is for a group that decides nothing; remove one of the two"
                )
        return self

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The policy in a TOML file.

        Raises:
            PolicyError: It cannot be read, is not TOML, has a key that is not known, or a value that means nothing.
        """
        name = os.fspath(path)
        given = read_toml(name, error=PolicyError)
        try:
            policy = cls.model_validate(given)
        except ValidationError as wrong:
            raise PolicyError(name, [_told(each) for each in wrong.errors()]) from None
        folder = Path(path).parent
        return policy.model_copy(update={"baseline": tuple(os.fspath(folder / each) for each in policy.baseline)})

    def required_suites(self) -> tuple[str, ...]:
        """The suites that have to have been run."""
        return self.suites or shipped_suites()

    def decides(self, group: str) -> bool:
        """Whether a group of the contract decides anything."""
        return group not in self.without_groups


def matches(wanted: str, target: Target) -> bool:
    """Whether a target is meant by a word of the policy.

    "s3@minio" means the driver on that server however it was started, "s3@minio:container" in that way alone, and
    "inmemory" the driver that needs no server; the label that the report has means that target in any case.
    """
    names = {target.label}
    if target.server is not None:
        server = f"{target.driver}@{target.server.name}"
        names |= {server, f"{server}:{target.server.mode}"}
    return wanted in names


def shipped_suites() -> tuple[str, ...]:
    """The suites of the kit that are run unasked: another package's may be named as it likes, and mark what it likes."""
    points = entry_points(group=CHECKS)
    return tuple(
        sorted(
            point.name
            for point in points
            if point.dist is not None and point.dist.name == "storagedriver" and point.name not in BY_NAME_ONLY
        )
    )


def _known(given: tuple[str, ...], known: list[str], what: str) -> tuple[str, ...]:
    for name in given:
        if name not in known:
            raise ValueError(f"{name!r} is no {what}{_near(name, known)}")
    return given


def _near(name: str, known: list[str]) -> str:
    return f"; {did_you_mean_or(name, known, 'there are ')}"


_TABLES: dict[str, type[BaseModel]] = {"minimum": Minimum, "waivers": Waiver}


def _told(error: ErrorDetails) -> str:
    place = place_in(error["loc"])
    match error["type"]:
        case "extra_forbidden":
            fields = _TABLES[str(error["loc"][0])] if len(error["loc"]) > 1 else Policy
            return f"{place}: unknown key{_near(str(error['loc'][-1]), list(fields.model_fields))}"
        case "missing":
            return f"{place}: missing"
        case "value_error":
            message = error["msg"].removeprefix("Value error, ")
        case _:
            message = f"{error['msg'][:1].lower()}{error['msg'][1:]}"
    return f"{place}: {message}" if place else message
