"""How the suites make and judge the s3 driver. Server, bucket and credentials come from the backend it runs against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from storagedriver.parameters import parse
from storagedriver.registry import register_suite
from storagedriver_drivers.s3.client import make_client
from storagedriver_drivers.s3.driver import S3Driver
from storagedriver_drivers.s3.multipart import unfinished
from storagedriver_drivers.s3.objects import Bucket, Layout
from storagedriver_drivers.s3.parameters import SMALLEST_PART, S3Parameters

PARAMETERS: Mapping[str, Any] = {
    # The smallest S3 allows, so that the suites cross the boundaries with little data.
    "chunksize": SMALLEST_PART,
    "multipartcopychunksize": SMALLEST_PART,
    "multipartcopythresholdsize": SMALLEST_PART,
    # So that a fault that lasts ends in an error soon.
    "maxretries": 3,
    "connect_timeout": 5,
    "read_timeout": 10,
}


def inspect(parameters: Mapping[str, Any]) -> Sequence[str]:
    """Names all objects below the root directory, internal ones too, and the unfinished multipart uploads."""
    model = parse(S3Parameters, parameters, driver_name=S3Driver.name)
    client = make_client(model)
    try:
        bucket = Bucket(client, model)
        prefix = Layout(model.rootdirectory).prefix("/")
        keys = [entry["Key"] for page in bucket.pages(prefix) for entry in page.get("Contents", [])]
        uploads = [f"unfinished upload of {key}" for key, _ in unfinished(bucket, prefix)]
    finally:
        client.close()
    return keys + uploads


register_suite(
    S3Driver.name,
    S3Driver.from_parameters,
    parameters=PARAMETERS,
    inspect=inspect,
    root_parameter="rootdirectory",
)
