"""The operations of buckets and objects."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from email.utils import formatdate
from urllib.parse import unquote

from storagedriver.oss_stub import documents
from storagedriver.oss_stub.errors import RefusalError
from storagedriver.oss_stub.requests import Answer, Request, range_of
from storagedriver.oss_stub.store import LARGEST_SINGLE, LONGEST_KEY, Bucket, Store, StoredObject, etag_of

_KEPT = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-type",
        "expires",
        "x-oss-object-acl",
        "x-oss-server-side-encryption",
        "x-oss-server-side-encryption-key-id",
        "x-oss-storage-class",
    }
)
_METADATA = "x-oss-meta-"
_HEADERS = _KEPT | {
    "x-oss-content-sha256",
    "x-oss-copy-source",
    "x-oss-copy-source-if-match",
    "x-oss-copy-source-range",
    "x-oss-date",
    "x-oss-metadata-directive",
    "x-oss-range-behavior",
    "x-oss-security-token",
}
"""Headers of OSS's own that are known here; those of HTTP are passed over where they are not."""

_QUERY = frozenset(
    {
        *("append", "position"),
        *(
            "list-type",
            "prefix",
            "delimiter",
            "max-keys",
            "start-after",
            "continuation-token",
            "encoding-type",
            "delete",
        ),
        *("uploads", "uploadId", "partNumber", "part-number-marker", "max-parts"),
        *("key-marker", "upload-id-marker", "max-uploads"),
        *("x-oss-signature", "x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-expires"),
        *("x-oss-additional-headers", "x-oss-security-token"),
    }
)
_LONGEST_PAGE = 1000
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]")


def answer(store: Store, request: Request) -> Answer:
    """Do what a request asks for.

    Raises:
        RefusalError: It cannot be done, or is not known here.
    """
    if not request.bucket:
        raise RefusalError("NotImplemented", "This stub does not list buckets.")
    _refuse_unknown(request)
    if not request.key:
        return _of_bucket(store, request)
    if len(request.key.encode()) > LONGEST_KEY or request.key.startswith(("/", "\\")):
        raise RefusalError("InvalidObjectName", f"A key has 1 to {LONGEST_KEY} bytes, and begins with no slash.")
    bucket = store.bucket(request.bucket)
    _verify_digest(request)
    operation = _operation(request)
    return operation(store, bucket, request)


Operation = Callable[[Store, Bucket, Request], Answer]


def _operation(request: Request) -> Operation:
    copies = "x-oss-copy-source" in request.headers
    match request.method:
        case "PUT" if request.has("partNumber") and request.has("uploadId"):
            return _upload_part_copy if copies else _upload_part
        case "PUT":
            return _copy if copies else _put
        case "POST" if request.has("uploads"):
            return _begin
        case "POST" if request.has("uploadId"):
            return _complete
        case "POST" if request.has("append"):
            return _append
        case "GET" if request.has("uploadId"):
            return _list_parts
        case "GET" | "HEAD":
            return _get
        case "DELETE":
            return _abort if request.has("uploadId") else _delete
    raise RefusalError("NotImplemented", f"This stub has no {request.method} like this.")


def _refuse_unknown(request: Request) -> None:
    """What is not known here would be done otherwise than it was meant, if it were passed over."""
    names = {name for name, _ in request.pairs} - _QUERY
    names |= {
        name for name in request.headers if name.startswith("x-oss-") and not name.startswith(_METADATA)
    } - _HEADERS
    if names:
        raise RefusalError("NotImplemented", f"This stub does not know {', '.join(sorted(names))}.")


# --- of buckets


def _of_bucket(store: Store, request: Request) -> Answer:
    if request.method == "PUT" and not request.pairs:
        if not _BUCKET.fullmatch(request.bucket):
            raise RefusalError("InvalidBucketName", "3 to 63 of a-z, 0-9 and inner dashes.")
        store.make(request.bucket)
        return Answer()
    bucket = store.bucket(request.bucket)
    _verify_digest(request)
    if request.method == "GET" and request.text("list-type") == "2":
        return _list(bucket, request)
    if request.method == "GET" and request.has("uploads"):
        return _list_uploads(bucket, request)
    if request.method == "POST" and request.has("delete"):
        return _delete_many(bucket, request)
    raise RefusalError("NotImplemented", f"This stub has no {request.method} of a bucket like this.")


def _list(bucket: Bucket, request: Request) -> Answer:
    prefix, delimiter = request.text("prefix"), request.text("delimiter")
    most = request.number("max-keys", 100, most=_LONGEST_PAGE)
    after = request.text("start-after")
    if request.has("continuation-token"):
        try:
            after = base64.b64decode(request.text("continuation-token"), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise RefusalError("InvalidArgument", "The continuation-token is none of this server's.") from None
    page = bucket.page(prefix=prefix, delimiter=delimiter, after=after, most=most)
    token = None if page.following is None else base64.b64encode(page.following.encode()).decode()
    body = documents.listing(request.bucket, page, prefix=prefix, delimiter=delimiter, most=most, token=token)
    return _document(body)


def _list_uploads(bucket: Bucket, request: Request) -> Answer:
    past = request.text("key-marker"), request.text("upload-id-marker")
    most = request.number("max-uploads", _LONGEST_PAGE, most=_LONGEST_PAGE)
    found = [
        each
        for each in bucket.uploads(request.text("prefix"))
        if each[0] > past[0] or (each[0] == past[0] and past[1] and each[1] > past[1])
    ]
    page = found[:most]
    following = page[-1][:2] if page and len(found) > len(page) else None
    return _document(documents.uploads(request.bucket, page, following))


def _delete_many(bucket: Bucket, request: Request) -> Answer:
    if "content-md5" not in request.headers:
        raise RefusalError("InvalidArgument", "Content-MD5 is missing.")
    keys, quiet = documents.named_keys(request.body)
    if not 1 <= len(keys) <= _LONGEST_PAGE:
        raise RefusalError("MalformedXML", f"1 to {_LONGEST_PAGE} keys are deleted at once.")
    for key in keys:
        bucket.remove(key)
    return _document(documents.deleted([] if quiet else keys))


# --- of objects


def _put(_: Store, bucket: Bucket, request: Request) -> Answer:
    if len(request.body) > LARGEST_SINGLE:
        raise RefusalError("EntityTooLarge", "An object of one request has at most 5 GiB.")
    made = bucket.put(request.key, StoredObject(request.body, etag_of(request.body), _kept(request.headers)))
    return Answer(headers={"ETag": made.etag})


def _append(_: Store, bucket: Bucket, request: Request) -> Answer:
    position = request.number("position", 0, most=1 << 60)
    made = bucket.append(request.key, request.body, position, _kept(request.headers))
    return Answer(headers={"ETag": made.etag, "x-oss-next-append-position": str(len(made.content))})


def _get(_: Store, bucket: Bucket, request: Request) -> Answer:
    found = bucket.get(request.key)
    if_match, if_none = request.headers.get("if-match"), request.headers.get("if-none-match")
    if if_match is not None and if_match.strip('"') != found.etag.strip('"'):
        raise RefusalError("PreconditionFailed", "The object has another ETag.")
    if if_none is not None and if_none.strip('"') == found.etag.strip('"'):
        raise RefusalError("NotModified", "The object has this ETag.")
    size = len(found.content)
    headers = {
        **{name: value for name, value in found.headers.items() if name != "x-oss-object-acl"},
        "ETag": found.etag,
        "Last-Modified": formatdate(found.modified, usegmt=True),
        "Accept-Ranges": "bytes",
        "x-oss-object-type": found.kind,
        "x-oss-storage-class": found.headers.get("x-oss-storage-class", "Standard"),
    }
    if found.kind == "Appendable":
        headers["x-oss-next-append-position"] = str(size)
    standard = request.headers.get("x-oss-range-behavior") == "standard"
    wanted = range_of(request.headers.get("range", ""), size, standard=standard)
    begin, end = (0, size) if wanted is None else wanted
    if wanted is not None:
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
    status = 200 if wanted is None else 206
    if request.method == "HEAD":
        return Answer(status, headers=headers, length=end - begin)
    return Answer(status, memoryview(found.content)[begin:end], headers)


def _delete(_: Store, bucket: Bucket, request: Request) -> Answer:
    bucket.remove(request.key)
    return Answer(204)


def _copy(store: Store, bucket: Bucket, request: Request) -> Answer:
    source = _source(store, request)
    if len(source.content) > LARGEST_SINGLE:
        raise RefusalError("EntityTooLarge", "What has more than 5 GiB is copied in parts.")
    replaces = request.headers.get("x-oss-metadata-directive", "COPY").upper() == "REPLACE"
    headers = {**({} if replaces else source.headers), **_kept(request.headers)}
    # The ETag stays that of the source; what was appendable or of parts is an ordinary object then.
    made = bucket.put(request.key, StoredObject(source.content, source.etag, headers))
    return _document(documents.copied("CopyObjectResult", made.etag, made.modified))


def _source(store: Store, request: Request) -> StoredObject:
    name, _, key = unquote(request.headers["x-oss-copy-source"]).removeprefix("/").partition("/")
    source = store.bucket(name).get(key)
    wanted = request.headers.get("x-oss-copy-source-if-match")
    if wanted is not None and wanted.strip('"') != source.etag.strip('"'):
        raise RefusalError("PreconditionFailed", "The source has another ETag.")
    return source


# --- of uploads


def _begin(_: Store, bucket: Bucket, request: Request) -> Answer:
    upload_id = bucket.begin(request.key, _kept(request.headers))
    fields: list[documents.Field] = [("Bucket", request.bucket), ("Key", request.key), ("UploadId", upload_id)]
    return _document(documents.document("InitiateMultipartUploadResult", fields))


def _upload_part(_: Store, bucket: Bucket, request: Request) -> Answer:
    number = request.number("partNumber", 0, most=1 << 30)
    part = bucket.add_part(request.key, request.text("uploadId"), number, request.body)
    return Answer(headers={"ETag": part.etag})


def _upload_part_copy(store: Store, bucket: Bucket, request: Request) -> Answer:
    source = _source(store, request)
    told = request.headers.get("x-oss-copy-source-range", "")
    wanted = range_of(told, len(source.content), standard=True) if told else (0, len(source.content))
    if wanted is None:
        raise RefusalError("InvalidArgument", "x-oss-copy-source-range is no range.")
    content = source.content[wanted[0] : wanted[1]]
    number = request.number("partNumber", 0, most=1 << 30)
    part = bucket.add_part(request.key, request.text("uploadId"), number, content)
    return _document(documents.copied("CopyPartResult", part.etag, part.modified))


def _complete(_: Store, bucket: Bucket, request: Request) -> Answer:
    made = bucket.complete(request.key, request.text("uploadId"), documents.named_parts(request.body))
    fields: list[documents.Field] = [("Bucket", request.bucket), ("Key", request.key), ("ETag", made.etag)]
    return _document(documents.document("CompleteMultipartUploadResult", fields), {"ETag": made.etag})


def _abort(_: Store, bucket: Bucket, request: Request) -> Answer:
    bucket.abort(request.key, request.text("uploadId"))
    return Answer(204)


def _list_parts(_: Store, bucket: Bucket, request: Request) -> Answer:
    upload_id = request.text("uploadId")
    past = request.number("part-number-marker", 0, most=1 << 30)
    most = request.number("max-parts", _LONGEST_PAGE, most=_LONGEST_PAGE)
    found = [each for each in bucket.parts(request.key, upload_id) if each[0] > past]
    body = documents.parts(request.bucket, request.key, upload_id, found[:most], more=len(found) > most)
    return _document(body)


# --- what they share


def _document(body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(body=body, headers={"Content-Type": "application/xml", **(headers or {})})


def _kept(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in headers.items() if name in _KEPT or name.startswith(_METADATA)}


def _verify_digest(request: Request) -> None:
    told = request.headers.get("content-md5")
    if told is None:
        return
    found = base64.b64encode(hashlib.md5(request.body, usedforsecurity=False).digest()).decode()
    if told != found:
        raise RefusalError("InvalidDigest", "The Content-MD5 is not that of the body.")
