"""A driver that keeps files as plain objects in a bucket of Alibaba Cloud OSS."""

from storagedriver import factory
from storagedriver_drivers.oss.driver import OSSDriver
from storagedriver_drivers.oss.parameters import OSSParameters

__all__ = ["OSSDriver", "OSSParameters"]

factory.register(OSSDriver.name, OSSDriver.from_parameters)
