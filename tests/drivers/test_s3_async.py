"""What is the s3-async driver's own: its client, its event loop, and tasks that are cancelled between two requests."""

from __future__ import annotations

import asyncio
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from moto.server import ThreadedMotoServer

from storagedriver import BackendError, PathNotFoundError, factory
from storagedriver.asynchronous import AsyncStorageDriver, BlockingDriver, create
from storagedriver.wire import FaultProxy
from storagedriver_drivers.s3.judging import PARAMETERS, inspect
from storagedriver_drivers.s3_async import AsyncS3Driver

CHUNK = 5 << 20
BUCKET = "certified"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1"
    )
    client.create_bucket(Bucket=BUCKET)
    client.close()
    yield url
    server.stop()


def parameters_of(endpoint: str, **more: Any) -> dict[str, Any]:
    return {
        **PARAMETERS,
        "regionendpoint": endpoint,
        "accesskey": "key",
        "secretkey": "secret",
        "bucket": BUCKET,
        "rootdirectory": f"test-{secrets.token_hex(6)}",
        "maxretries": 0,
        **more,
    }


@pytest.fixture
def parameters(endpoint: str) -> dict[str, Any]:
    return parameters_of(endpoint)


def run(parameters: dict[str, Any], trial: Callable[[AsyncS3Driver], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with AsyncS3Driver.from_parameters(parameters) as driver:
            await trial(driver)

    asyncio.run(main())


def test_factory_gives_it_to_both_kinds_of_callers(parameters: dict[str, Any]) -> None:
    """And what one wrote the other reads, as does the s3 driver."""

    async def write() -> None:
        async with create("s3-async", parameters) as driver:
            assert isinstance(driver, AsyncS3Driver)
            await driver.put_content("/a", b"content")

    asyncio.run(write())
    with factory.create("s3-async", parameters) as driver, factory.create("s3", parameters) as other:
        assert isinstance(driver, BlockingDriver)
        assert driver.get_content("/a") == other.get_content("/a") == b"content"


@pytest.mark.parametrize("name", ["s3", "s3-async"])
def test_each_request_bears_the_agent(parameters: dict[str, Any], name: str) -> None:
    host, port = urlsplit(parameters["regionendpoint"]).netloc.split(":")
    with FaultProxy(host, int(port)) as proxy:
        led = {**parameters, "regionendpoint": f"http://{proxy.authority}"}
        with factory.create(name, led) as driver, factory.create(name, {**led, "useragent": "registry/3 a"}) as other:
            for each, agent in ((driver, "storagedriver"), (other, "registry/3 a")):
                proxy.begin()
                each.put_content("/a", b"content")
                each.get_content("/a")
                each.delete("/a")

                told = {exchange.request.header("User-Agent") for exchange in proxy.exchanges}
                assert len(told) == 1
                assert str(told.pop()).startswith(agent)


def test_more_readers_than_a_pool_holds_are_open_at_once(parameters: dict[str, Any]) -> None:
    """Each holds a connection: one that had to wait for another's would wait for ever (READ-6)."""

    async def trial(driver: AsyncS3Driver) -> None:
        content = bytes(2 << 20)
        await driver.put_content("/a", content)
        readers = [await driver.reader("/a") for _ in range(120)]
        assert {await reader.read(1) for reader in readers} == {b"\0"}
        for reader in readers:
            await reader.close()

    run(parameters, trial)


def test_second_event_loop_is_told(parameters: dict[str, Any]) -> None:
    """Its connections belong to the first one's."""
    driver = AsyncS3Driver.from_parameters(parameters)

    async def use() -> None:
        await driver.put_content("/a", b"a")
        await driver._bucket.close()

    asyncio.run(use())
    with pytest.raises(BackendError, match="event loop of its first call"):
        asyncio.run(driver.put_content("/a", b"a"))
    asyncio.run(driver.close())


# --- cancelled between requests


class CancelAt:
    """Cancels the running task at its k-th request."""

    def __init__(self, driver: AsyncS3Driver, number: int) -> None:
        self.left = number
        self.driver = driver

    async def watch(self) -> None:
        bucket = await self.driver._bucket.get()
        bucket.client.meta.events.register("before-send.s3", self.count)

    def count(self, **_: Any) -> None:
        self.left -= 1
        if not self.left:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()


Change = Callable[[AsyncStorageDriver], Awaitable[None]]


async def append_and_commit(driver: AsyncStorageDriver) -> None:
    async with await driver.writer("/f", append=True) as writer:
        await writer.write(b"+")
        await writer.commit()


async def write_and_commit(driver: AsyncStorageDriver) -> None:
    async with await driver.writer("/f") as writer:
        await writer.write(bytes(CHUNK))
        await writer.write(b"+")
        await writer.commit()


OLD = b"o" * (CHUNK + 1)
NEW = bytes(CHUNK) + b"+"
CHANGES: dict[str, tuple[Change, bytes]] = {
    "append": (append_and_commit, OLD + b"+"),
    "write": (write_and_commit, NEW),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_task_that_is_cancelled_at_any_request_leaves_the_old_or_the_new(parameters: dict[str, Any], kind: str) -> None:
    """Whole, and nothing beside it: no unfinished upload, no stage (CONT-7, WRITE-5)."""
    change, new = CHANGES[kind]

    async def trial(driver: AsyncS3Driver, number: int) -> bool:
        await driver.put_content("/f", OLD)
        cancel = CancelAt(driver, number)
        await cancel.watch()
        task = asyncio.ensure_future(change(driver))
        await asyncio.wait([task])
        left = cancel.left
        cancel.left = 0
        assert await driver.get_content("/f") in {OLD, new}
        if not task.cancelled():
            task.result()
        return left > 0

    root = parameters["rootdirectory"]
    for number in range(1, 40):
        ended: list[bool] = []

        async def once(driver: AsyncS3Driver, number: int = number, ended: list[bool] = ended) -> None:
            ended.append(await trial(driver, number))

        run(parameters, once)
        assert inspect(parameters) == [f"{root}/f"], f"cancelled at request {number}"
        if ended == [True]:
            assert number > 3
            return
    pytest.fail("more requests than such a change makes")


def test_cancelled_move_in_parts_leaves_both_or_moves(parameters: dict[str, Any]) -> None:
    async def trial(driver: AsyncS3Driver) -> None:
        await driver.put_content("/f", OLD)
        cancel = CancelAt(driver, 4)
        await cancel.watch()
        task = asyncio.ensure_future(driver.move("/f", "/g"))
        await asyncio.wait([task])
        cancel.left = 0
        assert await driver.get_content("/g" if "/g" in await driver.list("/") else "/f") == OLD

    run(parameters, trial)
    assert [name for name in inspect(parameters) if "unfinished" in name] == []


# --- servers that do what they should not


class Redirecting(BaseHTTPRequestHandler):
    """Leads every request to another server."""

    elsewhere = ""
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.command)
        self.send_response(307)
        self.send_header("Location", f"{self.elsewhere}{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815  the names that the server calls

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Elsewhere(BaseHTTPRequestHandler):
    """Where it leads to: notes who comes."""

    came: list[str]

    def do_GET(self) -> None:
        self.came.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("ETag", '"stolen"')
        self.end_headers()

    do_PUT = do_HEAD = do_GET  # noqa: N815  the names that the server calls

    def log_message(self, *_: object) -> None:
        """Nothing."""


def serving(handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_redirect_to_another_server_is_not_followed() -> None:
    """aiohttp would follow it by itself, with what is to be written (SEC-1)."""
    came: list[str] = []
    asked: list[str] = []
    elsewhere = serving(type("Noting", (Elsewhere,), {"came": came}))
    address = f"http://127.0.0.1:{elsewhere.server_address[1]}"
    leading = serving(type("Leading", (Redirecting,), {"elsewhere": address, "asked": asked}))

    async def trial(driver: AsyncS3Driver) -> None:
        with pytest.raises(BackendError, match="redirects"):
            await driver.put_content("/a", b"of the caller")
        with pytest.raises(BackendError, match="redirects"):
            await driver.get_content("/a")

    try:
        run(parameters_of(f"http://127.0.0.1:{leading.server_address[1]}"), trial)
    finally:
        for server in (leading, elsewhere):
            server.shutdown()
            server.server_close()
    assert came == []
    # botocore would ask for the bucket's region again and again.
    assert asked == ["PUT", "GET"]


class Unexpecting(BaseHTTPRequestHandler):
    """Takes bodies without a word before, as a server of HTTP/1.0 may."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("ETag", '"taken"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_server_that_never_says_continue_is_not_waited_for() -> None:
    server = serving(Unexpecting)

    async def trial(driver: AsyncS3Driver) -> None:
        await driver.put_content("/a", b"content")

    try:
        run(parameters_of(f"http://127.0.0.1:{server.server_address[1]}", read_timeout=20), trial)
    finally:
        server.shutdown()
        server.server_close()


def test_server_that_takes_no_body_is_given_up() -> None:
    """It accepts and then reads nothing: aiohttp's own timeouts look at answers alone (FAULT-2)."""
    with socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        silent.bind(("127.0.0.1", 0))
        silent.listen()

        async def trial(driver: AsyncS3Driver) -> None:
            with pytest.raises(BackendError) as caught:
                await driver.put_content("/a", bytes(CHUNK))
            assert not isinstance(caught.value, PathNotFoundError)

        given = parameters_of(f"http://127.0.0.1:{silent.getsockname()[1]}", connect_timeout=0.5, read_timeout=0.5)
        run(given, trial)


def test_missing_extra_names_the_command() -> None:
    program = (
        "import sys\n"
        "sys.modules['aiobotocore'] = None\n"
        "from storagedriver import factory, MissingDependencyError\n"
        "try: factory.create('s3-async', {'bucket': 'some-bucket'})\n"
        "except MissingDependencyError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)

    assert "pip install 'storagedriver[s3-async]'" in done.stdout


def test_wrong_parameters_name_this_driver() -> None:
    with pytest.raises(ValueError, match="s3-async: bad parameter 'secretkey'"):
        factory.create("s3-async", {"bucket": "some-bucket", "accesskey": "half-a-pair"})
