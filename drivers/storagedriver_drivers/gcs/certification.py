"""How the suites make and judge the gcs driver. Server and bucket come from the backend it runs against."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from storagedriver import paths
from storagedriver.parameters import parse
from storagedriver.registry import register_suite
from storagedriver.wire import WireAccess
from storagedriver_drivers.gcs.access import credentials_of
from storagedriver_drivers.gcs.client import make_client
from storagedriver_drivers.gcs.driver import GCSDriver
from storagedriver_drivers.gcs.foreign import ForeignObjects
from storagedriver_drivers.gcs.objects import Bucket, Layout
from storagedriver_drivers.gcs.parameters import CHUNK_UNIT, GCSParameters

PARAMETERS: Mapping[str, Any] = {
    # The smallest there is, so that the suites cross the boundaries, and join parts, with little data.
    "chunksize": CHUNK_UNIT,
    # Small, so that listings have many pages.
    "listpage": 100,
    # So that a fault that lasts ends in an error soon.
    "maxretries": 3,
    "connect_timeout": 5,
    "read_timeout": 10,
}


def inspect(parameters: Mapping[str, Any], path: str = paths.ROOT) -> Sequence[str]:
    """Names the objects of a path and below it, internal ones too.

    The driver begins no resumable uploads of Google's, which nobody could list.
    """
    model = parse(GCSParameters, parameters, driver_name=GCSDriver.name)
    bucket, layout = _bucket(model), Layout(model.rootdirectory)
    everything = layout.prefix(paths.ROOT)
    prefixes = [everything] if path == paths.ROOT else [layout.key(path), layout.staging_prefix(path)]
    return [entry.key for prefix in prefixes for page in bucket.pages(prefix) for entry in page.entries]


@functools.lru_cache(maxsize=4)
def _bucket(parameters: GCSParameters) -> Bucket:
    """The bucket through a client that is kept: it is asked after each check."""
    return Bucket(make_client(parameters, credentials_of(parameters)), parameters)


register_suite(
    GCSDriver.name,
    GCSDriver.from_parameters,
    parameters=PARAMETERS,
    inspect=inspect,
    foreign=ForeignObjects,
    root_parameter="rootdirectory",
    wire=WireAccess(
        addresses=("endpoint",),
        parameters={"maxretries": 2, "connect_timeout": 1, "read_timeout": 1},
        unrepeated={"maxretries": 0},
        seconds=40,
        unverified={"skipverify": True},
        authority="ca_bundle",
    ),
)
