"""Storage drivers behind one interface, and the kit that tells whether a driver keeps its promises.

The interface is here; `storagedriver.factory` makes drivers by name; `storagedriver.testing` is for authors of suites.
"""

from storagedriver import factory
from storagedriver.base import BaseDriver, ByteSource, FillingSource, Upload
from storagedriver.buffered import BufferedUpload
from storagedriver.driver import Capabilities, FileInfo, FileWriter, Limits, StorageDriver
from storagedriver.errors import (
    BackendError,
    InvalidOffsetError,
    InvalidPathError,
    InvalidStorageDriverError,
    MissingDependencyError,
    ParameterError,
    PathConflictError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
    WriterStateError,
)
from storagedriver.registry import SuiteRegistration, never_skip, register_suite, registered_suites
from storagedriver.walk import Walk

__all__ = [
    "BackendError",
    "BaseDriver",
    "BufferedUpload",
    "ByteSource",
    "Capabilities",
    "FileInfo",
    "FileWriter",
    "FillingSource",
    "InvalidOffsetError",
    "InvalidPathError",
    "InvalidStorageDriverError",
    "Limits",
    "MissingDependencyError",
    "ParameterError",
    "PathConflictError",
    "PathNotFoundError",
    "StorageDriver",
    "StorageDriverError",
    "SuiteRegistration",
    "UnsupportedMethodError",
    "Upload",
    "Walk",
    "WriterStateError",
    "factory",
    "never_skip",
    "register_suite",
    "registered_suites",
]
