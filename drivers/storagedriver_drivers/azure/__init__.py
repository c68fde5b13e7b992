"""A driver that keeps files as plain blobs in a container of Azure Blob Storage, or of a server that speaks its protocol."""

from storagedriver import factory
from storagedriver_drivers.azure.driver import AzureDriver
from storagedriver_drivers.azure.parameters import AzureParameters

__all__ = ["AzureDriver", "AzureParameters"]

factory.register(AzureDriver.name, AzureDriver.from_parameters)
