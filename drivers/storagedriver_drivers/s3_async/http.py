"""aiohttp as the driver uses it: what boto3 does with urllib3, and aiobotocore leaves to aiohttp's defaults."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import weakref
from collections.abc import AsyncIterator
from typing import Any

from storagedriver.dependencies import require

_PIECE = 1 << 18
"""Bytes of a body that are given to aiohttp at a time: it warns of larger ones, which would hold up the event loop."""

_session: Any = require("aiobotocore.httpsession", extra="s3-async", driver_name="s3-async").AIOHTTPSession


class HTTPSession(_session):  # type: ignore[misc]  # aiobotocore has no types
    """Requests of aiobotocore, but for three things.

    Redirects are answers, as for boto3: a server must not lead the driver to another (SEC-1). A body that the server does
    not take is given up in time, and its connection ends (FAULT-2, LEAK-1). And no request expects "100 Continue": boto3
    waits a second for it, aiohttp for ever, and many servers never say it.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._connector_args: dict[str, Any] = {**self._connector_args, "socket_factory": self._socket}

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, *_ = address
        made = socket.socket(family, kind, protocol)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # A closed connection is kept until all is sent: by a server that takes nothing, for ever.
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self._timeout.sock_read * 1000) + 1)
        self._sockets.add(made)
        return made

    async def _get_session(self, proxy_url: str | None) -> _Requests:
        return _Requests(await super()._get_session(proxy_url), self._timeout.sock_connect + self._timeout.sock_read)

    async def __aexit__(self, *details: object) -> None:
        await super().__aexit__(*details)
        for each in self._sockets:
            # What is closed, or has never been connected, is left as it is.
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        # The loop, which may be closed next, takes note.
        await asyncio.sleep(0)
        await asyncio.sleep(0)


class _Requests:
    """A session of aiohttp, as far as it is needed."""

    def __init__(self, session: Any, seconds: float) -> None:
        """Requests of `session` that end where nothing goes on for `seconds`."""
        self._session = session
        self._seconds = seconds

    async def request(self, method: str, *, headers: Any, data: Any, **arguments: Any) -> Any:
        headers.pop("Expect", None)
        async with asyncio.timeout(self._seconds) as patience:
            if isinstance(data, (bytes, bytearray)) and len(data) > _PIECE:
                data = self._pieces(data, patience)
            return await self._session.request(method, headers=headers, data=data, allow_redirects=False, **arguments)

    async def _pieces(self, data: bytes | bytearray, patience: asyncio.Timeout) -> AsyncIterator[bytes]:
        view = memoryview(data)
        for start in range(0, len(view), _PIECE):
            # The server may have answered before it took everything: then nobody waits any more.
            with contextlib.suppress(RuntimeError):
                patience.reschedule(asyncio.get_running_loop().time() + self._seconds)
            yield bytes(view[start : start + _PIECE])
