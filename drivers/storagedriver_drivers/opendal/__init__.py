"""A driver over any service of Apache OpenDAL: what it keeps of the contract can be certified through it."""

from storagedriver import factory
from storagedriver_drivers.opendal.driver import OpenDALDriver
from storagedriver_drivers.opendal.parameters import OpenDALParameters

__all__ = ["OpenDALDriver", "OpenDALParameters"]

factory.register(OpenDALDriver.name, OpenDALDriver.from_parameters)
