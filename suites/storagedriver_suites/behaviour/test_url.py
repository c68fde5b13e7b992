"""URL: letting a client fetch from the backend itself."""

from __future__ import annotations

import http.client
import time
import urllib.parse
from dataclasses import dataclass

import pytest

from storagedriver import StorageDriver
from storagedriver.testing import Subject, Tree, content, expect, full, requirement, size_of
from storagedriver_suites.behaviour.parameters import secret_values, takes_any_secret
from storagedriver_suites.behaviour.zones import machine_in

DEADLINE_SECONDS = 20
"""How long a URL that expires after a second may still work, clocks that differ included."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered to a client that has nothing but the URL."""

    status: int
    body: bytes
    length: str | None


def _fetch(url: str, method: str = "GET", body: bytes | None = None) -> Answer:
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request(method, urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, "")), body=body)
        with connection.getresponse() as response:
            return Answer(response.status, response.read(), response.headers["Content-Length"])
    finally:
        connection.close()


def _once_refused(url: str, method: str = "GET") -> Answer:
    """The first answer that is no success; after DEADLINE_SECONDS whichever it is."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (answer := _fetch(url, method)).status == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer


def _url(driver: StorageDriver, path: str, method: str = "GET", expires: float | None = 600) -> str:
    """The URL; redirect is declared, so there is one for GET, and for HEAD unless the driver offers none."""
    url = driver.redirect_url(path, method=method, expires=expires)
    if url is None and method != "GET":
        pytest.skip(f"the driver offers no URL for {method}")
    expect.equal(type(url), str, f"type of the URL for {method}")
    return str(url)


def _need_a_server_that_refuses(subject: Subject, path: str) -> None:
    if takes_any_secret(subject, path):
        pytest.skip("the server answers whatever the credentials are, so it cannot show what a URL gives access to")


# --- URL-1


@requirement("URL-1")
@pytest.mark.parametrize("size", ["0", "1", "1000", "chunk+1"])
@pytest.mark.parametrize("expires", [None, 600])
def test_url_gives_the_content(driver: StorageDriver, tree: Tree, size: str, expires: float | None) -> None:
    """GET of the URL, with no credentials added, returns exactly the content."""
    data = content(size_of(size, driver), seed=1)
    driver.put_content(tree.path("file"), data)

    answer = _fetch(_url(driver, tree.path("file"), expires=expires))

    expect.equal(answer.status, 200, "status of a GET")
    expect.equal(answer.body, data, "what the URL returns")


@requirement("URL-1")
@pytest.mark.parametrize(
    "name", ["d/s/t/file", ".hidden", "-", "...", "a.b-c_d", "AZaz09._-/-_.90zaZA", "file/x.tar.gz"]
)
def test_url_of_any_name_gives_the_content(driver: StorageDriver, tree: Tree, name: str) -> None:
    """Every character that a path may hold survives the way into a URL."""
    driver.put_content(tree.path(name), name.encode())

    answer = _fetch(_url(driver, tree.path(name)))

    expect.equal((answer.status, answer.body), (200, name.encode()), "status and body of a GET")


@requirement("URL-1")
@pytest.mark.parametrize("size", [0, 1000])
def test_url_for_head_tells_the_length(driver: StorageDriver, tree: Tree, size: int) -> None:
    """HEAD of the URL for HEAD succeeds, and tells the length of the content where it tells one."""
    driver.put_content(tree.path("file"), content(size))

    answer = _fetch(_url(driver, tree.path("file"), "HEAD"), "HEAD")

    expect.equal((answer.status, answer.body), (200, b""), "status and body of a HEAD")
    expect.equal(answer.length in {None, str(size)}, True, "whether the length that HEAD tells is right")


@requirement("URL-1")
@pytest.mark.parametrize("written", ["stream", "append", "move", "replace"])
def test_url_gives_what_was_written_last(driver: StorageDriver, tree: Tree, written: str) -> None:
    """However the content came to be, and whatever was there before, the URL returns the present content."""
    path = tree.path("file")
    expected = b"content"
    if written == "move":
        driver.put_content(tree.path("source"), expected)
        driver.move(tree.path("source"), path)
    elif written == "replace":
        driver.put_content(path, b"some longer old content")
        _fetch(_url(driver, path))
        driver.put_content(path, expected)
    else:
        appends = written == "append" and driver.capabilities.append
        if appends:
            driver.put_content(path, expected[:3])
        with driver.writer(path, append=appends) as writer:
            writer.write(expected[3:] if appends else expected)
            writer.commit()

    answer = _fetch(_url(driver, path))

    expect.equal((answer.status, answer.body), (200, expected), "status and body of a GET")


@requirement("URL-1")
@pytest.mark.parametrize("sizes", [("1000", "3000"), ("1000", "10"), ("1000", "1000"), ("10", "chunk+1")])
def test_url_gives_one_content_whole_after_a_put(driver: StorageDriver, tree: Tree, sizes: tuple[str, str]) -> None:
    """The URL that was given before the file is replaced gives the old content or the new one, and no part of any."""
    path = tree.path("file")
    old, new = (content(size_of(size, driver), seed=seed) for seed, size in enumerate(sizes))
    driver.put_content(path, old)
    url = _url(driver, path)
    driver.put_content(path, new)

    answer = _fetch(url)

    expect.equal(answer.status, 200, "status of a GET")
    expect.true(answer.body in (old, new), "what the URL returns", expected="one content, whole", seen=answer.body)


@requirement("URL-1", needs=["root"])
def test_url_of_a_set_root_gives_its_content(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """The URL of a file below a root is that of this file, not of the same path without the root."""
    store = subject.open_root("r")
    store.put_content("/file", b"in the root")
    driver.put_content(tree.path("file"), b"outside")

    answer = _fetch(_url(store, "/file"))

    expect.equal((answer.status, answer.body), (200, b"in the root"), "status and body of a GET")


@requirement("URL-1")
@pytest.mark.parametrize("method", ["GET", pytest.param("HEAD", marks=full)])
def test_url_expires(driver: StorageDriver, tree: Tree, subject: Subject, method: str) -> None:
    """A URL stops working after `expires`."""
    driver.put_content(tree.path("file"), b"content")
    _need_a_server_that_refuses(subject, tree.path("file"))
    url = _url(driver, tree.path("file"), method, expires=1)

    answer = _once_refused(url, method)

    expect.equal(400 <= answer.status < 500, True, f"whether {DEADLINE_SECONDS} s later a URL for 1 s is refused")


@requirement("URL-1")
def test_each_url_is_for_its_own_time(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Asked for again, for another time, or after the first has expired, the URL is a new one: it works, and for so long alone."""
    path = tree.path("file")
    driver.put_content(path, b"content")
    _need_a_server_that_refuses(subject, path)
    long = _url(driver, path, expires=3600)
    short = _url(driver, path, expires=1)

    answer = _once_refused(short)
    again = _url(driver, path, expires=600)

    expect.equal(400 <= answer.status < 500, True, "whether a URL for 1 s, asked for after one for an hour, is refused")
    for url, what in ((long, "the one for an hour"), (again, "one that was asked for then")):
        seen = _fetch(url)
        expect.equal((seen.status, seen.body), (200, b"content"), f"status and body of {what}, after another expired")


@requirement("URL-1")
def test_url_is_of_the_method_that_was_asked_for(driver: StorageDriver, tree: Tree) -> None:
    """Asked for one method after the other, and before there is a file, each URL is for its own."""
    path = tree.path("file")
    for method in ("HEAD", "GET"):
        driver.redirect_url(path, method=method, expires=600)
    driver.put_content(path, b"content")

    for method, body in (("HEAD", b""), ("GET", b"content"), ("HEAD", b"")):
        url = driver.redirect_url(path, method=method, expires=600)
        if url is not None:
            answer = _fetch(url, method)
            expect.equal((answer.status, answer.body), (200, body), f"status and body of a {method}")


@requirement("URL-1")
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS", "PROPFIND"])
def test_other_methods_have_a_url_or_none(driver: StorageDriver, tree: Tree, method: str) -> None:
    """For a method beside GET and HEAD there may be a URL, or None; asking changes nothing."""
    driver.put_content(tree.path("file"), b"content")

    url = driver.redirect_url(tree.path("file"), method=method)

    expect.equal(url is None or isinstance(url, str), True, f"whether there is a URL or None for {method}")
    expect.file(driver, tree.path("file"), b"content", "the file after its URL was asked for")


# --- URL-2


@requirement("URL-2")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_url_is_absolute(driver: StorageDriver, tree: Tree, method: str) -> None:
    """A client elsewhere can use it: http or https, with a host."""
    driver.put_content(tree.path("file"), b"content")

    parts = urllib.parse.urlsplit(_url(driver, tree.path("file"), method))

    expect.equal((parts.scheme in {"http", "https"}, bool(parts.hostname)), (True, True), "http or https, and a host")


@requirement("URL-2")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_url_holds_no_secret_key(driver: StorageDriver, tree: Tree, subject: Subject, method: str) -> None:
    """No secret key that the driver was made of is in the URL, encoded or not."""
    driver.put_content(tree.path("file"), b"content")

    url = _url(driver, tree.path("file"), method)

    spelt = [url, urllib.parse.unquote(url), urllib.parse.unquote_plus(url)]
    held = [secret for secret in secret_values(subject, keys_only=True) if any(secret in each for each in spelt)]
    expect.equal(len(held), 0, "secret keys in the URL")


@requirement("URL-2")
def test_url_gives_nothing_without_its_signature(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """The URL without what follows the path is refused: the file is not open to everybody."""
    driver.put_content(tree.path("file"), b"content")
    _need_a_server_that_refuses(subject, tree.path("file"))
    url = _url(driver, tree.path("file"))
    if not urllib.parse.urlsplit(url).query:
        pytest.skip("the URL has no query that could be left out")

    answer = _fetch(url.partition("?")[0])

    expect.equal(400 <= answer.status < 500, True, "whether the URL without its query is refused")


@requirement("URL-2")
@pytest.mark.parametrize("other", ["other", "target", "target-", "target/below"])
def test_url_gives_access_to_no_other_path(driver: StorageDriver, tree: Tree, subject: Subject, other: str) -> None:
    """The URL with another file's name in it is refused, one that begins alike too, and the same in another directory."""
    driver.put_content(tree.path("d/target"), b"content")
    driver.put_content(tree.path("d/x/" + other), b"another's content")
    _need_a_server_that_refuses(subject, tree.path("d/target"))
    parts = urllib.parse.urlsplit(_url(driver, tree.path("d/target")))
    if not parts.path.endswith("/d/target"):
        pytest.skip("the URL does not hold the path, so there is no other to put in its place")

    answer = _fetch(urllib.parse.urlunsplit(parts._replace(path=parts.path.removesuffix("target") + "x/" + other)))

    expect.equal(400 <= answer.status < 500, True, "whether the URL with another path is refused")
    expect.equal(b"another" in answer.body, False, "whether it gives the other's content")


@requirement("URL-2")
@pytest.mark.parametrize(("signed", "used"), [("GET", "PUT"), ("GET", "DELETE"), ("HEAD", "GET"), ("HEAD", "PUT")])
def test_url_gives_access_to_no_other_method(
    driver: StorageDriver, tree: Tree, subject: Subject, signed: str, used: str
) -> None:
    """The URL used with another method is refused, and the file stays as it was."""
    driver.put_content(tree.path("file"), b"content")
    _need_a_server_that_refuses(subject, tree.path("file"))

    answer = _fetch(_url(driver, tree.path("file"), signed), used, b"changed" if used == "PUT" else None)

    expect.equal(400 <= answer.status < 600, True, f"whether {used} with a URL for {signed} is refused")
    expect.file(driver, tree.path("file"), b"content", "the file after another method was tried")


@requirement("URL-2")
@pytest.mark.parametrize("used", ["PUT", "POST"])
def test_url_makes_no_file_where_its_own_is_gone(
    driver: StorageDriver, tree: Tree, subject: Subject, used: str
) -> None:
    """Nor does it once there is nothing that could be replaced: the file of the URL was deleted."""
    driver.put_content(tree.path("file"), b"content")
    _need_a_server_that_refuses(subject, tree.path("file"))
    url = _url(driver, tree.path("file"))
    driver.delete(tree.path("file"))

    answer = _fetch(url, used, b"of a stranger")

    expect.equal(400 <= answer.status < 600, True, f"whether {used} with a URL for GET is refused")
    expect.absent(driver, tree.path("file"), f"the file that was deleted, after {used} with its URL")


@requirement("URL-1")
@pytest.mark.parametrize("zone", ["WEST+9", "EAST-5:30"])
def test_url_lasts_as_long_in_any_zone(driver: StorageDriver, tree: Tree, subject: Subject, zone: str) -> None:
    """Wherever the machine is that gives it, the URL works at once, and for no longer than it was asked for."""
    driver.put_content(tree.path("file"), b"content")
    _need_a_server_that_refuses(subject, tree.path("file"))
    with machine_in(zone):
        lasting, short = (_url(driver, tree.path("file"), expires=expires) for expires in (600, 1))

    expect.equal(_fetch(lasting).status, 200, f"status of a GET of a URL that was made in the zone {zone}")
    expect.equal(
        400 <= _once_refused(short).status < 500, True, f"whether a URL for a second of the zone {zone} is refused"
    )
