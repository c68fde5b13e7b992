"""The statement: what a certificate says, as an in-toto Statement with a test result and an extension of the kit's own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from storagedriver.certificates.errors import MalformedCertificateError
from storagedriver.report import FilesDigest, ReportError, Server
from storagedriver.report.files import parse_json
from storagedriver.report.record import Record

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"

EXTENSION = "storagedriver"
"""The field of the predicate that holds the Certificate."""

FORMAT = 1
"""The version of the extension that this module writes, and the newest that it reads."""

REPORT_ALGORITHM = "storagedriverReport"
"""How a report's digest is called in a statement: that of its values, in hexadecimal, as storagedriver.report.digest makes it."""


@dataclass(frozen=True, slots=True)
class CertifiedPolicy(Record):
    """The policy of the gate.

    Attributes:
        name: The name of its file.
        sha256: The digest of that file, in hexadecimal.
        profile: The least profile that it asks for.
        without_groups: Groups of the contract that it lets decide nothing.
    """

    name: str
    sha256: str
    profile: str
    without_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CertifiedTarget(Record):
    """A driver on a server, as it was judged.

    Attributes:
        label: The two in a word: "s3@minio".
        driver: The name that the driver is registered under.
        distribution: Name and version of the distribution that it came from when it ran; None if it came from none.
        server: The server and its version; None for a driver that needs none.
        capabilities: What the driver declared and so had to keep.
        kept: MUSTs of the contract that it keeps.
        total: All MUSTs of the contract.
        waived: Requirements that it does not keep, and that a waiver accepts.
        files: The SHA-256 of each subject that is the driver's files.
    """

    label: str
    driver: str
    distribution: str | None
    server: Server | None
    capabilities: tuple[str, ...]
    kept: int
    total: int
    waived: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CertifiedReport(Record):
    """A report that the gate judged.

    Attributes:
        name: The name of its file.
        digest: The digest of its values, as the report itself has it: "sha256:" and hexadecimal digits.
        profile: The profile that was run.
        suites: The suites that were run.
        storagedriver: The version of the kit that ran them.
        commit: The commit of the tree in which they ran; None if unknown.
        finished: When they ended; UTC.
        targets: What was judged.
    """

    name: str
    digest: str
    profile: str
    suites: tuple[str, ...]
    storagedriver: str
    commit: str | None
    finished: datetime
    targets: tuple[CertifiedTarget, ...]


@dataclass(frozen=True, slots=True)
class CertifiedWaiver(Record):
    """A waiver without which the gate would have been closed.

    Attributes:
        target: The target, as the policy names it.
        requirement: The requirement that is not kept.
        owner: Who answers for it.
        reason: Why it is accepted.
        expires: The last day on which it holds: "2027-01-31".
        issue: Where it is being repaired; None if that is not said.
    """

    target: str
    requirement: str
    owner: str
    reason: str
    expires: str
    issue: str | None


@dataclass(frozen=True, slots=True)
class Certificate(Record):
    """What a gate found, and for how long that is said.

    Attributes:
        format: The version of this record.
        storagedriver: The version of the kit whose gate and contract it was judged by.
        made_at: When; UTC.
        expires_at: From when on it says nothing any more; UTC.
        policy: What had to be shown.
        reports: By what it was shown.
        waivers: What was accepted nevertheless.
    """

    format: int
    storagedriver: str
    made_at: datetime
    expires_at: datetime
    policy: CertifiedPolicy
    reports: tuple[CertifiedReport, ...]
    waivers: tuple[CertifiedWaiver, ...]

    def __post_init__(self) -> None:
        for moment in (self.made_at, self.expires_at):
            if moment.utcoffset() != timedelta(0):
                raise ValueError(f"a time is in UTC and says so, unlike {moment.isoformat()}")
        if self.expires_at <= self.made_at:
            raise ValueError("it expires before it is made")
        if not self.reports:
            raise ValueError("it names no report")

    @property
    def targets(self) -> tuple[CertifiedTarget, ...]:
        """What was judged, of all reports."""
        return tuple(target for report in self.reports for target in report.targets)


@dataclass(frozen=True, slots=True)
class Statement:
    """A certificate with what it is about.

    Attributes:
        subjects: The files of the drivers.
        certificate: What is said of them.
        passed: Requirements that are kept, each as "LABEL REQUIREMENT".
        warned: Requirements that are waived, or are not kept and decided nothing: SHOULDs, and groups that the policy leaves
            out.
    """

    subjects: tuple[FilesDigest, ...]
    certificate: Certificate
    passed: tuple[str, ...]
    warned: tuple[str, ...]

    def to_payload(self) -> bytes:
        """The statement as the bytes to sign."""
        certificate = self.certificate
        document = {
            "_type": STATEMENT_TYPE,
            "subject": [
                {"name": each.name, "digest": {"sha256": each.sha256}, "annotations": {"method": each.method}}
                for each in self.subjects
            ],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "result": "WARNED" if self.warned else "PASSED",
                "configuration": [
                    {"name": certificate.policy.name, "digest": {"sha256": certificate.policy.sha256}},
                    *(
                        {"name": each.name, "digest": {REPORT_ALGORITHM: each.digest.partition(":")[2]}}
                        for each in certificate.reports
                    ),
                ],
                "passedTests": list(self.passed),
                "warnedTests": list(self.warned),
                "failedTests": [],
                EXTENSION: certificate.to_dict(),
            },
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")

    @classmethod
    def from_payload(cls, payload: bytes) -> Self:
        """The statement of a payload whose signature was verified; fields that in-toto lets others add are ignored.

        Raises:
            MalformedCertificateError: It is another kind of statement, of a newer format, or not as it has to be.
        """
        try:
            given = parse_json(payload, what="a statement")
        except ReportError as broken:
            raise MalformedCertificateError(f"its content is {broken}") from broken
        document = _object(given, "the statement")
        for name, expected in (("_type", STATEMENT_TYPE), ("predicateType", PREDICATE_TYPE)):
            if document.get(name) != expected:
                raise MalformedCertificateError(f"no test result of in-toto: {name!r} is not {expected}")
        predicate = _object(document.get("predicate"), "the predicate")
        if predicate.get("result") not in {"PASSED", "WARNED"}:
            raise MalformedCertificateError("it says that the tests did not pass")
        if predicate.get("failedTests"):
            raise MalformedCertificateError("it names tests that failed")
        extension = _object(
            predicate.get(EXTENSION), f"the field {EXTENSION!r}, which makes it a certificate of this kit,"
        )
        version = extension.get("format")
        if isinstance(version, int) and version > FORMAT:
            raise MalformedCertificateError(
                f"written by a newer storagedriver (format {version}; this one reads up to {FORMAT}): upgrade storagedriver"
            )
        try:
            certificate = Certificate.from_dict(extension)
        except ReportError as broken:
            raise MalformedCertificateError(str(broken)) from broken
        subjects = tuple(_subject(each) for each in _array(document.get("subject"), "the subject"))
        if not subjects:
            raise MalformedCertificateError("it has no subject")
        return cls(
            subjects,
            certificate,
            passed=_texts(predicate.get("passedTests", []), "passedTests"),
            warned=_texts(predicate.get("warnedTests", []), "warnedTests"),
        )


def _subject(given: Any) -> FilesDigest:
    described = _object(given, "a subject")
    digests = _object(described.get("digest"), "the digest of a subject")
    annotations = _object(described.get("annotations"), "the annotations of a subject")
    values = {"name": described.get("name"), "method": annotations.get("method"), "sha256": digests.get("sha256")}
    try:
        return FilesDigest.from_dict(values)
    except ReportError as broken:
        raise MalformedCertificateError(str(broken)) from broken


def _object(given: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise MalformedCertificateError(f"{what} has to be an object")
    return given


def _array(given: Any, what: str) -> Sequence[Any]:
    if not isinstance(given, list):
        raise MalformedCertificateError(f"{what} has to be an array")
    return given


def _texts(given: Any, what: str) -> tuple[str, ...]:
    texts = _array(given, what)
    if not all(isinstance(each, str) for each in texts):
        raise MalformedCertificateError(f"{what} has to be an array of strings")
    return tuple(texts)
