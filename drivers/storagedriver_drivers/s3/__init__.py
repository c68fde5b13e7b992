"""A driver that keeps files as plain objects in a bucket of Amazon S3, or of a server that speaks its protocol."""

from storagedriver import factory
from storagedriver_drivers.s3.driver import S3Driver
from storagedriver_drivers.s3.parameters import S3Parameters

__all__ = ["S3Driver", "S3Parameters"]

factory.register(S3Driver.name, S3Driver.from_parameters)
