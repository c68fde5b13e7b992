"""A driver that keeps everything in this process's memory: for tests, and as the smallest complete example."""

from storagedriver import factory
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

__all__ = ["InMemoryDriver", "InMemoryParameters"]

factory.register(InMemoryDriver.name, InMemoryDriver.from_parameters)
