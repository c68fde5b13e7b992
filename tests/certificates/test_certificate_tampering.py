"""Whatever byte is changed, a certificate does not hold any more, or says the same as before."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storagedriver import cli
from storagedriver.driver_files import of_path
from storagedriver.report.digest import digest
from storagedriver.report.files import read_json

from .workshop import Workshop

THOROUGH = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

changes = st.tuples(
    st.sampled_from(["replaced", "removed", "inserted"]), st.floats(0, 1, exclude_max=True), st.integers(0, 255)
)
"""What happens, where as a share of the length, and to which byte."""


def changed(content: bytes, change: tuple[str, float, int]) -> bytes:
    kind, place, byte = change
    index = int(place * len(content))
    rest = content[index:] if kind == "inserted" else content[index + 1 :]
    return content[:index] + (b"" if kind == "removed" else bytes([byte])) + rest


@pytest.fixture
def certified(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> Workshop:
    assert workshop.certify() == cli.OK
    capsys.readouterr()
    return workshop


@THOROUGH
@given(changes)
@example(("replaced", 0.0, ord(" ")))
def test_a_byte_of_the_certificate(certified: Workshop, change: tuple[str, float, int]) -> None:
    content = Path("cert").read_bytes()
    genuine = certified.look_at(content)
    assert genuine.holds

    verification = certified.look_at(changed(content, change))

    if verification.holds:
        assert (verification.statement, verification.signers) == (genuine.statement, genuine.signers)
        # Nothing but the layout of the file was changed, as the signature is of every byte of the content.
        laid_out = json.loads(changed(content, change))
        assert {name: laid_out[name] for name in certified.envelope()} == certified.envelope()
    else:
        assert verification.statement is None


@THOROUGH
@given(changes)
def test_a_byte_of_the_signed_content(certified: Workshop, change: tuple[str, float, int]) -> None:
    """As an attacker changes it who encodes it well: the signature is of each byte, those between the words too."""
    envelope = certified.envelope()
    payload = base64.b64decode(envelope["payload"])
    envelope["payload"] = base64.b64encode(changed(payload, change)).decode()

    verification = certified.look_at(json.dumps(envelope).encode())

    assert verification.holds == (changed(payload, change) == payload)


@THOROUGH
@given(changes)
def test_a_byte_of_a_report(certified: Workshop, change: tuple[str, float, int]) -> None:
    genuine = Path("report.json").read_bytes()
    Path("changed.json").write_bytes(changed(genuine, change))

    verification = certified.look_at(Path("cert").read_bytes(), reports=["changed.json"])

    if verification.holds:
        assert read_json("changed.json") == read_json("report.json")
        assert digest(read_json("changed.json")) == digest(read_json("report.json"))


@THOROUGH
@given(changes)
def test_a_byte_of_the_drivers_file(certified: Workshop, change: tuple[str, float, int]) -> None:
    genuine = Path("mydriver.py").read_bytes()
    Path("changed.py").write_bytes(changed(genuine, change))

    verification = certified.look_at(Path("cert").read_bytes(), files=of_path("changed.py"))

    assert verification.holds == (changed(genuine, change) == genuine)


@settings(THOROUGH, max_examples=50)
@given(st.integers(0, 511), st.integers(0, 7))
def test_a_bit_of_the_signature(certified: Workshop, number: int, bit: int) -> None:
    envelope = certified.envelope()
    signature = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    signature[number % len(signature)] ^= 1 << bit
    envelope["signatures"][0]["sig"] = base64.b64encode(signature).decode()

    assert not certified.look_at(json.dumps(envelope).encode()).holds
