"""The XML documents of requests and answers."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from storagedriver.oss_stub.errors import RefusalError
from storagedriver.oss_stub.store import Page, Part, StoredObject, Upload

Field = tuple[str, "str | int | Sequence[Field]"]
"""A name with its text, or with the fields below it."""


def document(name: str, fields: Iterable[Field]) -> bytes:
    """An XML document."""
    root = ET.Element(name)
    _fill(root, fields)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root)


def _fill(element: ET.Element, fields: Iterable[Field]) -> None:
    for name, value in fields:
        child = ET.SubElement(element, name)
        if isinstance(value, str | int):
            child.text = str(value)
        else:
            _fill(child, value)


def _quoted(name: str) -> str:
    """As encoding-type=url asks for it. Slashes stay, so that who reads or alters a listing on its way finds names in it."""
    return quote(name, safe="/")


def listing(bucket: str, page: Page, *, prefix: str, delimiter: str, most: int, token: str | None) -> bytes:
    """The answer to ListObjectsV2; names are quoted, as encoding-type=url asks for."""
    fields: list[Field] = [
        ("Name", bucket),
        ("Prefix", _quoted(prefix)),
        ("MaxKeys", most),
        ("Delimiter", _quoted(delimiter)),
        ("EncodingType", "url"),
        ("IsTruncated", "true" if token else "false"),
        ("KeyCount", len(page.objects) + len(page.prefixes)),
    ]
    if token:
        fields.append(("NextContinuationToken", _quoted(token)))
    fields += [("Contents", _entry(key, found)) for key, found in page.objects]
    fields += [("CommonPrefixes", [("Prefix", _quoted(group))]) for group in page.prefixes]
    return document("ListBucketResult", fields)


def _entry(key: str, found: StoredObject) -> Sequence[Field]:
    return [
        ("Key", _quoted(key)),
        ("LastModified", _time(found.modified)),
        ("ETag", found.etag),
        ("Type", found.kind),
        ("Size", len(found.content)),
        ("StorageClass", found.headers.get("x-oss-storage-class", "Standard")),
    ]


def uploads(bucket: str, found: Sequence[tuple[str, str, Upload]], following: tuple[str, str] | None) -> bytes:
    """The answer to ListMultipartUploads."""
    fields: list[Field] = [
        ("Bucket", bucket),
        ("EncodingType", "url"),
        ("IsTruncated", "true" if following else "false"),
        ("NextKeyMarker", _quoted(following[0]) if following else ""),
        ("NextUploadIdMarker", following[1] if following else ""),
    ]
    for key, upload_id, upload in found:
        told: Sequence[Field] = [
            ("Key", _quoted(key)),
            ("UploadId", upload_id),
            ("Initiated", _time(upload.initiated)),
        ]
        fields.append(("Upload", told))
    return document("ListMultipartUploadsResult", fields)


def parts(bucket: str, key: str, upload_id: str, found: Sequence[tuple[int, Part]], *, more: bool) -> bytes:
    """The answer to ListParts."""
    fields: list[Field] = [
        ("Bucket", bucket),
        ("Key", _quoted(key)),
        ("UploadId", upload_id),
        ("EncodingType", "url"),
        ("IsTruncated", "true" if more else "false"),
        ("NextPartNumberMarker", found[-1][0] if found else 0),
    ]
    for number, part in found:
        told: Sequence[Field] = [
            ("PartNumber", number),
            ("LastModified", _time(part.modified)),
            ("ETag", part.etag),
            ("Size", len(part.content)),
        ]
        fields.append(("Part", told))
    return document("ListPartsResult", fields)


def copied(root: str, etag: str, modified: int) -> bytes:
    """The answer to CopyObject and UploadPartCopy."""
    return document(root, [("ETag", etag), ("LastModified", _time(modified))])


def deleted(keys: Sequence[str]) -> bytes:
    """The answer to DeleteMultipleObjects."""
    fields: list[Field] = [("EncodingType", "url")]
    fields += [("Deleted", [("Key", _quoted(key))]) for key in keys]
    return document("DeleteResult", fields)


def named_parts(body: bytes) -> Sequence[tuple[int, str]]:
    """Number and ETag of each part that a CompleteMultipartUpload names."""
    parsed = _parsed(body, "CompleteMultipartUpload")
    try:
        return [(int(part.findtext("PartNumber", "")), part.findtext("ETag", "")) for part in parsed.iter("Part")]
    except ValueError:
        raise RefusalError("MalformedXML", "A number of a part is none.") from None


def named_keys(body: bytes) -> tuple[Sequence[str], bool]:
    """The keys that a DeleteMultipleObjects names, and whether it wants to know nothing of those that were deleted."""
    parsed = _parsed(body, "Delete")
    keys = [each.findtext("Key", "") for each in parsed.iter("Object")]
    return keys, parsed.findtext("Quiet", "") == "true"


def _parsed(body: bytes, root: str) -> ET.Element:
    try:
        parsed = ET.fromstring(body)  # noqa: S314  a stub, for tests of this machine
    except ET.ParseError:
        raise RefusalError("MalformedXML", "The body is no XML.") from None
    if parsed.tag != root:
        raise RefusalError("MalformedXML", f"The body is no {root}.")
    return parsed


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
