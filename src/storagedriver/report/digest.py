"""The digest of a report: it tells a file as it was written from one that was changed afterwards.

Whoever changes a file can also make its digest anew, so it guards against slips and patched results, not against a forger;
that takes a signature.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from storagedriver.report.errors import ReportError

KEY = "digest"
"""The key of the document that holds it."""

_ALGORITHM = "sha256"


def digest(document: Mapping[str, Any]) -> str:
    """The digest of a document, without the one that it holds: "sha256:" and 64 hexadecimal digits.

    It is that of the values, not of the file: JSON with sorted keys, no white space, and every character beyond ASCII as an
    escape. Indenting a file anew, or sorting its keys, changes nothing.

    Raises:
        ReportError: A value is none that JSON knows.
    """
    content = {key: value for key, value in document.items() if key != KEY}
    try:
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    except (TypeError, ValueError) as unknown:
        raise ReportError(f"the report holds what JSON cannot: {unknown}") from unknown
    return f"{_ALGORITHM}:{hashlib.sha256(canonical.encode('ascii')).hexdigest()}"


def check_digest(document: Mapping[str, Any]) -> None:
    """Refuse a document that is not what its digest was made of; one without a digest passes.

    Raises:
        ReportError: It was changed after it was written.
    """
    given = document.get(KEY)
    if given is not None and not hmac.compare_digest(str(given).encode(), digest(document).encode()):
        raise ReportError(
            "edited after it was written: its content is not that of its digest; take the file as the run wrote it, "
            "or run the suites again"
        )
