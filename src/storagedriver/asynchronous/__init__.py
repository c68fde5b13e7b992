"""The asynchronous interface: for drivers whose calls are awaited, and for asynchronous programs.

`AsyncBaseDriver` is what an author extends, `Blocking` what is registered for the result, so that the suites judge it and
`factory.create` makes it; `create` gives asynchronous programs any driver there is.
"""

from storagedriver.asynchronous.base import AsyncBaseDriver, AsyncBufferedUpload, AsyncByteSource, AsyncUpload
from storagedriver.asynchronous.blocking import Blocking, BlockingDriver
from storagedriver.asynchronous.cancellation import settled
from storagedriver.asynchronous.driver import AsyncFileWriter, AsyncReader, AsyncStorageDriver
from storagedriver.asynchronous.threaded import ThreadedDriver, create
from storagedriver.asynchronous.walk import AsyncWalk

__all__ = [
    "AsyncBaseDriver",
    "AsyncBufferedUpload",
    "AsyncByteSource",
    "AsyncFileWriter",
    "AsyncReader",
    "AsyncStorageDriver",
    "AsyncUpload",
    "AsyncWalk",
    "Blocking",
    "BlockingDriver",
    "ThreadedDriver",
    "create",
    "settled",
]
