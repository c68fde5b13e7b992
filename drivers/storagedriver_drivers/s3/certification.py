"""How the suites make and judge the s3 driver. Server, bucket and credentials come from the backend it runs against."""

from __future__ import annotations

from storagedriver.registry import register_suite
from storagedriver_drivers.s3.driver import S3Driver
from storagedriver_drivers.s3.foreign import ForeignObjects
from storagedriver_drivers.s3.judging import PARAMETERS, WIRE, inspect

register_suite(
    S3Driver.name,
    S3Driver.from_parameters,
    parameters=PARAMETERS,
    inspect=inspect,
    foreign=ForeignObjects,
    root_parameter="rootdirectory",
    wire=WIRE,
)
