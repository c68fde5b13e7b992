"""Parameters of the inmemory driver."""

from pydantic import Field

from storagedriver.parameters import DriverParameters, RootDirectory


class InMemoryParameters(DriverParameters):
    """Parameters of the inmemory driver; all are optional."""

    store: str | None = Field(
        default=None,
        min_length=1,
        description="Drivers of one process with the same store name see the same files; without it each has its own.",
    )
    rootdirectory: RootDirectory = Field(default="", description="All paths lie below this directory of the store.")
