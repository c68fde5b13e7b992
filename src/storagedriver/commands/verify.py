"""`storagedriver verify`: whether a certificate holds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command, add_json, positive

if TYPE_CHECKING:
    from storagedriver.certificates import TrustRoots, Verification
    from storagedriver.driver_files import Files

EPILOG = """\
Nothing is fetched: whom to trust is said by the trust roots alone. ROOTS is the file of one public key, a folder of them
(.pub, .pem), or a TOML file (in a folder: trust.toml):
  threshold = 1                          # how many of the keys have to have signed
  [[keys]]
  public_key = "release-2026.pub"        # relative to this file, or the PEM text itself
  valid_from = 2026-01-01                # certificates that were made on these days
  valid_until = 2027-01-31
  [[keys]]
  public_key = "ci.pub"
  revoked = 2026-05-04                   # nothing that it signed is believed
  reason = "the runner was broken into"
  [[sigstore]]                           # who may have signed through Sigstore
  identity = "https://github.com/me/mydriver/.github/workflows/release.yml@refs/heads/main"
  issuer = "https://token.actions.githubusercontent.com"

What is signed through Sigstore is verified offline too, by the trust that the package sigstore brings or by --sigstore-trust.
What is not given by --subject, --driver or --reports is not looked at, and that is said.

exit codes:
  0  nothing that was looked at fails
  1  something does; it is told what
  2  the command line or the trust roots are wrong: nothing was verified

examples:
  storagedriver verify s3.cert.json --trust keys/release.pub --driver s3
  storagedriver verify mydriver.cert.json --trust trust.toml --subject mydriver-1.0-py3-none-any.whl --reports certify/*.json
  storagedriver verify s3.sigstore.json --sigstore-identity me@example.org --sigstore-issuer https://accounts.google.com
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "verify", run, summary="look whether a certificate holds", epilog=EPILOG)
    parser.add_argument("certificate", metavar="CERT", help="the certificate")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--trust", metavar="ROOTS", help="whose signatures count")
    who.add_argument(
        "--sigstore-identity", metavar="NAME", help="who has to have signed through Sigstore: an address, or a URL"
    )
    parser.add_argument("--sigstore-issuer", metavar="URL", help="the provider that has to have vouched for NAME")
    parser.add_argument(
        "--sigstore-trust",
        metavar="FILE.json",
        help="certificate authorities and logs instead of Sigstore's public ones: a trusted root, or what has one",
    )
    parser.add_argument(
        "--threshold",
        type=positive,
        default=1,
        metavar="N",
        help="how many trusted keys have to have signed (%(default)s)",
    )
    parser.add_argument("--reports", nargs="+", default=[], metavar="FILE", help="reports that it has to be of")
    about = parser.add_mutually_exclusive_group()
    about.add_argument(
        "--subject", metavar="PATH", help="files that it has to be about: a wheel, another file, a folder"
    )
    about.add_argument("--driver", metavar="NAME", help="the driver, as it is here, that it has to be about")
    add_json(parser)


def run(given: argparse.Namespace) -> int:
    """Verify the certificate."""
    from storagedriver.certificates import TrustRootsError, verify  # noqa: PLC0415  no other waits
    from storagedriver.certificates.envelope import LARGEST  # noqa: PLC0415  as above
    from storagedriver.commands.judging import refuse  # noqa: PLC0415  as above
    from storagedriver.driver_files import DriverFilesError  # noqa: PLC0415  as above
    from storagedriver.report import ReportError  # noqa: PLC0415  as above
    from storagedriver.report.files import read_limited  # noqa: PLC0415  as above

    if problem := _problem(given):
        return output.complain(problem, exits.USAGE)
    try:
        roots = _roots(given)
    except TrustRootsError as wrong:
        return refuse(wrong)
    try:
        content = read_limited(given.certificate, LARGEST)
        files = _files(given)
    except OSError as missing:
        return output.complain(f"{given.certificate}: cannot be read: {missing.strerror or missing}", exits.FAILED)
    except (ReportError, DriverFilesError) as wrong:
        return output.complain(str(wrong), exits.FAILED)
    try:
        verification = verify(
            content, roots, now=datetime.now(UTC), threshold=given.threshold, reports=given.reports, files=files
        )
    except TrustRootsError as wrong:
        return refuse(wrong)
    if given.json:
        output.say_json(_document(verification))
    else:
        output.say_styled(_lines(given.certificate, verification))
    return exits.OK if verification.holds else exits.FAILED


def _problem(given: argparse.Namespace) -> str | None:
    if given.sigstore_identity == "":
        return "--sigstore-identity is empty"
    # An empty one is what a variable gives that is not set.
    if given.sigstore_identity is not None and not given.sigstore_issuer:
        return "--sigstore-identity needs --sigstore-issuer: another provider may give the same name to anyone"
    if given.sigstore_identity is None and (given.sigstore_issuer or given.sigstore_trust):
        return "--sigstore-issuer and --sigstore-trust go with --sigstore-identity"
    return None


def _roots(given: argparse.Namespace) -> TrustRoots:
    from storagedriver.certificates import TrustRoots  # noqa: PLC0415  as above
    from storagedriver.certificates.sigstore_root import SigstoreRoot  # noqa: PLC0415  as above
    from storagedriver.certificates.trust import TrustedIdentity  # noqa: PLC0415  as above

    if given.trust is not None:
        return TrustRoots.load(given.trust)
    root = None if given.sigstore_trust is None else SigstoreRoot.read(given.sigstore_trust)
    name = given.sigstore_identity
    return TrustRoots.of(TrustedIdentity(name, given.sigstore_issuer, name, root))


def _files(given: argparse.Namespace) -> Files | None:
    from storagedriver.driver_files import of_driver, of_path  # noqa: PLC0415  as above

    if given.subject is not None:
        return of_path(given.subject)
    return None if given.driver is None else of_driver(given.driver)


def _document(verification: Verification) -> dict[str, Any]:
    statement = verification.statement
    return {
        "holds": verification.holds,
        "findings": [
            {"aspect": each.aspect.value, "answer": each.answer.value, "message": each.message}
            for each in verification.findings
        ],
        "signers": [each.to_dict() for each in verification.signers],
        "subjects": [] if statement is None else [each.to_dict() for each in statement.subjects],
        "certificate": None if statement is None else statement.certificate.to_dict(),
    }


def _lines(path: str, verification: Verification) -> Iterator[tuple[str, str]]:
    from storagedriver.report.foreign_text import one_line  # noqa: PLC0415  as above

    styles = {"holds": "green", "fails": "bold red", "not_checked": "yellow"}
    for each in verification.findings:
        words = each.answer.replace("_", " ")
        yield f"{each.aspect} {words}: {one_line(each.message, limit=500)}", styles[each.answer]
    if verification.statement is not None:
        policy = verification.statement.certificate.policy
        left_out = f", which leaves out {', '.join(policy.without_groups)}" if policy.without_groups else ""
        yield one_line(f"policy: {policy.name} (sha256 {policy.sha256[:16]}), profile {policy.profile}{left_out}"), ""
        for target in verification.statement.certificate.targets:
            server = (
                "" if target.server is None else f" on {target.server.name} {target.server.version or '(no version)'}"
            )
            words = f"{target.label}{server}: MUSTs kept: {target.kept} of {target.total}"
            yield f"judged: {one_line(words)}", ""
        for waiver in verification.statement.certificate.waivers:
            words = (
                f"{waiver.requirement} of {waiver.target}, until {waiver.expires}, by {waiver.owner}: {waiver.reason}"
            )
            yield f"waived: {one_line(words, limit=500)}", "cyan"
    if verification.holds:
        yield f"certificate holds: {one_line(path)}", "bold green"
    else:
        yield f"certificate does not hold: {one_line(path)}", "bold red"
