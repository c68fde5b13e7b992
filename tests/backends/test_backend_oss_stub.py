"""The stub of OSS: it starts and leaves nothing, and answers Alibaba's own SDK as the service's documentation says."""

from __future__ import annotations

import datetime as dt
import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from backends.test_backend_servers import connects, listening_addresses
from servers import need
from storagedriver import factory
from storagedriver.backends import choose
from storagedriver.backends.oss_stub import OSS_STUB, OSSStubEndpoint
from storagedriver.backends.programs import ProgramServer

sdk: Any = pytest.importorskip("alibabacloud_oss_v2")

BUCKET = "storagedriver"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramServer]:
    need(OSS_STUB.unavailable("process"))
    started = OSS_STUB.start("process", tmp_path_factory.mktemp("oss"))
    assert isinstance(started, ProgramServer)
    yield started
    started.stop()


@pytest.fixture
def endpoint(server: ProgramServer) -> OSSStubEndpoint:
    assert isinstance(server.endpoint, OSSStubEndpoint)
    return server.endpoint


def client_of(endpoint: OSSStubEndpoint, key_id: str | None = None, secret: str | None = None) -> Any:
    config = sdk.config.load_default()
    config.endpoint, config.region = endpoint.url, "cn-hangzhou"
    config.credentials_provider = sdk.credentials.StaticCredentialsProvider(
        key_id or endpoint.key_id, secret or endpoint.secret
    )
    config.retry_max_attempts = 1
    return sdk.Client(config)


@pytest.fixture
def client(endpoint: OSSStubEndpoint) -> Any:
    return client_of(endpoint)


def put(client: Any, key: str, body: bytes = b"", **more: Any) -> Any:
    return client.put_object(sdk.PutObjectRequest(bucket=BUCKET, key=key, body=body, **more))


def get(client: Any, key: str, **more: Any) -> tuple[int, bytes]:
    answer = client.get_object(sdk.GetObjectRequest(bucket=BUCKET, key=key, **more))
    return answer.status_code, answer.body.read()


def refused(call: Any, request: Any) -> tuple[int, str]:
    with pytest.raises(sdk.exceptions.OperationError) as caught:
        call(request)
    error = caught.value.unwrap()
    return error.status_code, error.code


def asked(url: str, method: str = "GET") -> tuple[int, bytes]:
    """The answer to a URL, by who has no keys."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request(method, f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


# --- as a server


def test_from_its_start_to_its_end(tmp_path: Path) -> None:
    need(OSS_STUB.unavailable("process"))
    server = OSS_STUB.start("process", tmp_path)
    assert isinstance(server, ProgramServer)
    running = server.running
    (process,) = server.programs.processes
    assert (running.name, running.mode) == ("oss-stub", "process")
    assert server.failure() is None
    with factory.create("oss", dict(running.parameters)) as driver:
        driver.put_content("/a", b"content")
        assert driver.get_content("/a") == b"content"
    assert listening_addresses(process.pid) == {"0100007F"}

    server.stop()
    server.stop()

    assert not connects(int(str(running.parameters["endpoint"]).rpartition(":")[2]))
    assert list(tmp_path.iterdir()) == []
    assert server.failure() is not None


def test_is_what_the_oss_driver_runs_on() -> None:
    need(OSS_STUB.unavailable("process"))

    assert choose("oss", None) == (OSS_STUB, "process")


def test_says_that_it_is_no_server_of_alibabas(endpoint: OSSStubEndpoint) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=10)
    connection.request("GET", "/")
    answer = connection.getresponse()
    answer.read()
    connection.close()

    assert answer.status == 403
    assert "Stub" in (answer.getheader("Server") or "")
    assert "not Alibaba's" in OSS_STUB.summary


# --- signatures


def test_other_keys_are_refused(endpoint: OSSStubEndpoint) -> None:
    request = sdk.HeadObjectRequest(bucket=BUCKET, key="x")

    assert refused(client_of(endpoint, secret="0" * 32).head_object, request) == (403, "SignatureDoesNotMatch")
    assert refused(client_of(endpoint, key_id="nobody").head_object, request) == (403, "InvalidAccessKeyId")


def test_what_is_not_signed_is_refused(endpoint: OSSStubEndpoint) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "POST"):
        assert asked(f"{endpoint.url}/{BUCKET}/x?", method)[0] == 403


def test_signed_url_is_for_its_method_key_and_time(client: Any) -> None:
    put(client, "signed/å b", b"content")
    put(client, "signed/other", b"other")
    request = sdk.GetObjectRequest(bucket=BUCKET, key="signed/å b")
    url = client.presign(request, expires=dt.timedelta(minutes=5)).url
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)

    assert asked(url) == (200, b"content")
    assert asked(url, "HEAD")[0] == 403
    assert asked(url, "DELETE")[0] == 403
    assert asked(url.replace("signed/%C3%A5%20b", "signed/other"))[0] == 403
    assert asked(url.replace("x-oss-expires=", "x-oss-expires=1"))[0] == 403
    assert asked(f"{url}&prefix=x")[0] == 403
    assert asked(client.presign(request, expiration=long_ago).url)[0] == 400
    assert asked(url) == (200, b"content")


def test_damaged_body_is_refused(client: Any) -> None:
    request = sdk.PutObjectRequest(
        bucket=BUCKET, key="damaged", body=b"content", content_md5="1B2M2Y8AsgTpgAmY7PhCfg=="
    )

    assert refused(client.put_object, request) == (400, "InvalidDigest")
    assert refused(client.get_object, sdk.GetObjectRequest(bucket=BUCKET, key="damaged")) == (404, "NoSuchKey")


# --- objects


def test_object_keeps_its_headers_and_metadata(client: Any) -> None:
    etag = put(client, "kept", b"0123456789", content_type="text/x", cache_control="no-store", metadata={"a": "b"}).etag

    head = client.head_object(sdk.HeadObjectRequest(bucket=BUCKET, key="kept"))

    assert (head.content_length, head.content_type, head.cache_control) == (10, "text/x", "no-store")
    assert (dict(head.metadata), head.etag, head.object_type) == ({"a": "b"}, etag, "Normal")


@pytest.mark.parametrize(
    ("asked_for", "standard", "answer"),
    [
        ("bytes=2-4", False, (206, b"234")),
        ("bytes=7-", False, (206, b"789")),
        ("bytes=-3", False, (206, b"789")),
        ("bytes=5-99", True, (206, b"56789")),
        ("bytes=5-99", False, (200, b"0123456789")),
        ("bytes=10-", False, (200, b"0123456789")),
        ("bytes=10-", True, (416, "InvalidRange")),
        ("bytes=4-2", True, (200, b"0123456789")),
    ],
)
def test_ranges(client: Any, asked_for: str, *, standard: bool, answer: tuple[int, Any]) -> None:
    put(client, "ranged", b"0123456789")
    more = {"range_header": asked_for, "range_behavior": "standard" if standard else None}

    if answer[0] == 416:
        assert refused(client.get_object, sdk.GetObjectRequest(bucket=BUCKET, key="ranged", **more)) == answer
    else:
        assert get(client, "ranged", **more) == answer


def test_conditions(client: Any) -> None:
    etag = put(client, "conditional", b"1").etag
    other = put(client, "conditional-other", b"2").etag
    copy = {"bucket": BUCKET, "key": "copy", "source_bucket": BUCKET, "source_key": "conditional"}

    assert get(client, "conditional", if_match=etag) == (200, b"1")
    unmatched = sdk.GetObjectRequest(bucket=BUCKET, key="conditional", if_match=other)
    assert refused(client.get_object, unmatched) == (412, "PreconditionFailed")
    assert refused(client.copy_object, sdk.CopyObjectRequest(**copy, if_match=other)) == (412, "PreconditionFailed")
    assert client.copy_object(sdk.CopyObjectRequest(**copy, if_match=etag)).etag == etag
    assert get(client, "copy") == (200, b"1")


def test_appendable_object_grows_at_its_end_alone(client: Any) -> None:
    def append(key: str, position: int, body: bytes) -> Any:
        return sdk.AppendObjectRequest(bucket=BUCKET, key=key, position=position, body=body)

    client.append_object(append("grown", 0, b"one"))
    assert client.append_object(append("grown", 3, b"two")).next_position == 6

    assert refused(client.append_object, append("grown", 3, b"x")) == (409, "PositionNotEqualToLength")
    put(client, "normal", b"1")
    assert refused(client.append_object, append("normal", 1, b"x")) == (409, "ObjectNotAppendable")
    assert get(client, "grown") == (200, b"onetwo")


def test_listing_groups_and_pages(client: Any) -> None:
    for name in ("a", "b/1", "b/2", "b-", "c/d/e", "ü&<>"):
        put(client, f"listed/{name}")

    def pages(most: int) -> list[list[str]]:
        told, token = [], None
        while True:
            answer = client.list_objects_v2(
                sdk.ListObjectsV2Request(
                    bucket=BUCKET, prefix="listed/", delimiter="/", max_keys=most, continuation_token=token
                )
            )
            groups = [each.prefix for each in answer.common_prefixes or []]
            told.append(sorted([each.key for each in answer.contents or []] + groups, key=str.encode))
            if not answer.is_truncated:
                return told
            token = answer.next_continuation_token

    everything = [f"listed/{name}" for name in ("a", "b-", "b/", "c/", "ü&<>")]
    assert pages(100) == [everything]
    for most in (1, 2, 3):
        assert [name for page in pages(most) for name in page] == everything
        assert {len(page) for page in pages(most)[:-1]} <= {most}


def test_many_are_deleted_at_once_and_absent_ones_are_no_error(client: Any) -> None:
    for name in ("1", "2", "ü<&"):
        put(client, f"many/{name}")
    keys = [f"many/{name}" for name in ("1", "ü<&", "absent")]
    named = [sdk.DeleteObject(key=key) for key in keys]

    answer = client.delete_multiple_objects(sdk.DeleteMultipleObjectsRequest(bucket=BUCKET, objects=named))

    assert [each.key for each in answer.deleted_objects] == keys
    listed = client.list_objects_v2(sdk.ListObjectsV2Request(bucket=BUCKET, prefix="many/")).contents
    assert [each.key for each in listed] == ["many/2"]


@pytest.mark.parametrize(
    ("operation", "request_of", "more"),
    [
        ("put_object", "PutObjectRequest", {"forbid_overwrite": True}),
        ("put_object", "PutObjectRequest", {"tagging": "a=b"}),
        ("get_object", "GetObjectRequest", {"process": "image/info"}),
        ("get_object", "GetObjectRequest", {"version_id": "1"}),
        ("get_object_acl", "GetObjectAclRequest", {}),
    ],
)
def test_what_it_does_not_know_is_refused_and_not_passed_over(
    client: Any, operation: str, request_of: str, more: dict[str, Any]
) -> None:
    request = getattr(sdk, request_of)(bucket=BUCKET, key="unknown", **more)

    assert refused(getattr(client, operation), request) == (501, "NotImplemented")


# --- uploads

SMALLEST = 100 * 1024


class Upload:
    """A multipart upload of one key, by the SDK."""

    def __init__(self, client: Any, key: str) -> None:
        self.client = client
        self.place = {"bucket": BUCKET, "key": key}
        begun = client.initiate_multipart_upload(sdk.InitiateMultipartUploadRequest(**self.place))
        self.place["upload_id"] = begun.upload_id

    def part(self, number: int, body: bytes) -> Any:
        answer = self.client.upload_part(sdk.UploadPartRequest(**self.place, part_number=number, body=body))
        return sdk.UploadPart(part_number=number, etag=answer.etag)

    def completion(self, *parts: Any) -> Any:
        named = sdk.CompleteMultipartUpload(parts=list(parts))
        return sdk.CompleteMultipartUploadRequest(**self.place, complete_multipart_upload=named)


def test_upload_becomes_the_object_of_its_parts(client: Any) -> None:
    upload = Upload(client, "whole")
    second = upload.part(2, b"end")
    first = upload.part(1, b"x" * SMALLEST)
    first = upload.part(1, b"a" * SMALLEST)
    absent = sdk.GetObjectRequest(bucket=BUCKET, key="whole")
    assert refused(client.get_object, absent) == (404, "NoSuchKey")

    client.complete_multipart_upload(upload.completion(first, second))

    assert get(client, "whole") == (200, b"a" * SMALLEST + b"end")
    assert refused(client.complete_multipart_upload, upload.completion(first, second)) == (404, "NoSuchUpload")


def test_upload_that_is_not_as_the_service_wants_it_makes_nothing(client: Any) -> None:
    upload = Upload(client, "wrong")
    small, last = upload.part(1, b"a" * (SMALLEST - 1)), upload.part(2, b"end")
    unknown = sdk.UploadPart(part_number=3, etag=last.etag)

    for parts, code in (
        ((small, last), "EntityTooSmall"),
        ((last, small), "InvalidPartOrder"),
        ((unknown,), "InvalidPart"),
    ):
        assert refused(client.complete_multipart_upload, upload.completion(*parts)) == (400, code)
    absent = sdk.GetObjectRequest(bucket=BUCKET, key="wrong")
    assert refused(client.get_object, absent) == (404, "NoSuchKey")


def test_unfinished_uploads_are_listed_page_by_page_until_they_are_aborted(client: Any) -> None:
    uploads = [Upload(client, key) for key in ("open/a", "open/a", "open/b", "opened")]

    def listed(**more: Any) -> Any:
        return client.list_multipart_uploads(sdk.ListMultipartUploadsRequest(bucket=BUCKET, prefix="open/", **more))

    found: list[tuple[str, str]] = []
    past: dict[str, str] = {}
    while True:
        page = listed(max_uploads=1, **past)
        found += [(each.key, each.upload_id) for each in page.uploads]
        if not page.is_truncated:
            break
        past = {"key_marker": page.next_key_marker, "upload_id_marker": page.next_upload_id_marker}

    assert found == sorted((upload.place["key"], upload.place["upload_id"]) for upload in uploads[:3])
    for upload in uploads:
        client.abort_multipart_upload(sdk.AbortMultipartUploadRequest(**upload.place))
    assert not listed().uploads


def test_part_is_copied_of_an_object(client: Any) -> None:
    put(client, "source", b"0123456789")
    upload = Upload(client, "of-a-copy")
    request = sdk.UploadPartCopyRequest(
        **upload.place, part_number=1, source_bucket=BUCKET, source_key="source", source_range="bytes=2-5"
    )
    part = sdk.UploadPart(part_number=1, etag=client.upload_part_copy(request).etag)

    client.complete_multipart_upload(upload.completion(part))

    assert get(client, "of-a-copy") == (200, b"2345")
