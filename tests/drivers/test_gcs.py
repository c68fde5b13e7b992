"""The gcs driver against fake-gcs-server; what that server does not do, goes through an exchange in front of it."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import json
import logging
import pickle
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from drivers.gcs_exchange import LOST, Answer, Exchange, Request, always, first
from drivers.replacing import append_while_it_is_replaced
from servers import need
from storagedriver import BackendError, ParameterError, PathConflictError, PathNotFoundError, factory
from storagedriver.backends.fake_gcs import FAKE_GCS_SERVER
from storagedriver_drivers.gcs import GCSDriver, staging
from storagedriver_drivers.gcs.certification import PARAMETERS, inspect

CHUNK = 256 << 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    need(FAKE_GCS_SERVER.unavailable("process"))
    started = FAKE_GCS_SERVER.start("process", tmp_path_factory.mktemp("gcs"))
    yield dict(started.running.parameters)
    started.stop()


@pytest.fixture
def compares_checksums(server: dict[str, Any]) -> None:
    old = re.match(r"v1\.([0-9]+)\.", FAKE_GCS_SERVER.ways["process"].version())  # type: ignore[attr-defined]
    need("fake-gcs-server before 1.56 compares no checksums" if old and int(old[1]) < 56 else None)


@pytest.fixture
def parameters(server: dict[str, Any]) -> dict[str, Any]:
    root = f"test-{secrets.token_hex(6)}"
    return {**PARAMETERS, **server, "rootdirectory": root, "maxretries": 1, "listpage": 1000}


@pytest.fixture
def driver(parameters: dict[str, Any]) -> Iterator[GCSDriver]:
    with GCSDriver.from_parameters(parameters) as made:
        yield made


@pytest.fixture
def exchange(driver: GCSDriver) -> Exchange:
    made = Exchange(driver)
    made.rules.append(made.keeping_conditions)
    return made


def write(driver: GCSDriver, path: str, content: bytes, *, append: bool = False) -> None:
    with driver.writer(path, append=append) as writer:
        writer.write(content)
        writer.commit()


def key_of(driver: GCSDriver, path: str) -> str:
    return driver._layout.key(path)


# --- parameters

MINIMAL = {"bucket": "a-bucket", "anonymous": True}


@pytest.mark.parametrize(
    ("given", "parameter"),
    [
        ({"bucket": None}, "bucket"),
        ({"bucket": "UPPER"}, "bucket"),
        ({"bucket": "a/b"}, "bucket"),
        ({"bukcet": "typo"}, "bukcet"),
        ({"chunksize": CHUNK - 1}, "chunksize"),
        ({"chunksize": CHUNK + 1}, "chunksize"),
        ({"chunksize": (8 << 20) + CHUNK}, "chunksize"),
        ({"chunksize": "much"}, "chunksize"),
        ({"maxconcurrency": 0}, "maxconcurrency"),
        ({"maxconcurrency": -1}, "maxconcurrency"),
        ({"maxretries": -1}, "maxretries"),
        ({"listpage": 1001}, "listpage"),
        ({"read_timeout": 0}, "read_timeout"),
        ({"endpoint": "localhost:4443"}, "endpoint"),
        ({"endpoint": "http://user:password@localhost"}, "endpoint"),
        ({"useragent": "two\r\nlines"}, "useragent"),
        ({"rootdirectory": "a/../b"}, "rootdirectory"),
        ({"rootdirectory": "r" * 701}, "rootdirectory"),
        ({"keyfile": "/nowhere/key.json", "anonymous": False}, "keyfile"),
        ({"keyfile": __file__, "anonymous": False}, "keyfile"),
        ({"keyfile": __file__}, "anonymous"),
        ({"credentials": "{}"}, "anonymous"),
        ({"credentials": "{}", "anonymous": False}, "credentials"),
        ({"credentials": "no JSON", "anonymous": False}, "credentials"),
        ({"credentials": '{"type": "service_account"}', "anonymous": False}, "credentials"),
        ({"credentials": "{}", "keyfile": __file__, "anonymous": False}, "credentials"),
        ({"skipverify": True, "ca_bundle": __file__}, "ca_bundle"),
        ({"ca_bundle": "/nowhere/ca.pem"}, "ca_bundle"),
    ],
)
def test_wrong_parameter_is_named(given: dict[str, Any], parameter: str) -> None:
    with pytest.raises(ParameterError) as raised:
        factory.create("gcs", {**MINIMAL, **given})

    assert raised.value.parameter == parameter
    assert pickle.loads(pickle.dumps(raised.value)).parameter == parameter


@pytest.mark.parametrize(
    "given", [{"chunksize": str(CHUNK)}, {"chunksize": 8 << 20}, {"maxretries": "0"}, {"listpage": 1}]
)
def test_edges_are_taken(given: dict[str, Any]) -> None:
    with factory.create("gcs", {**MINIMAL, **given}) as made:
        assert isinstance(made, GCSDriver)


def test_without_credentials_the_chain_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str) -> None:
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    with factory.create("gcs", {"bucket": "a-bucket"}) as made:
        assert not made.capabilities.redirect
        with pytest.raises(BackendError, match="DefaultCredentialsError"):
            made.stat("/f")

    (tmp_path / "key.json").write_text(key)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    with factory.create("gcs", {"bucket": "a-bucket"}) as made:
        assert made.capabilities.redirect

    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(BackendError, match="DefaultCredentialsError"):
        factory.create("gcs", {"bucket": "a-bucket"})


def test_chain_is_asked_once_and_renewed(
    parameters: dict[str, Any], key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Here gcloud's own file, whose tokens come from 127.0.0.1."""
    (tmp_path / "application_default_credentials.json").write_text(key)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")  # Else gcloud itself is run for it.
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    with GCSDriver.from_parameters({**parameters, "anonymous": False}) as made:
        exchange = Exchange(made)
        made.put_content("/f", b"x")
        assert made.get_content("/f") == b"x"

    assert {request.headers["authorization"] for request in exchange.seen} == {"Bearer ya29.secret-token"}


def test_variables_of_emulators_have_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
    with GCSDriver.from_parameters(MINIMAL) as made:
        exchange = Exchange(made)
        made._client.session.mount("https://", exchange)
        exchange.rules.append(lambda _: Answer(403))
        with pytest.raises(BackendError, match="403"):
            made.stat("/f")

    assert exchange.seen[0].path.startswith("/storage/v1/b/a-bucket/o/f")


def test_each_request_bears_the_agent_and_no_credentials(parameters: dict[str, Any]) -> None:
    with GCSDriver.from_parameters({**parameters, "useragent": "registry/3"}) as made:
        exchange = Exchange(made)
        made.put_content("/f", b"x")
        made.get_content("/f")
        made.delete("/f")

    # Content is read, and batches are sent, beside the client library.
    assert {request.headers["User-Agent"].startswith("registry/3") for request in exchange.seen} == {True}
    assert not any("Authorization" in request.headers for request in exchange.seen)


# --- credentials and signatures


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def token_server() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name is http.server's
            body = json.dumps(
                {"access_token": "ya29.secret-token", "expires_in": 3600, "token_type": "Bearer"}
            ).encode()
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}/token"
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture
def key(private_key: rsa.RSAPrivateKey, token_server: str) -> str:
    pem = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "p",
            "private_key_id": "k",
            "private_key": pem.decode(),
            "client_email": "driver@p.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": token_server,
        }
    )


def test_key_becomes_a_token_that_is_not_shown(
    parameters: dict[str, Any], key: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    (tmp_path / "key.json").write_text(key)
    given = {**parameters, "anonymous": False}
    with caplog.at_level(logging.DEBUG):
        for credentials in ({"keyfile": tmp_path / "key.json"}, {"credentials": key}):
            with GCSDriver.from_parameters({**given, **credentials}) as made:
                exchange = Exchange(made)
                made.put_content("/f", b"x")
                assert made.get_content("/f") == b"x"
                assert {request.headers["authorization"] for request in exchange.seen} == {"Bearer ya29.secret-token"}
                assert "secret" not in repr(made)

    assert "secret-token" not in caplog.text
    assert "PRIVATE KEY" not in caplog.text


def test_signed_url_names_one_object_and_one_method(
    parameters: dict[str, Any], key: str, private_key: rsa.RSAPrivateKey
) -> None:
    with GCSDriver.from_parameters({**parameters, "anonymous": False, "credentials": key}) as made:
        url = made.redirect_url("/d/f.bin", method="HEAD", expires=90.7)
        assert made.capabilities.redirect
        assert made.redirect_url("/d/f.bin", method="PUT") is None
        for expires in (0.5, 7 * 24 * 3600 + 1, float("inf")):
            with pytest.raises(ParameterError):
                made.redirect_url("/d/f.bin", expires=expires)

    assert url is not None
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert unquote(parts.path) == f"/{parameters['bucket']}/{parameters['rootdirectory']}/d/f.bin"
    assert query["X-Goog-Expires"] == "90"
    unsigned, _, signature = parts.query.rpartition("&X-Goog-Signature=")
    canonical = f"HEAD\n{parts.path}\n{unsigned}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashes.Hash(hashes.SHA256())
    digest.update(canonical.encode())
    scope = query["X-Goog-Credential"].partition("/")[2]
    signed = f"GOOG4-RSA-SHA256\n{query['X-Goog-Date']}\n{scope}\n{digest.finalize().hex()}"
    private_key.public_key().verify(bytes.fromhex(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_who_has_no_key_signs_nothing(driver: GCSDriver) -> None:
    assert not driver.capabilities.redirect
    assert driver.redirect_url("/f") is None


# --- what fails


def _each(driver: GCSDriver) -> dict[str, Callable[[], object]]:
    return {
        "get": lambda: driver.get_content("/d/f"),
        "reader": lambda: driver.reader("/d/f", 1).read(),
        "put": lambda: driver.put_content("/d/f", b"new"),
        "stream": lambda: write(driver, "/d/f", b"n" * (CHUNK + 1)),
        "append": lambda: write(driver, "/d/f", b"end", append=True),
        "stat": lambda: driver.stat("/d/f"),
        "list": lambda: driver.list("/d"),
        "move": lambda: driver.move("/d/f", "/d/g"),
        "delete": lambda: driver.delete("/d"),
    }


CALLS = list(_each(None))  # type: ignore[arg-type]  # nothing is called


@pytest.mark.parametrize("call", CALLS)
def test_failure_that_passes_is_repeated(
    driver: GCSDriver, exchange: Exchange, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storagedriver_drivers.gcs.client._FIRST_DELAY", 0.001)
    failures = [Answer(503), Answer(429), Answer(408), LOST, requests.ConnectionError("reset"), requests.Timeout()]

    def ready() -> None:
        exchange.rules[1:] = []
        driver.put_content("/d/f", b"old")
        driver.put_content("/d/h", b"old")
        exchange.taken()

    ready()
    _each(driver)[call]()
    number = sum(exchange.taken().values())
    for k in range(number):
        ready()
        exchange.rules.append(_the(k + 1, failures[k % len(failures)]))
        _each(driver)[call]()


def _the(number: int, outcome: Any) -> Callable[[Request], Any]:
    """A rule: this comes of the request of this number."""
    left = [number]

    def rule(_: Request) -> Any:
        left[0] -= 1
        return outcome if left[0] == 0 else None

    return rule


@pytest.mark.parametrize("failure", [Answer(503), requests.ConnectionError("reset")], ids=["503", "reset"])
@pytest.mark.parametrize("call", CALLS)
def test_failure_that_lasts_is_an_error(
    driver: GCSDriver, exchange: Exchange, call: str, failure: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storagedriver_drivers.gcs.client._FIRST_DELAY", 0.001)
    driver.put_content("/d/f", b"old")
    driver.put_content("/d/h", b"old")
    exchange.taken()
    exchange.rules.append(lambda _: failure)

    with pytest.raises(BackendError) as raised:
        _each(driver)[call]()

    assert not isinstance(raised.value, PathNotFoundError)
    # What cleans up after the failure fails as well.
    assert max(exchange.taken().values()) <= 4
    exchange.rules.pop()
    assert driver.get_content("/d/f") == b"old"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refusal_is_not_repeated(driver: GCSDriver, exchange: Exchange, status: int) -> None:
    exchange.rules.append(lambda _: Answer(status))

    with pytest.raises(BackendError, match=f"HTTP {status}"):
        driver.get_content("/f")

    assert len(exchange.seen) == 1


@pytest.mark.parametrize("call", CALLS)
def test_absent_bucket_is_no_absent_file(parameters: dict[str, Any], call: str) -> None:
    with GCSDriver.from_parameters({**parameters, "bucket": "no-such-bucket"}) as made:
        exchange = Exchange(made)
        with pytest.raises(BackendError, match="'no-such-bucket' does not exist") as raised:
            _each(made)[call]()

        assert not isinstance(raised.value, PathNotFoundError)
        assert parameters["endpoint"] not in str(raised.value)
        assert len(exchange.seen) <= 6


def test_answer_of_nonsense_is_the_backends_failure(driver: GCSDriver, exchange: Exchange) -> None:
    for body in (b"{", b"[]", b"{}", b'{"name": "other", "size": "1"}'):
        exchange.rules[1:] = [always(Answer(200, body))]
        with pytest.raises(BackendError):
            driver.stat("/f")
        with pytest.raises(BackendError):
            driver.put_content("/f", b"x")


# --- writes that are repeated


def test_lost_answer_of_a_put_writes_once(driver: GCSDriver, exchange: Exchange) -> None:
    exchange.rules.append(first("insert", LOST))
    driver.put_content("/f", b"new")

    assert driver.get_content("/f") == b"new"
    assert [request.query["ifGenerationMatch"] for request in exchange.of("insert")] == ["0", "0"]


def test_repeated_put_does_not_undo_what_came_after_it(
    driver: GCSDriver, exchange: Exchange, parameters: dict[str, Any]
) -> None:
    def lost_and_overtaken(request: Request) -> Any:
        if request.kind == "insert" and len(exchange.of("insert")) == 1:
            return LOST
        if request.kind == "insert":
            with GCSDriver.from_parameters(parameters) as other:
                other.put_content("/f", b"later")
        return None

    exchange.rules.append(lost_and_overtaken)
    with pytest.raises(BackendError, match="not known"):
        driver.put_content("/f", b"earlier")

    assert driver.get_content("/f") == b"later"


def test_put_beside_another_begins_anew(driver: GCSDriver, exchange: Exchange, parameters: dict[str, Any]) -> None:
    def overtaken(request: Request) -> None:
        if request.kind == "insert" and len(exchange.of("insert")) == 1:
            with GCSDriver.from_parameters(parameters) as other:
                other.put_content("/f", b"first")

    exchange.rules.append(overtaken)
    driver.put_content("/f", b"last")

    assert driver.get_content("/f") == b"last"


def test_repeated_delete_leaves_what_came_after_it(
    driver: GCSDriver, exchange: Exchange, parameters: dict[str, Any]
) -> None:
    driver.put_content("/f", b"old")

    def lost_and_written_anew(request: Request) -> Any:
        if request.kind == "delete" and len(exchange.of("delete")) == 1:
            return LOST
        if request.kind == "delete":
            with GCSDriver.from_parameters(parameters) as other:
                other.put_content("/f", b"new")
        return None

    exchange.rules.insert(0, lost_and_written_anew)
    driver.delete("/f")

    assert driver.get_content("/f") == b"new"


@pytest.mark.parametrize("kind", ["insert", "compose", "rewrite"])
def test_lost_answer_within_a_commit(driver: GCSDriver, exchange: Exchange, kind: str) -> None:
    content = secrets.token_bytes(2 * CHUNK + 5)
    exchange.rules.append(first(kind, LOST))
    write(driver, "/f", content)

    assert driver.get_content("/f") == content
    assert inspect({**driver._parameters.model_dump()}, "/f") == [key_of(driver, "/f")]


def test_stream_that_goes_on_after_a_failed_commit(driver: GCSDriver, exchange: Exchange) -> None:
    """The first commit came to pass, and its answers were lost."""
    writer = driver.writer("/f")
    writer.write(b"begin")
    exchange.rules += [first("insert", LOST), first("insert", Answer(403))]
    with pytest.raises(BackendError):
        writer.commit()
    assert driver.get_content("/f") == b"begin"

    writer.write(b" and end")
    writer.commit()

    assert driver.get_content("/f") == b"begin and end"


def test_commit_that_failed_at_its_end_can_be_called_again(driver: GCSDriver, exchange: Exchange) -> None:
    content = secrets.token_bytes(CHUNK + 1)
    writer = driver.writer("/f")
    writer.write(content)
    exchange.rules.append(first("batch", Answer(403)))
    with pytest.raises(BackendError):
        writer.commit()
    assert driver.get_content("/f") == content
    exchange.taken()

    writer.commit()

    assert exchange.taken()["rewrite"] == 0
    assert inspect(driver._parameters.model_dump(), "/f") == [key_of(driver, "/f")]


# --- checksums


def test_upload_bears_its_checksum(driver: GCSDriver, exchange: Exchange) -> None:
    driver.put_content("/f", b"123456789")

    (request,) = exchange.of("insert")
    metadata = json.loads(request.body.split(b"\r\n\r\n")[1].split(b"\r\n--")[0])
    # The check value of CRC-32C, 0xE3069283.
    assert metadata["crc32c"] == "4waSgw=="


@pytest.mark.usefixtures("compares_checksums")
@pytest.mark.parametrize("size", [7, CHUNK, CHUNK + 9])
def test_damaged_upload_is_refused(driver: GCSDriver, exchange: Exchange, size: int) -> None:
    driver.put_content("/f", b"old")
    content = b"\xaa" * size

    def damaged(request: Request) -> bytes | None:
        changed = request.body.replace(b"\xaa\xaa\xaa", b"\xaa\xab\xaa", 1)
        return changed if request.kind == "insert" and changed != request.body else None

    exchange.rules.append(damaged)
    with pytest.raises(BackendError):
        driver.put_content("/f", content)

    exchange.rules.pop()
    assert driver.get_content("/f") == b"old"
    assert inspect(driver._parameters.model_dump(), "/f") == [key_of(driver, "/f")]


def test_server_that_keeps_damaged_content_is_told_of(driver: GCSDriver, exchange: Exchange) -> None:
    def unnoticed(request: Request) -> bytes | None:
        # It is not told the checksum, as a server that compares none.
        changed = re.sub(rb', "crc32c": "[^"]+"|"crc32c": "[^"]+", ', b"", request.body.replace(b"\xaa", b"\xab"))
        return changed if request.kind == "insert" else None

    exchange.rules.append(unnoticed)
    with pytest.raises(BackendError, match="another checksum"):
        driver.put_content("/f", b"\xaa" * 7)

    assert len(exchange.of("insert")) == 1


def test_parts_that_are_joined_wrongly_are_not_published(driver: GCSDriver, exchange: Exchange) -> None:
    driver.put_content("/f", b"old")

    def swapped(request: Request) -> bytes | None:
        if request.kind != "compose":
            return None
        asked = json.loads(request.body)
        asked["sourceObjects"][:2] = asked["sourceObjects"][1::-1]
        return json.dumps(asked).encode()

    # Not the conditions: they are told of the request before it is changed.
    exchange.rules[:] = [swapped]
    with pytest.raises(BackendError, match="checksums differ"):
        write(driver, "/f", secrets.token_bytes(2 * CHUNK))

    assert driver.get_content("/f") == b"old"


def test_damaged_content_is_not_read(driver: GCSDriver, exchange: Exchange) -> None:
    driver.put_content("/f", b"content")
    told = {"X-Goog-Hash": "crc32c=AAAAAA==", "X-Goog-Generation": "1", "Content-Length": "7"}
    exchange.rules.append(lambda request: Answer(200, b"content", told) if request.kind == "read" else None)

    with pytest.raises(BackendError, match="damaged"):
        driver.get_content("/f")
    with pytest.raises(BackendError, match="damaged"), driver.reader("/f") as reader:
        reader.read()


# --- reading


def test_read_that_breaks_off_goes_on_in_the_same_generation(driver: GCSDriver, exchange: Exchange) -> None:
    content = secrets.token_bytes(1000)
    driver.put_content("/f", content)
    generation = str(driver._bucket.head(key_of(driver, "/f")).generation)  # type: ignore[union-attr]
    cut = {"X-Goog-Generation": generation, "Content-Length": "1000"}
    exchange.rules.append(first("read", Answer(200, content[:300], cut)))

    assert driver.get_content("/f") == content
    again = exchange.of("read")[1]
    assert (again.headers["Range"], again.query["generation"]) == ("bytes=300-", generation)


def test_file_replaced_while_it_is_read_is_not_mixed(driver: GCSDriver, exchange: Exchange) -> None:
    driver.put_content("/f", b"o" * 1000)
    cut = {"X-Goog-Generation": "5", "Content-Length": "1000"}
    exchange.rules.append(first("read", Answer(200, b"o" * 300, cut)))

    with pytest.raises(BackendError, match="replaced"):
        driver.get_content("/f")


def test_range_that_is_not_kept(driver: GCSDriver, exchange: Exchange) -> None:
    whole = {"X-Goog-Generation": "5", "Content-Length": "10"}
    exchange.rules.append(lambda _: Answer(200, b"0123456789", whole))
    assert driver.reader("/f", 4).read() == b"456789"

    other = {**whole, "Content-Range": "bytes 0-9/10"}
    exchange.rules[-1] = lambda _: Answer(206, b"0123456789", other)
    with pytest.raises(BackendError, match="other ones"):
        driver.reader("/f", 4)


def test_what_is_stored_compressed_is_read_as_it_is(driver: GCSDriver) -> None:
    stored = gzip.compress(b"text" * 1000)
    blob = driver._client.storage.bucket(driver._parameters.bucket).blob(key_of(driver, "/f.gz"))
    blob.content_encoding = "gzip"
    blob.upload_from_string(stored)

    assert driver.get_content("/f.gz") == stored
    assert driver.reader("/f.gz", 5).read() == stored[5:]
    assert driver.stat("/f.gz").size == len(stored)
    driver.move("/f.gz", "/g.gz")
    assert driver.get_content("/g.gz") == stored


def test_what_is_compressed_on_the_way_is_asked_for_anew(driver: GCSDriver, exchange: Exchange) -> None:
    driver.put_content("/f", b"text" * 100)
    on_the_way = {
        "Content-Encoding": "gzip",
        "X-Goog-Stored-Content-Encoding": "identity",
        "X-Goog-Generation": "5",
    }
    exchange.rules.append(first("read", Answer(200, gzip.compress(b"text" * 100), on_the_way)))

    assert driver.get_content("/f") == b"text" * 100
    assert [request.headers["Accept-Encoding"] for request in exchange.of("read")] == ["gzip", "identity"]


# --- streams


def test_parts_are_joined_by_levels(driver: GCSDriver, exchange: Exchange) -> None:
    content = secrets.token_bytes(CHUNK) * 35 + b"end"
    write(driver, "/f", content)

    assert driver.get_content("/f") == content
    joined = [len(json.loads(request.body)["sourceObjects"]) for request in exchange.of("compose")]
    assert joined == [32, 5]
    assert {len(request.body) < CHUNK + 2000 for request in exchange.of("insert")} == {True}
    assert inspect(driver._parameters.model_dump(), "/f") == [key_of(driver, "/f")]


def test_parts_of_many_writes_are_joined_by_levels(
    driver: GCSDriver, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of them a level here, so that there are several. A join that fails takes nothing of the call in which it does."""
    monkeypatch.setattr("storagedriver_drivers.gcs.upload.MOST_COMPONENTS", 3)
    refusals = [Answer(403)] * 3
    exchange.rules.append(
        lambda request: refusals.pop() if request.kind == "compose" and refusals else None,
    )
    content = secrets.token_bytes(40 * CHUNK + 7)
    refused = 0
    writer = driver.writer("/f")
    while writer.size < len(content):
        if writer.size == 25 * CHUNK:
            writer.close()
            writer = driver.writer("/f", append=True)
            stage = staging.peek(driver._bucket, driver._layout.state_key("/f"))
            assert stage is not None
            assert [part.level for part in stage.parts] == [2, 2, 1, 1, 0]
        size = writer.size
        try:
            writer.write(content[size : size + CHUNK])
        except BackendError:
            refused += 1
            assert writer.size == size
    writer.commit()
    writer.close()

    assert refused == 3
    assert driver.get_content("/f") == content
    assert {len(json.loads(request.body)["sourceObjects"]) for request in exchange.of("compose")} <= {2, 3}
    assert inspect(driver._parameters.model_dump(), "/f") == [key_of(driver, "/f")]


def test_append_copies_on_the_server(driver: GCSDriver, exchange: Exchange) -> None:
    content = secrets.token_bytes(CHUNK + 1)
    driver.put_content("/f", content)
    exchange.taken()
    write(driver, "/f", b"end", append=True)

    assert exchange.taken()["read"] == 1  # Of the state that is not there.
    assert driver.get_content("/f") == content + b"end"


@pytest.mark.parametrize("size", [10, CHUNK])
def test_append_to_a_file_that_is_replaced(driver: GCSDriver, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    found = append_while_it_is_replaced(driver, monkeypatch, driver._bucket, "head", size)

    assert found in {b"n" * size + b"end", b"o" * size + b"end"}
    assert found == b"n" * size + b"end"


def test_committed_stage_is_not_used_again(driver: GCSDriver, exchange: Exchange, parameters: dict[str, Any]) -> None:
    content = secrets.token_bytes(CHUNK + 1)
    with driver.writer("/f") as writer:
        writer.write(content)
    writer = driver.writer("/f", append=True)
    # The process dies between the commit and the end of the stage.
    exchange.rules.append(lambda request: Answer(403) if request.kind in {"delete", "batch"} else None)
    with pytest.raises(BackendError):
        writer.commit()

    with GCSDriver.from_parameters(parameters) as other:
        write(other, "/f", b"end", append=True)
        assert other.get_content("/f") == content + b"end"
    assert inspect(parameters, "/f") == [key_of(driver, "/f")]


def test_damaged_state_is_an_error(driver: GCSDriver) -> None:
    state = driver._layout.state_key("/f")
    for damage in (b"", b"no JSON\n", b"{}\n", b'{"version": 9}\n', b"[]\n"):
        driver._bucket.put(state, damage, "x")
        with pytest.raises(BackendError, match="staged stream"):
            driver.writer("/f", append=True)


# --- moving


def test_copy_takes_several_calls(driver: GCSDriver, exchange: Exchange) -> None:
    driver.put_content("/f", b"content")
    part = json.dumps({"done": False, "rewriteToken": "more", "totalBytesRewritten": "3", "objectSize": "7"}).encode()
    exchange.rules.append(first("rewrite", Answer(200, part)))
    driver.move("/f", "/g")

    assert [request.query.get("rewriteToken") for request in exchange.of("rewrite")] == [None, "more"]
    assert driver.get_content("/g") == b"content"
    with pytest.raises(PathNotFoundError):
        driver.stat("/f")


@pytest.mark.parametrize("answer", [Answer(403), Answer(200, b'{"error": {"code": 500}}'), Answer(404), Answer(412)])
def test_copy_that_fails_keeps_the_source(driver: GCSDriver, exchange: Exchange, answer: Answer) -> None:
    driver.put_content("/f", b"content")
    driver.put_content("/g", b"old")
    exchange.rules.append(lambda request: answer if request.kind == "rewrite" else None)

    with pytest.raises(BackendError):
        driver.move("/f", "/g")

    assert driver.get_content("/f") == b"content"
    assert driver.get_content("/g") == b"old"


def test_source_written_anew_after_its_copy_stays(
    driver: GCSDriver, exchange: Exchange, parameters: dict[str, Any]
) -> None:
    driver.put_content("/f", b"old")

    def written_anew(request: Request) -> None:
        if request.kind == "delete":
            with GCSDriver.from_parameters(parameters) as other:
                other.put_content("/f", b"new")

    exchange.rules.insert(0, written_anew)
    driver.move("/f", "/g")

    assert (driver.get_content("/f"), driver.get_content("/g")) == (b"new", b"old")


def test_move_onto_a_directory(driver: GCSDriver) -> None:
    driver.put_content("/f", b"x")
    driver.put_content("/d/g", b"y")

    with pytest.raises(PathConflictError):
        driver.move("/f", "/d")


# --- deleting and listing


def test_tree_goes_in_batches(driver: GCSDriver, exchange: Exchange) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: driver.put_content(f"/d/{number}", b""), range(205)))
    exchange.taken()
    driver.delete("/d")

    assert exchange.taken() == {"list": 2, "head": 1, "batch": 3}
    with pytest.raises(PathNotFoundError):
        driver.list("/d")


def _batch_answer(statuses: list[int], order: list[int] | None = None) -> Answer:
    parts = [
        f"--b\r\nContent-Type: application/http\r\nContent-ID: <response-{number}>\r\n\r\n"
        f"HTTP/1.1 {statuses[number]} Told\r\n\r\n\r\n"
        for number in order or range(len(statuses))
    ]
    return Answer(200, "".join([*parts, "--b--"]).encode(), {"Content-Type": "multipart/mixed; boundary=b"})


def test_each_answer_of_a_batch_is_looked_at(driver: GCSDriver, exchange: Exchange) -> None:
    for name in "abc":
        driver.put_content(f"/d/{name}", b"")
    for answer, told in (
        (_batch_answer([204, 403, 204]), "1 of 3"),
        (_batch_answer([204, 204]), "2 deletes, of 3"),
        (Answer(200, b"", {"Content-Type": "multipart/mixed"}), "0 deletes, of 3"),
        (Answer(200, b"{}"), "0 deletes, of 3"),
        (_batch_answer([503, 503, 503]), "503"),
        (Answer(403), "403"),
    ):
        exchange.rules[1:] = [always(answer, "batch")]
        with pytest.raises(BackendError, match=told):
            driver.delete("/d")


def test_only_what_failed_is_asked_again(driver: GCSDriver, exchange: Exchange) -> None:
    for name in "abc":
        driver.put_content(f"/d/{name}", b"")
    exchange.rules.append(first("batch", _batch_answer([404, 503, 204], [2, 1, 0])))
    driver.delete("/d")

    asked = [len(re.findall(rb"^DELETE ", request.body, re.MULTILINE)) for request in exchange.of("batch")]
    assert asked == [3, 1]
    assert b"d%2Fb?" in exchange.of("batch")[1].body


def _listing(names: list[str], token: str | None = None) -> Answer:
    # Without a checksum, as what is encrypted by a customer's key has none.
    items = [{"name": name, "size": "1", "generation": "1", "timeCreated": "2026-01-01T00:00:00Z"} for name in names]
    return Answer(200, json.dumps({"items": items, **({"nextPageToken": token} if token else {})}).encode())


def test_page_without_a_name_is_not_the_last(driver: GCSDriver, exchange: Exchange) -> None:
    prefix = driver._layout.prefix("/d")
    pages = {None: _listing([], "1"), "1": _listing([f"{prefix}a"], "2"), "2": _listing([f"{prefix}b"])}
    exchange.rules.append(lambda request: pages[request.query.get("pageToken")] if request.kind == "list" else None)

    assert driver.list("/d") == ["/d/a", "/d/b"]
    assert driver.stat("/d").is_dir


@pytest.mark.parametrize(
    "answer", [_listing([], "1"), _listing(["elsewhere/a"]), Answer(200, b'{"prefixes": ["elsewhere/"]}')]
)
def test_listing_that_lies_is_an_error(driver: GCSDriver, exchange: Exchange, answer: Answer) -> None:
    exchange.rules.append(lambda request: answer if request.kind == "list" else None)

    with pytest.raises(BackendError):
        driver.list("/d")
    with pytest.raises(BackendError):
        driver.delete("/d")
    assert not exchange.of("batch") + exchange.of("delete")


# --- bounds


def test_requests_at_once_are_bounded(parameters: dict[str, Any]) -> None:
    with GCSDriver.from_parameters({**parameters, "maxconcurrency": 2}) as made:
        exchange = Exchange(made)
        made.put_content("/f", b"x" * 100)
        with contextlib.ExitStack() as readers:
            # Open readers hold no place.
            opened = [readers.enter_context(made.reader("/f")) for _ in range(5)]
            with ThreadPoolExecutor(16) as threads:
                found = list(threads.map(lambda _: made.get_content("/f"), range(100), timeout=60))
            assert {*found} == {reader.read() for reader in opened} == {b"x" * 100}

    assert exchange.most_at_once <= 2


@pytest.mark.parametrize("call", CALLS)
def test_no_call_waits_for_itself(parameters: dict[str, Any], call: str) -> None:
    with GCSDriver.from_parameters({**parameters, "maxconcurrency": 1}) as made, ThreadPoolExecutor(4) as threads:
        for name in "fgh":
            made.put_content(f"/d/{name}", b"o" * (CHUNK + 1))
        threads.submit(_each(made)[call]).result(timeout=60)


def test_requests_of_each_call(driver: GCSDriver, exchange: Exchange) -> None:
    def asked(call: Callable[[], object]) -> dict[str, int]:
        exchange.taken()
        call()
        return dict(exchange.taken())

    assert asked(lambda: driver.put_content("/d/f", b"x")) == {"head": 1, "insert": 1}
    assert asked(lambda: driver.get_content("/d/f")) == {"read": 1}
    assert asked(lambda: driver.stat("/d/f")) == {"head": 1}
    assert asked(lambda: driver.stat("/d")) == {"head": 1, "list": 1}
    assert asked(lambda: driver.list("/d")) == {"list": 1}
    assert asked(lambda: write(driver, "/d/l", b"x" * (CHUNK + 1))) == {
        "read": 1,  # Of a stage, which is not there.
        "insert": 2,
        "compose": 1,
        "head": 2,
        "rewrite": 1,
        "list": 2,
        "batch": 1,
    }
    assert asked(lambda: driver.move("/d/f", "/d/g")) == {"head": 2, "list": 1, "rewrite": 1, "delete": 1}
    assert asked(lambda: driver.delete("/d/g")) == {"list": 2, "head": 1, "delete": 1}
