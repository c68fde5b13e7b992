"""Paths by which strangers try to leave the root, by what is hostile about them. `{there}` is what they want to reach."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

HOSTILE_PATHS: Mapping[str, tuple[str, ...]] = {
    "climbs": (
        "/../{there}",
        "/d/../../{there}",
        "/d/f/../../../{there}",
        "/./../{there}",
        "/..//{there}",
        "//../{there}",
        "/../{there}/",
        "/../{there}/.",
        "/d/./../../{there}",
        "../{there}",
        "./../{there}",
        "/.../../../{there}",
    ),
    "has an encoded separator": (
        "/%2e%2e/{there}",
        "/%2E%2E/{there}",
        "/%2e%2e%2f{there}",
        "/..%2f{there}",
        "/..%2F{there}",
        "/d%2f..%2f..%2f{there}",
        "/%252e%252e/{there}",
        "/..%252f{there}",
        "/%25252e%25252e%25252f{there}",
        "/.%2e/{there}",
        "/..%5c{there}",
        "/%c0%ae%c0%ae/{there}",
        "/..%c0%af{there}",
        "/%e0%80%ae%e0%80%ae/{there}",
        "/%u002e%u002e/{there}",
        "/..%00/{there}",
        "/%2e%2e/{there}%00",
        "/&#46;&#46;/{there}",
        "/\\u002e\\u002e/{there}",
        "/=2E=2E/{there}",
    ),
    "has a backslash": (
        "/..\\{there}",
        "\\..\\{there}",
        "/d\\..\\..\\{there}",
        "/..\\/{there}",
        "/d/..\\../{there}",
        "\\\\server\\share\\{there}",
    ),
    "has a control character": (
        "/../{there}\0",
        "/..\0/{there}",
        "/d\0/../../{there}",
        "/d/f\0.txt",
        "/../{there}\n",
        "/..\n/{there}",
        "/\n../{there}",
        "/d/f\n",
        "/d\r/../{there}",
        "/..\r\nX-Injected: 1/{there}",
        "/..\t/{there}",
        "/..\x1b/{there}",
        "/..\x7f/{there}",
    ),
    "has a look-alike": (
        "/\uff0e\uff0e/{there}",
        "/\u2024\u2024/{there}",
        "/\u2025/{there}",
        "/..\u2215{there}",
        "/..\u2044{there}",
        "/..\uff0f{there}",
        "/..\u29f8{there}",
        "/..\uff3c{there}",
        "/.\u200b./{there}",
        "/..\u200d/{there}",
        "/.\ufeff./{there}",
        "/\u202e../{there}",
        "/..\u00a0/{there}",
        "/..\u0338/{there}",
        "/\udc2e\udc2e/{there}",
        "/..\ud800/{there}",
    ),
    "ends a component oddly": (
        "/.. /{there}",
        "/ ../{there}",
        "/..;/{there}",
        "/..;x=1/{there}",
        "/..?/{there}",
        "/..#/{there}",
        "/../{there}?versionId=1",
        "/../{there}#x",
        "/..&/{there}",
        "/..+/{there}",
    ),
    "is of another world": (
        "file:///../{there}",
        "https://example.org/{there}",
        "C:/{there}",
        "/C:/{there}",
        "/C:\\{there}",
        "//?/C:/{there}",
        "~/{there}",
        "/~/{there}",
        "/$HOME/{there}",
        "/${HOME}/{there}",
        "/$(pwd)/{there}",
        "/`pwd`/{there}",
        "/d/*",
        "/d/[f]",
        "/d/{f,g}",
        "/d/f\u0000",
        "/d/f|id",
        "/d/f>{there}",
        "/d/f' OR '1'='1",
    ),
}
"""Each of them is invalid."""

CLIMBS_OUT = (
    "/..",
    "/../..",
    "/../../../../../../../../../../../../../etc/passwd",
    "/" + "../" * 400 + "etc/passwd",
    "/..%2f" * 200 + "etc/passwd",
    "/proc/../../etc/passwd",
    "/d/../..",
)
"""Invalid paths that end beyond anything that belongs to the check: for methods that change nothing."""

OVERLONG = (
    "/" + "a" * 5000,
    "/" + "a/" * 3000 + "a",
    "/" + "a" * 100_000,
    "/" + "%2e" * 2000,
    "/d/" + "\u00e9" * 300,
)
"""Invalid paths that are longer than what any driver declares."""

NO_TEXT: tuple[object, ...] = (b"/../secret", bytearray(b"/d/f"), PurePosixPath("/../secret"), None, 7, ("/d", "f"))
"""What is no path at all."""


def filled(template: str, there: str) -> str:
    """A path of HOSTILE_PATHS to what is `there`. Braces of other kinds stay as they are."""
    return template.replace("{there}", there)
