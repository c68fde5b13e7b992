"""The boto3 client of a driver."""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING, Any

from storagedriver.dependencies import require
from storagedriver.errors import BackendError
from storagedriver_drivers.s3.configuration import client_arguments, config_arguments, models, register_events
from storagedriver_drivers.s3.parameters import S3Parameters
from storagedriver_drivers.s3.retries import Repeats, is_short

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def make_client(parameters: S3Parameters) -> S3Client:
    """A client of its own session; it is safe between threads. No request is made."""
    config = require("botocore.config", extra="s3", driver_name="s3").Config
    # boto3's client without boto3's session, which adds its path to the loader each time it is made.
    session = _session(event_hooks=copy.copy(_handlers()), include_builtin_handlers=False)
    session.register_component("data_loader", models())
    # Readers hold a connection each; a pool that is too small would throw connections away.
    pool = max(32, parameters.multipartcopymaxconcurrency)
    client: S3Client = session.create_client(
        "s3",
        config=config(max_pool_connections=pool, **config_arguments(parameters)),
        **client_arguments(parameters),
    )
    register_events(client, parameters)
    # aiohttp notices it by itself.
    events: Any = client.meta.events
    events.register("needs-retry.s3", Repeats(parameters.maxretries).bodies_that_are_short)
    events.register("after-call.s3", _require_whole)
    return client


def _require_whole(http_response: Any, model: Any, **_: Any) -> None:
    if is_short(http_response, model):
        raise BackendError(f"the answer to {model.name} breaks off")


@functools.cache
def _handlers() -> Any:
    """The events that botocore's own functions serve, for copies: registering them is half of the rest."""
    served = require("botocore.hooks", extra="s3", driver_name="s3").HierarchicalEmitter()
    _session(event_hooks=served)
    return served


def _session(**arguments: Any) -> Any:
    return require("botocore.session", extra="s3", driver_name="s3").Session(**arguments)
