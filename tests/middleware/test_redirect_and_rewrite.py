"""Redirect URLs of one's own, and rewritten ones."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.request import urlopen

import pytest

from storagedriver import InvalidPathError, ParameterError, StorageDriver
from storagedriver.interception import InterceptedDriver
from storagedriver.middleware.redirect import RedirectMiddleware
from storagedriver.middleware.rewrite import RewriteMiddleware
from storagedriver_drivers.inmemory import InMemoryDriver


class Signing(InterceptedDriver):
    """A driver whose redirect URLs are `url`, and that remembers what it was asked."""

    def __init__(self, inner: StorageDriver, url: str | None) -> None:
        super().__init__(inner)
        self.url = url
        self.asked: list[tuple[str, str, float | None]] = []

    def redirect_url(self, path: str, *, method: str = "GET", expires: float | None = None) -> str | None:
        self.asked.append((path, method, expires))
        return self.url


@pytest.fixture
def inner() -> StorageDriver:
    return InMemoryDriver.from_parameters()


# --- redirect


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://cdn.example.com", "https://cdn.example.com/a/b.c"),
        ("https://cdn.example.com/", "https://cdn.example.com/a/b.c"),
        ("http://cdn.example.com:8080/files/v1", "http://cdn.example.com:8080/files/v1/a/b.c"),
        ("https://cdn.example.com/files/v1/", "https://cdn.example.com/files/v1/a/b.c"),
        ("https://cdn.example.com/two%20words/%2F", "https://cdn.example.com/two%20words/%2F/a/b.c"),
        ("http://[::1]:80/x", "http://[::1]:80/x/a/b.c"),
        ("HTTPS://CDN.example.com/X", "HTTPS://CDN.example.com/X/a/b.c"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "get"])
def test_redirect_keeps_the_path_of_the_base_url(inner: StorageDriver, base_url: str, url: str, method: str) -> None:
    driver = RedirectMiddleware(inner, base_url)

    assert driver.redirect_url("/a/b.c", method=method) == url


def test_redirect_declares_it(inner: StorageDriver) -> None:
    assert not inner.capabilities.redirect
    driver = RedirectMiddleware(inner, "https://cdn.example.com")

    assert driver.capabilities.redirect
    assert driver.capabilities.append == inner.capabilities.append
    assert driver.name == "inmemory"


def test_redirect_leaves_other_methods_to_the_driver(inner: StorageDriver) -> None:
    signing = Signing(inner, "https://backend.example.com/signed")
    driver = RedirectMiddleware(signing, "https://cdn.example.com")

    assert driver.redirect_url("/a", method="PUT", expires=5) == "https://backend.example.com/signed"
    assert signing.asked == [("/a", "PUT", 5)]
    assert RedirectMiddleware(inner, "https://cdn.example.com").redirect_url("/a", method="PUT") is None


def test_redirect_does_not_ask_the_driver_for_what_it_answers_itself(inner: StorageDriver) -> None:
    signing = Signing(inner, "https://backend.example.com/signed")

    RedirectMiddleware(signing, "https://cdn.example.com").redirect_url("/a")

    assert signing.asked == []


@pytest.mark.parametrize("path", ["/", "", "a", "/a/", "/a\n", "/../a", "/a?b", "/a%2f", "/" + "a" * 256, "/aa" * 301])
def test_redirect_refuses_invalid_paths(inner: StorageDriver, path: str) -> None:
    driver = RedirectMiddleware(inner, "https://cdn.example.com")

    with pytest.raises(InvalidPathError) as caught:
        driver.redirect_url(path)

    assert (caught.value.driver_name, caught.value.path) == ("inmemory", path)


@pytest.mark.parametrize("path", ["/" + "a" * 255, "/aa" * 300])
def test_redirect_takes_paths_at_the_limit(inner: StorageDriver, path: str) -> None:
    assert RedirectMiddleware(inner, "http://h").redirect_url(path) == "http://h" + path


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "cdn.example.com",
        "//cdn.example.com",
        "/files",
        "ftp://cdn.example.com",
        "https://",
        "https:///files",
        "https://user:hunter2@cdn.example.com",
        "https://cdn.example.com:0",
        "https://cdn.example.com:65536",
        "https://cdn.example.com:port",
        "https://cdn.example.com:",
        "https://cdn.example.com/?key=hunter2",
        "https://cdn.example.com/?",
        "https://cdn.example.com/#top",
        "https://cdn.example.com/two words",
        "https://cdn.example.com/100%",
        "https://cdn.example.com/\n",
        " https://cdn.example.com",
        "https://cdn.exämple.com",
        "https://[::1",
        "https://[nonsense]",
        None,
        42,
        b"https://cdn.example.com",
    ],
)
def test_redirect_refuses_bad_base_urls(inner: StorageDriver, base_url: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        RedirectMiddleware(inner, base_url)

    assert (caught.value.parameter, caught.value.driver_name) == ("base_url", "inmemory")
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"


@pytest.fixture
def file_server(inner: StorageDriver) -> Iterator[str]:
    """The base URL of a server that serves `inner` below a prefix."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = inner.get_content(self.path.removeprefix("/files/v1"))
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/files/v1/"
        server.shutdown()
        thread.join()


def test_redirect_url_gives_the_content(inner: StorageDriver, file_server: str) -> None:
    path = "/-a/_b.c/..d"
    inner.put_content(path, b"content")
    url = RedirectMiddleware(inner, file_server).redirect_url(path)

    assert url is not None
    with urlopen(url, timeout=30) as answer:
        assert answer.read() == b"content"


# --- rewrite

SIGNED = "http://storage.internal:9000/bucket/root/a%2Bb/c?X-Signature=a%2Fb%3D&empty=&X-Expires=60"


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ({}, SIGNED),
        ({"scheme": None, "host": None, "trim_path_prefix": None}, SIGNED),
        ({"scheme": "https"}, SIGNED.replace("http:", "https:")),
        ({"scheme": "HTTPS"}, SIGNED.replace("http:", "https:")),
        ({"host": "cdn.example.com"}, SIGNED.replace("storage.internal:9000", "cdn.example.com")),
        ({"host": "cdn.example.com:8443"}, SIGNED.replace("storage.internal:9000", "cdn.example.com:8443")),
        ({"host": "[::1]:80"}, SIGNED.replace("storage.internal:9000", "[::1]:80")),
        ({"trim_path_prefix": "/bucket"}, SIGNED.replace("/bucket", "")),
        ({"trim_path_prefix": "/bucket/"}, SIGNED.replace("/bucket", "")),
        ({"trim_path_prefix": "/bucket/root/a%2Bb"}, SIGNED.replace("/bucket/root/a%2Bb", "")),
        ({"trim_path_prefix": "/buck"}, SIGNED),
        ({"trim_path_prefix": "/other"}, SIGNED),
        ({"trim_path_prefix": "/"}, SIGNED),
        (
            {"scheme": "https", "host": "cdn.example.com", "trim_path_prefix": "/bucket/root"},
            SIGNED.replace("http://storage.internal:9000/bucket/root", "https://cdn.example.com"),
        ),
    ],
)
def test_rewrite(inner: StorageDriver, options: dict[str, str | None], url: str) -> None:
    signing = Signing(inner, SIGNED)

    assert RewriteMiddleware(signing, **options).redirect_url("/c", method="HEAD", expires=60) == url
    assert signing.asked == [("/c", "HEAD", 60)]


def test_rewrite_of_what_is_not_offered(inner: StorageDriver) -> None:
    driver = RewriteMiddleware(inner, scheme="https", host="cdn.example.com", trim_path_prefix="/bucket")

    assert driver.redirect_url("/a") is None
    assert not driver.capabilities.redirect


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("scheme", ""),
        ("scheme", "ftp"),
        ("scheme", "https:"),
        ("scheme", "https\n"),
        ("scheme", 1),
        ("host", ""),
        ("host", "https://cdn.example.com"),
        ("host", "cdn.example.com/files"),
        ("host", "user:hunter2@cdn.example.com"),
        ("host", "cdn.example.com:"),
        ("host", "cdn.example.com:-1"),
        ("host", "cdn.example.com:99999"),
        ("host", "cdn example"),
        ("host", "cdn.example.com\n"),
        ("host", "::1"),
        ("host", b"cdn.example.com"),
        ("trim_path_prefix", ""),
        ("trim_path_prefix", "bucket"),
        ("trim_path_prefix", "/buck et"),
        ("trim_path_prefix", "/bucket?x"),
        ("trim_path_prefix", "/bucket%"),
        ("trim_path_prefix", 1),
    ],
)
def test_rewrite_refuses_bad_options(inner: StorageDriver, parameter: str, value: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        RewriteMiddleware(inner, **{parameter: value})

    assert (caught.value.parameter, caught.value.driver_name) == (parameter, "inmemory")
    assert "hunter2" not in str(caught.value)


def test_rewrite_of_a_redirect(inner: StorageDriver) -> None:
    driver = RewriteMiddleware(RedirectMiddleware(inner, "http://a.example.com/files"), scheme="https")

    assert driver.redirect_url("/x") == "https://a.example.com/files/x"
