"""A driver that keeps files as objects in a container of OpenStack Swift, or of a server that speaks its protocol."""

from storagedriver import factory
from storagedriver_drivers.swift.driver import SwiftDriver
from storagedriver_drivers.swift.parameters import SwiftParameters

__all__ = ["SwiftDriver", "SwiftParameters"]

factory.register(SwiftDriver.name, SwiftDriver.from_parameters)
