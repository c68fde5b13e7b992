"""Looking whether a certificate holds: by whom it is signed, when, about which files, and by which reports. Nothing is fetched."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storagedriver.certificates.envelope import PAYLOAD_TYPE, Envelope
from storagedriver.certificates.errors import MalformedCertificateError
from storagedriver.certificates.statement import Certificate, CertifiedReport, Statement
from storagedriver.certificates.trust import TrustedKey, TrustRoots
from storagedriver.driver_files import Files
from storagedriver.report.digest import KEY, check_digest, digest
from storagedriver.report.errors import ReportError
from storagedriver.report.files import read_json
from storagedriver.report.record import moment_text

CLOCK_SLACK = timedelta(minutes=5)
"""How much later than this machine's clock a certificate may have been made."""


class Aspect(StrEnum):
    """What was looked at."""

    ENVELOPE = "envelope"
    SIGNATURE = "signature"
    STATEMENT = "statement"
    TIME = "time"
    SUBJECT = "subject"
    REPORTS = "reports"


class Answer(StrEnum):
    """What was found."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        aspect: Which.
        answer: What was found.
        message: The same in a sentence.
    """

    aspect: Aspect
    answer: Answer
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a certificate holds.

    Attributes:
        findings: All that was looked at, in order. After the first that fails of envelope, signature and statement nothing
            else is, as nothing else is known.
        statement: What the certificate says; None unless enough trusted keys signed it.
        signers: The trusted keys that signed it.
    """

    findings: tuple[Finding, ...]
    statement: Statement | None
    signers: tuple[TrustedKey, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing that was looked at fails."""
        return all(each.answer is not Answer.FAILS for each in self.findings)


def verify(
    content: bytes,
    roots: TrustRoots,
    *,
    now: datetime,
    threshold: int = 1,
    reports: Sequence[str] = (),
    files: Files | None = None,
) -> Verification:
    """Look at a certificate.

    Args:
        content: The certificate's file.
        roots: Whose signatures count.
        now: The time by which it may have expired; UTC.
        threshold: How many signatures of trusted keys are needed, if the roots do not ask for more.
        reports: Files that have to be reports of the certificate, unchanged. Without any they are not looked at.
        files: The files of a driver that it has to be about. Without any they are not looked at.
    """
    findings: list[Finding] = []

    def ended(aspect: Aspect, problem: str) -> Verification:
        return Verification((*findings, Finding(aspect, Answer.FAILS, problem)), None, ())

    try:
        envelope = Envelope.parse(content)
    except MalformedCertificateError as broken:
        return ended(Aspect.ENVELOPE, str(broken))
    if envelope.payload_type != PAYLOAD_TYPE:
        return ended(Aspect.ENVELOPE, f"its content is said to be {envelope.payload_type!r}, not {PAYLOAD_TYPE}")
    findings.append(Finding(Aspect.ENVELOPE, Answer.HOLDS, f"{PAYLOAD_TYPE}, signatures: {len(envelope.key_ids)}"))
    known = [each for each in roots.keys if each.key.id in envelope.key_ids]
    signed = [each for each in known if envelope.signed_by(each.key)]
    # What a revoked key signed is not even read.
    believed = [each for each in signed if each.revoked is None]
    try:
        statement = Statement.from_payload(envelope.payload) if believed else None
    except MalformedCertificateError as broken:
        return ended(Aspect.STATEMENT, str(broken))
    if statement is None:
        return ended(Aspect.SIGNATURE, "; ".join(_without_signature(envelope, roots, known, signed)))
    made_at = statement.certificate.made_at
    problems = [problem for each in signed if (problem := each.problem(made_at)) is not None]
    problems += [
        f"the signature of the key {each.words} is not of this content" for each in known if each not in signed
    ]
    signers = tuple(each for each in signed if each.problem(made_at) is None)
    needed = max(threshold, roots.threshold)
    if len(signers) < needed:
        count = f"{len(signers)} of {needed} signatures that are needed"
        return ended(Aspect.SIGNATURE, "; ".join([count, *problems]))
    names = ", ".join(each.words for each in signers)
    findings.append(Finding(Aspect.SIGNATURE, Answer.HOLDS, "; ".join([f"signed by {names}", *problems])))
    findings.append(_time(statement.certificate, now))
    findings.append(_subject(statement, files))
    findings += _reports(statement.certificate.reports, reports)
    return Verification(tuple(findings), statement, signers)


def _without_signature(
    envelope: Envelope, roots: TrustRoots, known: Iterable[TrustedKey], signed: Sequence[TrustedKey]
) -> Iterator[str]:
    """Why no signature counts, a sentence each."""
    nothing = True
    for each in known:
        nothing = False
        if each not in signed:
            yield f"the signature of the key {each.words} is not of this content: it was changed after it was signed"
        elif each.revoked is not None:
            yield each.revocation
    if nothing:
        ids = ", ".join(each[:16] for each in envelope.key_ids)
        yield f"signed by no key that {roots.path} trusts; the ids of its keys begin with {ids}"


def _time(certificate: Certificate, now: datetime) -> Finding:
    made, ends = certificate.made_at, certificate.expires_at
    if made > now + CLOCK_SLACK:
        return Finding(Aspect.TIME, Answer.FAILS, f"made in the future, at {_to_the_second(made)}")
    if now >= ends:
        return Finding(Aspect.TIME, Answer.FAILS, f"expired at {_to_the_second(ends)}: certify anew")
    return Finding(Aspect.TIME, Answer.HOLDS, f"made at {_to_the_second(made)}, expires at {_to_the_second(ends)}")


def _to_the_second(moment: datetime) -> str:
    return moment_text(moment, timespec="seconds")


def _subject(statement: Statement, files: Files | None) -> Finding:
    if files is None:
        names = ", ".join(each.name for each in statement.subjects)
        return Finding(
            Aspect.SUBJECT, Answer.NOT_CHECKED, f"about {names}: compare with your files by --subject or --driver"
        )
    targets = statement.certificate.targets
    drivers = {each.driver for each in targets}
    if files.driver is not None and files.driver not in drivers:
        return Finding(
            Aspect.SUBJECT,
            Answer.FAILS,
            f"it is about the drivers {', '.join(sorted(drivers))}, not about {files.driver}",
        )
    # A driver that is named has to have its own files, and not those of another driver of the certificate.
    asked = {sha256 for each in targets if files.driver in {None, each.driver} for sha256 in each.files}
    certified = {(each.method, each.sha256): each for each in statement.subjects if each.sha256 in asked}
    for each in files.subjects:
        found = certified.get((each.method, each.sha256))
        if found is not None:
            return Finding(Aspect.SUBJECT, Answer.HOLDS, f"{each.name} is what was certified as {found.name}")
    given = ", ".join(f"{each.name} ({each.method}, sha256 {each.sha256[:16]})" for each in files.subjects)
    listed = ", ".join(f"{each.name} ({each.method}, sha256 {each.sha256[:16]})" for each in certified.values())
    return Finding(Aspect.SUBJECT, Answer.FAILS, f"{given} is not what was certified: {listed}")


def _reports(certified: Sequence[CertifiedReport], paths: Sequence[str]) -> Iterator[Finding]:
    if not paths:
        names = ", ".join(each.name for each in certified)
        yield Finding(Aspect.REPORTS, Answer.NOT_CHECKED, f"of {names}: compare with your files by --reports")
        return
    left = {each.digest: each.name for each in certified}
    for path in paths:
        try:
            found = _report_digest(path)
        except ReportError as broken:
            yield Finding(Aspect.REPORTS, Answer.FAILS, str(broken))
            continue
        # The name is for readers; what was certified is the content.
        matching = next((each for each in certified if each.digest == found), None)
        if matching is None:
            yield Finding(Aspect.REPORTS, Answer.FAILS, f"{path}: not a report of this certificate, or changed since")
        else:
            left.pop(matching.digest, None)
            yield Finding(Aspect.REPORTS, Answer.HOLDS, f"{path} is what was certified as {matching.name}")
    if left:
        yield Finding(Aspect.REPORTS, Answer.NOT_CHECKED, f"not given: {', '.join(left.values())}")


def _report_digest(path: str) -> str:
    document = read_json(path)
    if not isinstance(document, dict):
        raise ReportError(f"{os.fspath(path)}: not a report")
    try:
        if KEY not in document:
            raise ReportError("it has no digest")
        check_digest(document)
        return digest(document)
    except ReportError as broken:
        raise ReportError(f"{os.fspath(path)}: {broken}") from broken
