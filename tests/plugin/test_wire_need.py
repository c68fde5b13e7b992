"""A check that needs a proxy before the server runs where one can be put there, and is skipped with the reason elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from plugin.author_project import Run

CHECK = """
import urllib.request
from storagedriver.testing import requirement
from storagedriver.wire import Answered, Injection

@requirement('CONT-1', needs=['wire'])
def test_through_a_proxy(subject, tree):
    with subject.through_proxy() as proxied, proxied.open() as driver:
        assert proxied.target.parameters['impatient'] is True
        url = proxied.target.parameters['url']
        urllib.request.urlopen(url).read()
        assert [exchange.label for exchange in proxied.proxy.exchanges] == ['1: GET']
"""

REGISTRATION = """
from dictionary import DictionaryDriver
from storagedriver import register_suite
from storagedriver.wire import WireAccess

register_suite(
    "served",
    lambda parameters: DictionaryDriver(),
    parameters={{"url": "{url}"}},
    wire=WireAccess(addresses=("url",), parameters={{"impatient": True}}),
)
"""


@pytest.fixture
def checked(author: pytest.Pytester) -> pytest.Pytester:
    (author.path / "tinychecks" / "test_wire.py").write_text(CHECK)
    return author


def test_without_a_word_on_the_address_it_is_skipped(checked: pytest.Pytester, run: Callable[..., Run]) -> None:
    """The reason says what register_suite lacks."""
    done = run("--driver=dictionary:DictionaryDriver", "-k", "through_a_proxy")

    assert done.outcomes() == {"test_through_a_proxy": "skipped"}
    done.result.stdout.fnmatch_lines(["*register_suite was given no wire*"])


def test_what_speaks_to_no_server_does_not_offer_it(checked: pytest.Pytester, run: Callable[..., Run]) -> None:
    """The registration says so, and nothing is missing then."""
    told = (
        REGISTRATION.format(url="")
        .replace("WireAccess", "NO_SERVER")
        .replace('wire=NO_SERVER(addresses=("url",), parameters={"impatient": True})', "wire=NO_SERVER")
    )
    checked.makeconftest(told)

    done = run("--driver=served", "-k", "through_a_proxy")

    assert done.outcomes() == {"test_through_a_proxy": "not_offered"}
    done.result.stdout.fnmatch_lines(["*the driver speaks to no server*"])


def test_what_is_encrypted_is_skipped(checked: pytest.Pytester, run: Callable[..., Run]) -> None:
    """Of TLS the proxy sees no requests."""
    checked.makeconftest(REGISTRATION.format(url="https://127.0.0.1:1/x"))

    done = run("--driver=served", "-k", "through_a_proxy")

    assert done.outcomes() == {"test_through_a_proxy": "skipped"}
    done.result.stdout.fnmatch_lines(["*address in url is not of http*"])


def test_it_runs_with_the_proxy_in_the_drivers_parameters(checked: pytest.Pytester, run: Callable[..., Run]) -> None:
    """The address leads to the proxy, which passes requests on and counts them."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        checked.makeconftest(REGISTRATION.format(url=f"http://127.0.0.1:{server.server_port}/"))

        done = run("--driver=served", "-k", "through_a_proxy")

        server.shutdown()
        thread.join()

    assert done.outcomes() == {"test_through_a_proxy": "passed"}
