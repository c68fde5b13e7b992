"""What the server's answers say, and what they have to say to be believed (ERR-3, SEC-1)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storagedriver.errors import BackendError

_MD5 = re.compile(r"[0-9a-f]{32}")
_OF_PARTS = re.compile(r"[0-9a-f]{32}-[0-9]+")


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What HEAD tells of an object."""

    size: int
    etag: str
    modified: datetime
    metadata: Mapping[str, str]


def require_same(now: ObjectHead | None, head: ObjectHead) -> None:
    """Return if an object is still as `head` says, or was deleted since.

    Raises:
        BackendError: Another one is there.
    """
    if now is not None and now.etag != head.etag:
        raise BackendError("the file was replaced while it was moved")


def require_made_of(etags: Sequence[str], answer: Mapping[str, Any]) -> None:
    """Servers that don't compare the parts' ETags may have made the object of others, or answer for one made before.

    The ETag of an object tells of its parts' own, unless their content is encrypted by KMS.

    Raises:
        BackendError: It is another stream's, that continued the same stage (WRITE-8).
    """
    seen = str(answer.get("ETag", "")).strip('"')
    sums = [etag.strip('"') for etag in etags]
    if str(answer.get("ServerSideEncryption", "")).startswith("aws:kms") or not all(map(_MD5.fullmatch, sums)):
        return
    made = hashlib.md5(b"".join(map(bytes.fromhex, sums)), usedforsecurity=False).hexdigest()
    if _OF_PARTS.fullmatch(seen) and seen != f"{made}-{len(sums)}":
        raise BackendError("the object was made of other parts: another stream continued the same stage")


def head_of(answer: Mapping[str, Any]) -> ObjectHead:
    """What an answer of HeadObject tells.

    Raises:
        BackendError: It lacks what every object has.
    """
    size, modified = answer.get("ContentLength"), answer.get("LastModified")
    if size is None or size < 0 or modified is None:
        raise BackendError("HeadObject was answered without a size or a time")
    return ObjectHead(size, answer.get("ETag", ""), modified, answer.get("Metadata", {}))


def next_page(page: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """The arguments that ask for the page after `page`, which `arguments` asked for; None after the last.

    Raises:
        BackendError: More is said to follow, but not from where.
    """
    if not page.get("IsTruncated"):
        return None
    token = page.get("NextContinuationToken")
    if not token or token == arguments.get("ContinuationToken"):
        raise BackendError("a page of the listing says that more follows, but not from where")
    return {**arguments, "ContinuationToken": token}


def next_page_of_uploads(page: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """The arguments that ask for the unfinished uploads after those of `page`; None after the last.

    Raises:
        BackendError: More are said to follow, but not from where.
    """
    if not page.get("IsTruncated"):
        return None
    uploads = page.get("Uploads", [])
    # SeaweedFS gives the marker of the upload alone.
    following = {
        "KeyMarker": page.get("NextKeyMarker") or (uploads[-1]["Key"] if uploads else ""),
        "UploadIdMarker": page.get("NextUploadIdMarker") or "",
    }
    if following == arguments or not any(following.values()):
        raise BackendError("a page of unfinished uploads says that more follow, but not from where")
    return following


def require_below(page: Mapping[str, Any], prefix: str) -> None:
    """What is listed was asked for: else other files would be shown as those of a directory, and deleted with it (SEC-1).

    Raises:
        BackendError: It is not, or lacks what every entry has.
    """
    for entry in page.get("Contents", []):
        if not entry.get("Key", "").startswith(prefix) or not entry.keys() >= {"Key", "Size", "LastModified"}:
            raise BackendError("the server lists a key that does not lie below the prefix, or is not whole")
    for group in page.get("CommonPrefixes", []):
        if not group.get("Prefix", "").startswith(prefix):
            raise BackendError("the server lists a prefix that does not lie below the one asked for")


def server(answer: Mapping[str, Any]) -> str:
    """What the server calls itself; empty if it does not say. Some list otherwise than S3 does."""
    return str(answer["ResponseMetadata"]["HTTPHeaders"].get("server", ""))


def is_minio(answer: Mapping[str, Any]) -> bool:
    """Whether an answer is MinIO's, which lists some things otherwise than S3 does."""
    return server(answer).startswith("MinIO")


def required_etag(answer: Mapping[str, Any], operation: str) -> str:
    """The ETag of an answer.

    Raises:
        BackendError: There is none: the answer is not that of a success, whatever its status.
    """
    etag = answer.get("ETag")
    if not etag:
        raise BackendError(f"{operation} was answered without an ETag")
    return str(etag)


def may_hide_the_empty(answer: Mapping[str, Any]) -> bool:
    """Whether a server may say of an empty object that it is absent, where it is asked for a range."""
    # SeaweedFS does where a folder that has become empty has the object's name.
    return _is_seaweedfs(answer)


def shows_empty_folders(page: Mapping[str, Any]) -> bool:
    """Whether a page of a listing by delimiter may show directories that are empty."""
    # SeaweedFS keeps folders, and shows one that became empty for a minute and more in listings by delimiter, not in
    # those without. There each group costs a request more; else what was deleted would still be listed (LIST-5).
    return _is_seaweedfs(page)


def _is_seaweedfs(answer: Mapping[str, Any]) -> bool:
    return server(answer).startswith("SeaweedFS")
