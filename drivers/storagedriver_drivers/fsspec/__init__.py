"""A driver over any filesystem of fsspec: what the layer below keeps of the contract can be certified through it."""

from storagedriver import factory
from storagedriver_drivers.fsspec.driver import FsspecDriver
from storagedriver_drivers.fsspec.parameters import FsspecParameters

__all__ = ["FsspecDriver", "FsspecParameters"]

factory.register(FsspecDriver.name, FsspecDriver.from_parameters)
