"""How the suites make and judge the s3-async driver: as the s3 driver, since what it keeps is the same."""

from __future__ import annotations

from storagedriver.registry import register_suite
from storagedriver_drivers.s3.foreign import ForeignObjects
from storagedriver_drivers.s3.judging import PARAMETERS, WIRE, inspect
from storagedriver_drivers.s3_async import AsyncS3Driver, blocking

register_suite(
    AsyncS3Driver.name,
    blocking,
    parameters=PARAMETERS,
    inspect=inspect,
    foreign=ForeignObjects,
    root_parameter="rootdirectory",
    wire=WIRE,
)
