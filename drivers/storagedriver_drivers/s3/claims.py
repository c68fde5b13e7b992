"""What the driver claims, by its parameters."""

from __future__ import annotations

from storagedriver.driver import Capabilities, Limits
from storagedriver.key_layout import KeyLayout
from storagedriver_drivers.s3.parameters import LONGEST_KEY, S3Parameters
from storagedriver_drivers.s3.parts import LIMIT


def capabilities(parameters: S3Parameters, layout: KeyLayout) -> Capabilities:
    """The capabilities of a driver of these parameters, with its limits (CAP-2)."""
    return Capabilities(
        append=True,
        atomic_put=True,
        atomic_write=True,
        resumable_writes=True,
        eager_open=True,
        consistent_list=True,
        redirect=True,
        shared=True,
        limits=Limits(
            longest_path=min(Limits().longest_path, LONGEST_KEY - layout.overhead()),
            largest_file=LIMIT.most * parameters.chunksize,
            chunk_size=parameters.chunksize,
            copy_size=parameters.multipartcopythresholdsize,
            list_page=parameters.listpage,
        ),
    )
