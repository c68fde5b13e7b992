"""How the suites make and judge the azure driver. Server, container and key come from the backend it runs against."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from storagedriver import paths
from storagedriver.parameters import parse
from storagedriver.registry import register_suite
from storagedriver.wire import WireAccess
from storagedriver_drivers.azure.access import access_of
from storagedriver_drivers.azure.blobs import Container, Layout
from storagedriver_drivers.azure.client import make_service
from storagedriver_drivers.azure.driver import AzureDriver
from storagedriver_drivers.azure.foreign import ForeignBlobs
from storagedriver_drivers.azure.parameters import MIB, AzureParameters
from storagedriver_drivers.azure.signing import Signer

PARAMETERS: Mapping[str, Any] = {
    # Small, so that the suites cross the boundaries with little data.
    "chunksize": MIB,
    "copythresholdsize": MIB,
    "listpage": 100,
    # So that a fault that lasts ends in an error soon.
    "max_retries": 3,
    "retry_delay": 0.1,
    "copy_status_poll_max_retry": 10,
    "connect_timeout": 5,
    "read_timeout": 10,
}


def inspect(parameters: Mapping[str, Any], path: str = paths.ROOT) -> Sequence[str]:
    """Names the blobs of a path and below it: internal ones too, and those of uncommitted blocks alone."""
    model = parse(AzureParameters, parameters, driver_name=AzureDriver.name)
    container, layout = _container(model), Layout(model.rootdirectory)
    everything = [layout.prefix(paths.ROOT)]
    prefixes = everything if path == paths.ROOT else [layout.key(path), layout.staging_prefix(path)]
    return [entry.name for prefix in prefixes for entry in container.entries(prefix, uncommitted=True)]


@functools.lru_cache(maxsize=4)
def _container(parameters: AzureParameters) -> Container:
    """The container through a client that is kept: it is asked after each check."""
    access = access_of(parameters)
    service = make_service(parameters, access)
    return Container(
        service, Signer(service, access), parameters.container, parameters.listpage, parameters.max_retries
    )


register_suite(
    AzureDriver.name,
    AzureDriver.from_parameters,
    parameters=PARAMETERS,
    inspect=inspect,
    foreign=ForeignBlobs,
    root_parameter="rootdirectory",
    wire=WireAccess(
        addresses=("serviceurl",),
        parameters={"max_retries": 2, "connect_timeout": 1, "read_timeout": 1},
        unrepeated={"max_retries": 0},
        seconds=40,
        unverified={"skipverify": True},
        authority="ca_bundle",
    ),
)
