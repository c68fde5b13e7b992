"""The oss driver against the kit's stub; what that does not do, is done to its answers on their way."""

from __future__ import annotations

import gzip
import logging
import pickle
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from servers import need
from storagedriver import BackendError, ParameterError, PathNotFoundError, factory
from storagedriver.backends.oss_stub import OSS_STUB

sdk: Any = pytest.importorskip("alibabacloud_oss_v2")

from storagedriver_drivers.oss import OSSDriver  # noqa: E402  after importorskip
from storagedriver_drivers.oss.certification import PARAMETERS, inspect  # noqa: E402
from storagedriver_drivers.oss.transport import Transport  # noqa: E402

CHUNK = 100 * 1024
KEYS = {"accesskeyid": "an-id", "accesskeysecret": "a-secret"}
MINIMAL: dict[str, Any] = {"bucket": "a-bucket", **KEYS}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    need(OSS_STUB.unavailable("process"))
    started = OSS_STUB.start("process", tmp_path_factory.mktemp("oss"))
    yield dict(started.running.parameters)
    started.stop()


@pytest.fixture
def parameters(server: dict[str, Any]) -> dict[str, Any]:
    return {**PARAMETERS, **server, "rootdirectory": f"test-{secrets.token_hex(6)}", "maxretries": 1}


@pytest.fixture
def driver(parameters: dict[str, Any]) -> Iterator[OSSDriver]:
    with OSSDriver.from_parameters(parameters) as made:
        yield made


Send = Callable[..., Any]


@pytest.fixture
def on_the_way(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Send, Any], Any]], None]:
    """Puts a function between all drivers and the server: it gets what sends a request, and the request."""
    send = Transport.send

    def put_in_the_way(between: Callable[[Send, Any], Any]) -> None:
        def sent(self: Transport, request: Any, **options: Any) -> Any:
            return between(lambda: send(self, request, **options), request)

        monkeypatch.setattr(Transport, "send", sent)

    return put_in_the_way


def write(driver: OSSDriver, path: str, content: bytes, *, append: bool = False) -> None:
    with driver.writer(path, append=append) as writer:
        writer.write(content)
        writer.commit()


# --- parameters


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"bucket": "A_bucket"}, "bucket"),
        ({"endpoint": "oss.example.org"}, "endpoint"),
        ({"endpoint": "http://id:secret@example.org"}, "endpoint"),
        ({"region": "cn hangzhou"}, "region"),
        ({"chunksize": CHUNK - 1}, "chunksize"),
        ({"accesskeysecret": None}, "accesskeysecret"),
        ({"accesskeyid": None}, "accesskeyid"),
        ({**dict.fromkeys(KEYS), "securitytoken": "token"}, "accesskeyid"),
        ({"encryptionkeyid": "key"}, "encryptionkeyid"),
        ({"internal": True, "endpoint": "https://oss.example.org"}, "internal"),
        ({"accelerate": True, "internal": True}, "accelerate"),
        ({"forcepathstyle": True}, "forcepathstyle"),
        ({"skipverify": True, "ca_bundle": __file__}, "ca_bundle"),
        ({"ca_bundle": "/no/such/file"}, "ca_bundle"),
        ({"ca_bundle": __file__, "endpoint": "http://127.0.0.1"}, "ca_bundle"),
    ],
)
def test_wrong_parameter_is_named(given: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ParameterError) as caught:
        factory.create("oss", {**MINIMAL, **given})

    assert caught.value.parameter == wrong


def test_keys_come_from_the_environment_where_none_are_given(
    parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    without = {name: value for name, value in parameters.items() if name not in KEYS}
    for name in ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ParameterError, match="OSS_ACCESS_KEY_ID") as caught:
        OSSDriver.from_parameters(without)
    assert caught.value.parameter == "accesskeyid"

    monkeypatch.setenv("OSS_ACCESS_KEY_ID", parameters["accesskeyid"])
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", parameters["accesskeysecret"])
    with OSSDriver.from_parameters(without) as driver:
        driver.put_content("/file", b"content")
        assert driver.get_content("/file") == b"content"


@pytest.mark.parametrize(
    ("given", "begins"),
    [
        ({}, "https://a-bucket.oss-cn-hangzhou.aliyuncs.com/file?"),
        ({"internal": True}, "https://a-bucket.oss-cn-hangzhou-internal.aliyuncs.com/file?"),
        ({"accelerate": True}, "https://a-bucket.oss-accelerate.aliyuncs.com/file?"),
        ({"region": "eu-central-1"}, "https://a-bucket.oss-eu-central-1.aliyuncs.com/file?"),
        ({"endpoint": "http://oss.example.org:8080"}, "http://a-bucket.oss.example.org:8080/file?"),
        ({"endpoint": "http://oss.example.org", "forcepathstyle": True}, "http://oss.example.org/a-bucket/file?"),
        ({"endpoint": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080/a-bucket/file?"),
    ],
)
def test_where_the_bucket_is(given: dict[str, Any], begins: str) -> None:
    with OSSDriver.from_parameters({**MINIMAL, **given}) as driver:
        url = driver.redirect_url("/file")

    assert url is not None
    assert url.startswith(begins)


@pytest.mark.parametrize(
    ("given", "headers"),
    [
        ({}, {}),
        ({"storageclass": "IA"}, {"x-oss-storage-class": "IA"}),
        ({"encrypt": True}, {"x-oss-server-side-encryption": "AES256"}),
        (
            {"encrypt": True, "encryptionkeyid": "key"},
            {"x-oss-server-side-encryption": "KMS", "x-oss-server-side-encryption-key-id": "key"},
        ),
        ({"objectacl": "private"}, {"x-oss-object-acl": "private"}),
    ],
)
def test_what_is_written_bears_what_was_asked_for(
    parameters: dict[str, Any],
    on_the_way: Callable[[Callable[[Send, Any], Any]], None],
    given: dict[str, Any],
    headers: dict[str, str],
) -> None:
    names = ("x-oss-storage-class", "x-oss-server-side-encryption", "x-oss-server-side-encryption-key-id")
    sent: list[dict[str, str]] = []

    def watch(send: Send, request: Any) -> Any:
        made_by = request.method == "PUT" and "partNumber" not in request.url
        if made_by or request.url.endswith("uploads=&encoding-type=url") or "uploadId" in request.url:
            sent.append(
                {name: request.headers[name] for name in (*names, "x-oss-object-acl") if name in request.headers}
            )
        return send()

    on_the_way(watch)
    with OSSDriver.from_parameters({**parameters, **given}) as driver:
        driver.put_content("/small", b"content")
        driver.move("/small", "/moved")

    assert sent == [headers, headers]


# --- what is told


def test_nothing_tells_a_secret(parameters: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    wrong = {**parameters, "accesskeysecret": "hunter2-secret", "securitytoken": "hunter2-token"}
    with caplog.at_level(logging.DEBUG), OSSDriver.from_parameters(wrong) as driver:
        with pytest.raises(BackendError, match=r"SignatureDoesNotMatch.*check accesskeysecret") as caught:
            driver.put_content("/file", b"content")

        assert "hunter2" not in repr(driver) + str(caught.value) + repr(caught.value) + caplog.text
        assert pickle.loads(pickle.dumps(caught.value)).path == "/file"


def test_absent_bucket_is_no_absent_file(parameters: dict[str, Any]) -> None:
    with OSSDriver.from_parameters({**parameters, "bucket": "another-bucket"}) as driver:
        for call in (driver.get_content, driver.stat, driver.list, driver.delete, driver.reader):
            with pytest.raises(BackendError, match="the bucket does not exist"):
                call("/file")


def test_absence_is_told_where_the_server_gives_no_code(
    driver: OSSDriver, on_the_way: Callable[[Callable[[Send, Any], Any]], None]
) -> None:
    def uncoded(send: Send, request: Any) -> Any:
        answer = send()
        if request.method == "HEAD":
            answer.headers.pop("x-oss-err", None)
        return answer

    on_the_way(uncoded)

    with pytest.raises(PathNotFoundError):
        driver.stat("/file")


# --- the way to the server


def test_credentials_of_a_netrc_are_not_taken(
    parameters: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    with OSSDriver.from_parameters(parameters) as driver:
        driver.put_content("/file", b"content")
        assert driver.get_content("/file") == b"content"


def test_compressed_object_is_read_as_it_is_stored(driver: OSSDriver) -> None:
    packed = gzip.compress(b"content" * 1000)
    bucket = driver._bucket
    bucket.api.put_object(
        sdk.PutObjectRequest(
            bucket=bucket.name, key=driver._layout.key("/packed"), body=packed, content_encoding="gzip"
        )
    )

    assert driver.get_content("/packed") == packed
    assert driver.stat("/packed").size == len(packed)
    driver.move("/packed", "/moved")
    head = bucket.head(driver._layout.key("/moved"))
    assert head is not None
    assert head.headers["content_encoding"] == "gzip"


@pytest.mark.parametrize("size", [10, 3 * CHUNK])
def test_move_keeps_metadata_and_headers(driver: OSSDriver, size: int) -> None:
    bucket = driver._bucket
    headers = {"content_type": "text/x", "cache_control": "no-store", "content_disposition": "attachment"}
    bucket.api.put_object(
        sdk.PutObjectRequest(
            bucket=bucket.name, key=driver._layout.key("/file"), body=b"x" * size, metadata={"a": "b"}, **headers
        )
    )

    driver.move("/file", "/moved")

    head = bucket.head(driver._layout.key("/moved"))
    assert head is not None
    assert (head.size, head.headers, head.metadata["a"]) == (size, headers, "b")


def test_range_that_the_server_does_not_know_is_cut_out(
    driver: OSSDriver, on_the_way: Callable[[Callable[[Send, Any], Any]], None]
) -> None:
    content = bytes(range(256)) * 100
    driver.put_content("/file", content)

    def whole(send: Send, request: Any) -> Any:
        request.headers.pop("Range", None)
        return send()

    on_the_way(whole)

    for offset in (1, 12_800, len(content), len(content) + 1):
        with driver.reader("/file", offset) as reader:
            assert reader.read() == content[offset:]


# --- deleting


def test_what_a_batch_does_not_name_is_asked_for_again_and_then_an_error(
    driver: OSSDriver, on_the_way: Callable[[Callable[[Send, Any], Any]], None]
) -> None:
    for name in ("a", "b", "c"):
        driver.put_content(f"/d/{name}", b"content")
    batches: list[bytes] = []

    def forgetful(send: Send, request: Any) -> Any:
        answer = send()
        if "?delete" in request.url:
            batches.append(request.body)
            # The last one that was named.
            answer._content = re.sub(
                rb"<Deleted>(?:(?!<Deleted>).)*</Deleted></DeleteResult>", b"</DeleteResult>", answer.read()
            )
        return answer

    on_the_way(forgetful)

    with pytest.raises(BackendError, match="1 of 4 objects were not deleted"):
        driver.delete("/d")
    assert [batch.count(b"<Object>") for batch in batches] == [4, 1]


def test_delete_ends_the_uploads_that_others_began_there_alone(driver: OSSDriver, parameters: dict[str, Any]) -> None:
    bucket = driver._bucket
    for path in ("/d/file", "/d", "/d-e/file"):
        key = driver._layout.key(path)
        bucket.api.initiate_multipart_upload(sdk.InitiateMultipartUploadRequest(bucket=bucket.name, key=key))
    driver.put_content("/d/kept", b"content")

    driver.delete("/d")

    assert inspect(parameters) == [f"unfinished upload of {driver._layout.key('/d-e/file')}"]


# --- streams


def test_stage_is_continued_by_another_driver_with_another_chunk_size(
    driver: OSSDriver, parameters: dict[str, Any]
) -> None:
    content = secrets.token_bytes(3 * CHUNK + 17)
    writer = driver.writer("/file")
    writer.write(content[: 2 * CHUNK + 5])
    writer.close()

    with OSSDriver.from_parameters({**parameters, "chunksize": 2 * CHUNK}) as other:
        write(other, "/file", content[2 * CHUNK + 5 :], append=True)

    assert driver.get_content("/file") == content
    assert inspect(parameters) == [driver._layout.key("/file")]


def test_committed_stage_whose_state_stayed_is_not_used_again(
    driver: OSSDriver, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = driver.writer("/file")
    writer.write(b"x" * CHUNK)
    writer.close()
    continued = driver.writer("/file", append=True)
    monkeypatch.setattr("storagedriver.multipart_upload.MultipartUpload._end_state", lambda _: False)
    continued.commit()
    monkeypatch.undo()

    write(driver, "/file", b"tail", append=True)

    assert driver.get_content("/file") == b"x" * CHUNK + b"tail"
    assert inspect(parameters) == [driver._layout.key("/file")]
