"""A driver that keeps files as plain files below a folder of this machine, in the Go registry's layout."""

from storagedriver import factory
from storagedriver_drivers.filesystem.driver import FilesystemDriver
from storagedriver_drivers.filesystem.parameters import FilesystemParameters

__all__ = ["FilesystemDriver", "FilesystemParameters"]

factory.register(FilesystemDriver.name, FilesystemDriver.from_parameters)
