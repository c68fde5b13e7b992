"""How the suites make and judge the oss driver. Server, bucket and credentials come from the backend it runs against."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from storagedriver import paths
from storagedriver.key_layout import KeyLayout
from storagedriver.parameters import parse
from storagedriver.registry import register_suite
from storagedriver.wire import WireAccess
from storagedriver_drivers.oss.client import credentials_of, make_client
from storagedriver_drivers.oss.driver import OSSDriver
from storagedriver_drivers.oss.foreign import ForeignObjects
from storagedriver_drivers.oss.multipart import unfinished
from storagedriver_drivers.oss.objects import Bucket
from storagedriver_drivers.oss.parameters import SMALLEST_PART, OSSParameters

PARAMETERS: Mapping[str, Any] = {
    # The smallest OSS allows, so that the suites cross the boundaries with little data.
    "chunksize": SMALLEST_PART,
    "multipartcopychunksize": SMALLEST_PART,
    "multipartcopythresholdsize": SMALLEST_PART,
    # Small, so that listings have many pages.
    "listpage": 100,
    # So that a fault that lasts ends in an error soon.
    "maxretries": 3,
    "connect_timeout": 5,
    "read_timeout": 10,
}


def inspect(parameters: Mapping[str, Any], path: str = paths.ROOT) -> Sequence[str]:
    """Names the objects of a path and below it, internal ones too, and the unfinished multipart uploads."""
    model = parse(OSSParameters, parameters, driver_name=OSSDriver.name)
    bucket, layout = _bucket(model), KeyLayout(model.rootdirectory)
    everything = layout.prefix(paths.ROOT)
    prefixes = [everything] if path == paths.ROOT else [layout.key(path), layout.staging_prefix(path)]
    keys = [entry.key for prefix in prefixes for page in bucket.pages(prefix) for entry in page.entries]
    below = everything if path == paths.ROOT else layout.key(path)
    return keys + [f"unfinished upload of {key}" for key, _ in unfinished(bucket, below)]


@functools.lru_cache(maxsize=4)
def _bucket(parameters: OSSParameters) -> Bucket:
    """The bucket through a client that is kept: it is asked after each check."""
    return Bucket(make_client(parameters, credentials_of(parameters)), parameters)


register_suite(
    OSSDriver.name,
    OSSDriver.from_parameters,
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
