"""A folder with all that it takes to certify a driver of one file, and the commands called in it."""

from __future__ import annotations

import base64
import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certification.judged import whole
from storagedriver import cli
from storagedriver.certificates import TrustRoots, Verification, verify
from storagedriver.certificates.envelope import sign
from storagedriver.certificates.keys import PrivateKey, new_pair
from storagedriver.certificates.statement import Statement
from storagedriver.report import FilesDigest, Outcome, Report

POLICY = 'profile = "quick"\ntargets = ["mydriver"]\nsuites = ["behaviour"]\n'

WAIVER = """
[[waivers]]
target = "mydriver"
requirement = "CONT-2"
owner = "ann@example.org"
reason = "the backend is being replaced"
expires = 9999-12-31
"""


def judged(
    *drivers: str,
    distribution: str | None = None,
    but: dict[str, Outcome] | None = None,
    files: tuple[FilesDigest, ...] = (),
) -> Report:
    """A report of drivers that keep all but what is named, come from `distribution`, and had these `files`."""
    report = whole(*(drivers or ("mydriver",)), but=but)
    return dataclasses.replace(
        report,
        targets=tuple(dataclasses.replace(each, distribution=distribution, files=files) for each in report.targets),
    )


@dataclass(frozen=True)
class Workshop:
    folder: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Workshop:
        """With a key, a policy, a report and the driver's file."""
        new_pair(folder / "release")
        (folder / "gate.toml").write_text(POLICY)
        (folder / "mydriver.py").write_text("class MyDriver: ...\n")
        judged().write(folder / "report.json")
        return cls(folder)

    def certify(self, *arguments: str, key: str = "release.key", subject: str | None = "mydriver.py") -> int:
        about = [] if subject is None else [f"--subject={subject}"]
        given = arguments if any(each.endswith(".json") for each in arguments) else ("report.json", *arguments)
        return cli.main(["certify", f"--key={key}", "--policy=gate.toml", "--out=cert", *about, *given])

    def verify(self, *arguments: str, trust: str = "release.pub") -> int:
        return cli.main(["verify", "cert", f"--trust={trust}", *arguments])

    def envelope(self) -> dict[str, Any]:
        made: dict[str, Any] = json.loads((self.folder / "cert").read_text())
        return made

    def payload(self) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(base64.b64decode(self.envelope()["payload"]))
        return made

    def statement(self) -> Statement:
        return Statement.from_payload(base64.b64decode(self.envelope()["payload"]))

    def sign(self, payload: bytes, *keys: str) -> bytes:
        """An envelope of any content."""
        signers = [PrivateKey.load(self.folder / f"{key}.key") for key in keys or ("release",)]
        return json.dumps(sign(payload, signers)).encode()

    def look_at(self, content: bytes, **more: Any) -> Verification:
        """verify() with this folder's key as root, at the time the certificate was made."""
        roots = TrustRoots.load(self.folder / "release.pub")
        given: dict[str, Any] = {} if "now" in more else {"now": self.statement().certificate.made_at}
        return verify(content, roots, **given, **more)
