"""A driver over any store of obstore: what object_store keeps of the contract can be certified through it."""

from storagedriver import factory
from storagedriver_drivers.obstore.driver import ObstoreDriver
from storagedriver_drivers.obstore.parameters import ObstoreParameters

__all__ = ["ObstoreDriver", "ObstoreParameters"]

factory.register(ObstoreDriver.name, ObstoreDriver.from_parameters)
