"""A driver that keeps files as plain objects in a bucket of Google Cloud Storage."""

from storagedriver import factory
from storagedriver_drivers.gcs.driver import GCSDriver
from storagedriver_drivers.gcs.parameters import GCSParameters

__all__ = ["GCSDriver", "GCSParameters"]

factory.register(GCSDriver.name, GCSDriver.from_parameters)
