"""A driver that keeps files as striped objects in a pool of Ceph, and directories as maps of names."""

from storagedriver import factory
from storagedriver_drivers.rados.driver import RadosDriver
from storagedriver_drivers.rados.parameters import RadosParameters

__all__ = ["RadosDriver", "RadosParameters"]

factory.register(RadosDriver.name, RadosDriver.from_parameters)
