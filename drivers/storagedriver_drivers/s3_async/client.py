"""The aiobotocore client of a driver, which is made at its first call: it belongs to an event loop."""

from __future__ import annotations

import asyncio
import copy
import functools
from typing import TYPE_CHECKING, Any

from storagedriver.asynchronous.cancellation import settled
from storagedriver.dependencies import require
from storagedriver.errors import BackendError
from storagedriver_drivers.s3.configuration import client_arguments, config_arguments, models, register_events
from storagedriver_drivers.s3.parameters import S3Parameters
from storagedriver_drivers.s3_async.http import HTTPSession
from storagedriver_drivers.s3_async.objects import Bucket

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

LOGGERS = (
    "aiobotocore.credentials",
    "aiobotocore.regions",
    "aiobotocore.tokens",
    "aiobotocore.utils",
    "aiohttp.client",
)
"""The loggers that may print a request, besides those of botocore's modules, which aiobotocore logs by too."""

_NO_BOUND = 0
"""Of the pool of connections, in aiohttp's words: readers hold one each, and to wait for one could be for ever."""


async def make_client(parameters: S3Parameters) -> S3Client:
    """A client of its own session, for the running loop. No request is made, unless credentials have to be asked for."""
    config = require("aiobotocore.config", extra="s3-async", driver_name="s3-async").AioConfig
    session = _session(event_hooks=copy.copy(_handlers()), include_builtin_handlers=False)
    session.register_component("data_loader", models())
    context = session.create_client(
        "s3",
        config=config(max_pool_connections=_NO_BOUND, http_session_cls=HTTPSession, **config_arguments(parameters)),
        **client_arguments(parameters),
    )
    client: S3Client = await context.__aenter__()
    register_events(client, parameters)
    return client


class LazyBucket:
    """The bucket of the parameters, through a client that is made when it is first needed."""

    def __init__(self, parameters: S3Parameters) -> None:
        """No client yet."""
        self._parameters = parameters
        self._lock = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bucket: Bucket | None = None

    async def get(self) -> Bucket:
        """The bucket.

        Raises:
            BackendError: It is used by another event loop.
        """
        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        if self._loop is not loop:
            raise BackendError("the driver belongs to the event loop of its first call, which is another one")
        if self._bucket is None:
            await settled(self._make())
        assert self._bucket is not None
        return self._bucket

    async def close(self) -> None:
        """Close the client, if one was made."""
        if self._bucket is not None:
            await self._bucket.client.close()

    async def _make(self) -> None:
        async with self._lock:
            if self._bucket is None:
                self._bucket = Bucket(await make_client(self._parameters), self._parameters)


@functools.cache
def _handlers() -> Any:
    """The events that botocore's own functions serve, for copies: registering them takes half of a client's making."""
    served = require("aiobotocore.hooks", extra="s3-async", driver_name="s3-async").AioHierarchicalEmitter()
    _session(event_hooks=served)
    return served


def _session(**arguments: Any) -> Any:
    return require("aiobotocore.session", extra="s3-async", driver_name="s3-async").AioSession(**arguments)
