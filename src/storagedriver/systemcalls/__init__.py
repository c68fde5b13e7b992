"""Drivers on local files, and the system below them: calls that fail, processes that are killed, power that is lost.

`Processes` runs an operation of a driver in a process of its own, with strace looking on, and can make one of its system
calls fail, or kill the process before it. `unavailable` says why that cannot be done here.
"""

from storagedriver.systemcalls import mounts
from storagedriver.systemcalls.calls import SystemCall, parse
from storagedriver.systemcalls.disk import Recording, recorded
from storagedriver.systemcalls.failing import errors_of, is_removal
from storagedriver.systemcalls.flushing import missing_flushes
from storagedriver.systemcalls.power import PowerFailure, power_failures
from storagedriver.systemcalls.processes import Processes, Run, TracingError
from storagedriver.systemcalls.stores import LocalStore, LocalStores, NotOnLocalFilesError
from storagedriver.systemcalls.tracing import Injection, unavailable

__all__ = [
    "Injection",
    "LocalStore",
    "LocalStores",
    "NotOnLocalFilesError",
    "PowerFailure",
    "Processes",
    "Recording",
    "Run",
    "SystemCall",
    "TracingError",
    "errors_of",
    "is_removal",
    "missing_flushes",
    "mounts",
    "parse",
    "power_failures",
    "recorded",
    "unavailable",
]
