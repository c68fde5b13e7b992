"""Looking whether a certificate holds: by whom it is signed, when, about which files, and by which reports. Nothing is fetched."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storagedriver.certificates.bundle import SigstoreBundle, is_bundle
from storagedriver.certificates.envelope import PAYLOAD_TYPE, Envelope, read_document
from storagedriver.certificates.errors import MalformedCertificateError
from storagedriver.certificates.statement import Certificate, CertifiedReport, Statement
from storagedriver.certificates.trust import Signer, TrustRoots
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
        signers: Who signed it, of those whose signatures count.
    """

    findings: tuple[Finding, ...]
    statement: Statement | None
    signers: tuple[Signer, ...]

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

    Raises:
        TrustRootsError: It is signed through Sigstore, and a root of the trust roots means nothing to Sigstore.
    """
    findings: list[Finding] = []

    def ended(aspect: Aspect, problem: str) -> Verification:
        return Verification((*findings, Finding(aspect, Answer.FAILS, problem)), None, ())

    try:
        signatures = _signatures(content, roots)
    except MalformedCertificateError as broken:
        return ended(Aspect.ENVELOPE, str(broken))
    if signatures.payload_type != PAYLOAD_TYPE:
        return ended(Aspect.ENVELOPE, f"its content is said to be {signatures.payload_type!r}, not {PAYLOAD_TYPE}")
    findings.append(Finding(Aspect.ENVELOPE, Answer.HOLDS, f"{PAYLOAD_TYPE}, {signatures.words}"))
    # What a revoked signer signed is not even read.
    believed = [each for each in signatures.signed if each.term.revoked is None]
    try:
        statement = Statement.from_payload(signatures.payload) if believed else None
    except MalformedCertificateError as broken:
        return ended(Aspect.STATEMENT, str(broken))
    if statement is None:
        revoked = [each.term.revocation(each.words) for each in signatures.signed]
        return ended(Aspect.SIGNATURE, "; ".join([*revoked, *signatures.unsigned] or [signatures.unknown]))
    signed_at = signatures.signed_at or statement.certificate.made_at
    judged = [(each, each.term.problem(each.words, signed_at)) for each in signatures.signed]
    problems = [*(problem for _, problem in judged if problem is not None), *signatures.unsigned]
    signers = tuple(each for each, problem in judged if problem is None)
    needed = max(threshold, roots.threshold)
    # Of a bundle's one signature the roots may know the signer by two roots of Sigstore.
    count = min(len(signers), signatures.most)
    if count < needed:
        return ended(Aspect.SIGNATURE, "; ".join([f"{count} of {needed} signatures that are needed", *problems]))
    who = ", ".join(each.words for each in signers)
    findings.append(Finding(Aspect.SIGNATURE, Answer.HOLDS, "; ".join([f"signed by {who}", *problems])))
    findings.append(_time(statement.certificate, now))
    findings.append(_subject(statement, files))
    findings += _reports(statement.certificate.reports, reports)
    return Verification(tuple(findings), statement, signers)


@dataclass(frozen=True, slots=True)
class _Signatures:
    """Who signed a content.

    Attributes:
        payload: The content.
        payload_type: What it is said to be.
        words: How it is signed, for readers.
        most: How many signatures there are.
        signed: Who of the trust roots signed exactly this content.
        unsigned: Of those who are said to have signed it, why they did not.
        unknown: What to say if nobody of the roots is said to have signed it.
        signed_at: When it was signed, if others than the signer say so; UTC.
    """

    payload: bytes
    payload_type: str
    words: str
    most: int
    signed: tuple[Signer, ...]
    unsigned: tuple[str, ...]
    unknown: str
    signed_at: datetime | None = None


def _signatures(content: bytes, roots: TrustRoots) -> _Signatures:
    """Who of the roots signed what is in an envelope or in a bundle.

    Raises:
        MalformedCertificateError: It is neither of the two.
        TrustRootsError: The root of an identity means nothing to Sigstore.
    """
    document = read_document(content)
    if is_bundle(document):
        return _of_bundle(SigstoreBundle.of(document), roots)
    return _of_envelope(Envelope.of(document), roots)


def _of_envelope(envelope: Envelope, roots: TrustRoots) -> _Signatures:
    known = [each for each in roots.keys if each.key.id in envelope.key_ids]
    signed = tuple(each for each in known if envelope.signed_by(each.key))
    changed = "is not of this content: it was changed after it was signed"
    ids = ", ".join(each[:16] for each in envelope.key_ids)
    return _Signatures(
        envelope.payload,
        envelope.payload_type,
        words=f"signatures: {len(envelope.key_ids)}",
        most=len(envelope.key_ids),
        signed=signed,
        unsigned=tuple(f"the signature of {each.words} {changed}" for each in known if each not in signed),
        unknown=f"signed by no key that {roots.path} trusts; the ids of its keys begin with {ids}",
    )


def _of_bundle(bundle: SigstoreBundle, roots: TrustRoots) -> _Signatures:
    found = [(each, bundle.problem(each)) for each in roots.identities]
    return _Signatures(
        bundle.payload,
        bundle.payload_type,
        words="signed through Sigstore",
        most=1,
        signed=tuple(each for each, problem in found if problem is None),
        unsigned=tuple(f"not signed by {each.words}: {problem}" for each, problem in found if problem),
        unknown=f"signed through Sigstore, it says by {bundle.signer}; {roots.path} trusts nobody who signs so",
        signed_at=bundle.signed_at,
    )


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
