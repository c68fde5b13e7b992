"""The s3 driver for asynchronous programs: the same objects, layout and parameters, by aiobotocore instead of boto3."""

from storagedriver import factory
from storagedriver.asynchronous import Blocking
from storagedriver.dependencies import require

# Before what it brings with it, so that its absence is told by its own name.
require("aiobotocore", extra="s3-async", driver_name="s3-async")

from storagedriver_drivers.s3.parameters import S3Parameters  # noqa: E402
from storagedriver_drivers.s3_async.driver import AsyncS3Driver  # noqa: E402

__all__ = ["AsyncS3Driver", "S3Parameters", "blocking"]

blocking = Blocking(AsyncS3Driver.from_parameters)
"""Makes the driver for callers that block, as the factory and the suites do."""

factory.register(AsyncS3Driver.name, blocking)
