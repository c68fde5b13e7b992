"""A driver over any filesystem of pyarrow: what Arrow's filesystems keep of the contract can be certified through it."""

from storagedriver import factory
from storagedriver_drivers.pyarrow.driver import PyArrowDriver
from storagedriver_drivers.pyarrow.parameters import PyArrowParameters

__all__ = ["PyArrowDriver", "PyArrowParameters"]

factory.register(PyArrowDriver.name, PyArrowDriver.from_parameters)
