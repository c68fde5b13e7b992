"""URL: what a client can change about a URL that it was given."""

from __future__ import annotations

import http.client
import re
import urllib.parse
from collections.abc import Iterator

import pytest

from storagedriver import StorageDriver, StorageDriverError
from storagedriver.testing import Ending, Subject, Tree, expect, requirement
from storagedriver_suites.behaviour.parameters import takes_any_secret
from storagedriver_suites.security.attempts import attempts

SECRET = b"content that the URL is for"


def _fetch(url: str) -> tuple[int, bytes]:
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("GET", urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, "")))
        with connection.getresponse() as response:
            return response.status, response.read()
    finally:
        connection.close()


def _url(driver: StorageDriver, subject: Subject, path: str) -> urllib.parse.SplitResult:
    if takes_any_secret(subject, path):
        pytest.skip("the server answers whatever the credentials are, so it cannot show what a URL gives access to")
    url = driver.redirect_url(path, expires=600)
    expect.equal(type(url), str, "type of the URL")
    parts = urllib.parse.urlsplit(str(url))
    if not parts.query:
        pytest.skip("the URL has no query that could be changed")
    return parts


def _later(value: str) -> str | None:
    """The value of a parameter that may tell when a URL ends, or how long it lasts, so that it lasts longer."""
    if re.fullmatch(r"\d{1,12}(\.\d+)?", value):
        return str(int(float(value)) + 3600)
    if re.match(r"20\d\d-", value):
        return f"{int(value[:4]) + 1}{value[4:]}"
    if re.match(r"20\d{6}T", value):
        return f"{int(value[:4]) + 1}{value[4:]}"
    return None


def _changed(parts: urllib.parse.SplitResult) -> Iterator[tuple[str, str]]:
    """What was changed, and the URL with it."""
    pairs = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
    for index, (name, value) in enumerate(pairs):
        others = {"lasts longer": _later(value), "has another end": f"{value[:-1]}{'0' if value[-1:] != '0' else '1'}"}
        for change, other in others.items():
            if other is not None:
                query = urllib.parse.urlencode([*pairs[:index], (name, other), *pairs[index + 1 :]])
                yield f"{name} {change}", urllib.parse.urlunsplit(parts._replace(query=query))


def _refused(url: str, what: str) -> Ending:
    status, body = _fetch(url)
    expect.equal(
        (400 <= status < 500, SECRET in body), (True, False), f"whether it is refused, and shown all the same: {what}"
    )
    return Ending.REFUSED


@requirement("URL-2")
def test_url_with_a_changed_query_is_refused(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """No parameter of a URL can be changed: not when it ends, not what it allows, not what signs it."""
    driver.put_content(tree.path("file"), SECRET)
    parts = _url(driver, subject, tree.path("file"))

    with attempts(subject) as tried:
        for change, url in _changed(parts):
            tried.attempt(
                "redirect_url",
                "is given to a stranger who changes it",
                change,
                lambda url=url, change=change: _refused(url, f"a URL of which {change}"),  # type: ignore[misc]
            )
    expect.equal(
        _fetch(urllib.parse.urlunsplit(parts)), (200, SECRET), "what the URL as it was given returns after that"
    )


@requirement("URL-2", needs=["root"])
def test_url_of_one_root_is_refused_for_its_neighbour(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """The URL of a file gives no access to the file of the same path in the neighbour's root."""
    one, other = subject.open_root("p"), subject.open_root("p2")
    driver.put_content(tree.path("probe"), b"content")
    one.put_content("/f", b"one's")
    other.put_content("/f", SECRET)
    if takes_any_secret(subject, tree.path("probe")):
        pytest.skip("the server answers whatever the credentials are, so it cannot show what a URL gives access to")
    urls = [urllib.parse.urlsplit(store.redirect_url("/f") or "") for store in (one, other)]
    expect.equal(urls[0].path != urls[1].path, True, "whether the files of two roots have two addresses")

    with attempts(subject) as tried:
        tried.attempt(
            "redirect_url",
            "is given to a stranger who changes it",
            "another root",
            lambda: _refused(
                urllib.parse.urlunsplit(urls[0]._replace(path=urls[1].path)), "a URL with the neighbour's root in it"
            ),
        )


@requirement("URL-2")
@pytest.mark.parametrize("name", ["file2", "file-b", "file.x", "file/below", "fil", "other"])
def test_url_is_refused_for_a_path_that_begins_alike(
    driver: StorageDriver, tree: Tree, subject: Subject, name: str
) -> None:
    """The URL of a file gives no access to another, be its name that of the file and more, or less."""
    driver.put_content(tree.path("file"), b"the file of the URL")
    try:
        driver.put_content(tree.path(name), SECRET)
    except StorageDriverError:
        # A file cannot be a directory here.
        driver.delete(tree.path("file"))
        driver.put_content(tree.path(name), SECRET)
    of_file = _url(driver, subject, tree.path(name))
    other = urllib.parse.urlsplit(driver.redirect_url(tree.path("file"), expires=600) or "")
    if other.path == of_file.path:
        pytest.skip("the path of the file is in no path of the URL")

    with attempts(subject) as tried:
        tried.attempt(
            "redirect_url",
            "is given to a stranger who changes it",
            f"another path: {name}",
            lambda: _refused(
                urllib.parse.urlunsplit(other._replace(path=of_file.path)), f"a URL with the path of {name} in it"
            ),
        )
