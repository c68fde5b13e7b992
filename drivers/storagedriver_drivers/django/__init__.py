"""A driver over any Storage of Django: what it keeps of the contract can be certified through it."""

from storagedriver import factory
from storagedriver_drivers.django.driver import DjangoDriver
from storagedriver_drivers.django.parameters import DjangoParameters

__all__ = ["DjangoDriver", "DjangoParameters"]

factory.register(DjangoDriver.name, DjangoDriver.from_parameters)
