"""A process that has imported the driver and forks a child for each trial, so that a trial costs no start of Python.

It is started by `processes.Processes`, and reads jobs from its standard input. It stays lean: it imports what the jobs
name and nothing of pytest.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import resource
import select
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from storagedriver.causes import cause_of
from storagedriver.driver import StorageDriver
from storagedriver.systemcalls.tracing import Injection, command

BEGIN = "/.storagedriver-operation-begins"
"""The path that a child looks for, in vain, right before the operation: in the trace the mark of its begin."""

END = "/.storagedriver-operation-ends"
"""The same of its end."""

_SET_PARENT_DEATH_SIGNAL = 1
_SET_PTRACER = 0x59616D61
_PTRACER_ANY = ctypes.c_ulong(-1)
_ATTACH_SECONDS = 30
_LOOK_SECONDS = 0.002
"""Between two looks at whether the child is stopped."""
_LOOKS_ASLEEP = 10
"""What sleeps in so many looks, one right after the other, waits for the stopped child: for a lock that it holds."""


@dataclass(frozen=True, slots=True)
class Job:
    """One operation that a child is to do.

    Attributes:
        constructor: Makes the driver.
        parameters: Of these.
        operation: What is done with the driver.
        folder: Where its files are.
        traced: Whether strace looks on.
        injection: What it does to one of the calls.
        whole: Whether the trace holds what is written in full.
        largest_file: Bytes beyond which no file can be written during the operation, as `ulimit -f`; None for no bound.
        seconds: After this time the child counts as hung.
        meanwhile: Done by a driver of its own in another process while the injection has stopped the child; None for nothing.
    """

    constructor: Callable[[Mapping[str, Any]], StorageDriver]
    parameters: Mapping[str, Any]
    operation: Callable[[StorageDriver], object]
    folder: str
    traced: bool
    injection: Injection | None
    whole: bool
    largest_file: int | None
    seconds: float
    meanwhile: Callable[[StorageDriver], object] | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended.

    Attributes:
        status: Its exit status; negative for the signal that ended it.
        hung: Whether it was killed because it took too long.
        outcome: Pickled: what the operation returned, its error or None, and whether that has a cause, which pickling loses;
            empty if it did not come so far.
        descriptors: Files below the folder that the operation left open.
        trace: What strace wrote.
        failure: Why the trial could not be made; empty if it was.
        meanwhile: Pickled, as outcome: of what was done meanwhile; empty if the child was not stopped.
    """

    status: int
    hung: bool
    outcome: bytes
    descriptors: tuple[str, ...]
    trace: str
    failure: str
    meanwhile: bytes = b""


def main() -> None:
    """Serve jobs until standard input ends."""
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a driver prints must not get between the answers.
    os.dup2(2, 1)
    sys.path[:], folder = pickle.load(jobs)  # noqa: S301  from our parent process
    # The folder is the parent process's to remove: this one may be killed.
    output = str(Path(folder, "trace"))
    while True:
        try:
            pickled = pickle.load(jobs)  # noqa: S301  from our parent process
        except EOFError:
            return
        try:
            # This imports what the job names, which may fail.
            job = pickle.loads(pickled)  # noqa: S301  as above
            # What is there now is no garbage of a child's.
            gc.freeze()
            answer = run(job, output)
        except Exception:  # noqa: BLE001  told to the parent process
            answer = Ended(0, hung=False, outcome=b"", descriptors=(), trace="", failure=traceback.format_exc())
        pickle.dump(answer, answers)
        answers.flush()


def run(job: Job, output: str) -> Ended:
    """Do a job in a child, and wait for its end; `output` is the file for the trace."""
    read_go, go = os.pipe()
    read_result, result = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(go)
            os.close(read_result)
            _child(job, read_go, result)
        finally:
            os._exit(3)
    os.close(read_go)
    os.close(result)
    tracer, attached = None, ""
    if job.traced:
        _await(read_result)
        tracer = subprocess.Popen(  # noqa: S603
            command(child, output, job.injection, whole=job.whole),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        attached = _attached(tracer)
    if attached:
        # Nobody looks on: it must not begin.
        os.kill(child, signal.SIGKILL)
    elif job.traced:
        os.write(go, b"!")
    # Nobody else waits: a child that is not traced may have ended already, and would be written to in vain.
    os.close(go)
    beside = None if job.meanwhile is None else Beside(job)
    with os.fdopen(read_result, "rb") as stream:
        hung, sent = _received(stream, child, job.seconds, beside)
    _, status = os.waitpid(child, 0)
    trace = ""
    if tracer is not None:
        tracer.communicate()
        trace = "" if attached else Path(output).read_text(encoding="ascii", errors="replace")
    # What is killed in the middle of its answer has not ended in time.
    outcome, descriptors = pickle.loads(sent) if sent and not hung else (b"", ())  # noqa: S301  written by our own child
    meanwhile = b"" if beside is None else beside.ended(job.seconds)
    return Ended(os.waitstatus_to_exitcode(status), hung, outcome, descriptors, trace, attached, meanwhile)


def _attached(tracer: subprocess.Popen[bytes]) -> str:
    """What strace said that is no attachment; empty for one."""
    assert tracer.stderr is not None
    ready, _, _ = select.select([tracer.stderr], [], [], _ATTACH_SECONDS)
    line = tracer.stderr.readline().decode(errors="replace") if ready else "strace has not attached"
    return "" if "attached" in line and "has not" not in line else line.strip() or "strace ended"


def _await(result: int) -> None:
    """Wait until the child has its driver: what it did for that is not traced."""
    os.read(result, 1)


def _received(stream: BinaryIO, child: int, seconds: float, beside: Beside | None) -> tuple[bool, bytes]:
    """Whether the child hung and was killed, and all that it sent."""
    deadline = time.monotonic() + seconds
    sent = b""
    hung = False
    while True:
        left = max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select([stream], [], [], left if beside is None else min(left, _LOOK_SECONDS))
        if not ready and beside is not None and time.monotonic() < deadline:
            if _is_stopped(child):
                beside.happen()
                os.kill(child, signal.SIGCONT)
            continue
        if not ready:
            hung = True
            os.kill(child, signal.SIGKILL)
            deadline = time.monotonic() + seconds
            continue
        piece = os.read(stream.fileno(), 1 << 16)
        if not piece:
            return hung, sent
        sent += piece


def _is_stopped(child: int) -> bool:
    try:
        return os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOHANG) is not None
    except ChildProcessError:
        # It has ended, and is not one that could be stopped any more.
        return False


class Beside:
    """What another process does while the child is stopped."""

    def __init__(self, job: Job) -> None:
        """Begin nothing yet."""
        self._job = job
        self._process: int | None = None
        self._result: BinaryIO | None = None

    def happen(self) -> None:
        """Let it be done, once; if it cannot go on while the child is stopped, as for a lock, leave it to do so later."""
        if self._process is not None:
            return
        read, write = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            try:
                os.close(read)
                _do_beside(self._job, write)
            finally:
                os._exit(3)
        os.close(write)
        self._result = os.fdopen(read, "rb")
        asleep = 0
        while asleep < _LOOKS_ASLEEP and not select.select([self._result], [], [], _LOOK_SECONDS)[0]:
            asleep = asleep + 1 if _is_asleep(self._process) else 0

    def ended(self, seconds: float) -> bytes:
        """Its outcome, pickled; empty if it was not begun, or hangs."""
        if self._process is None or self._result is None:
            return b""
        with self._result:
            ready, _, _ = select.select([self._result], [], [], seconds)
            if not ready:
                os.kill(self._process, signal.SIGKILL)
            outcome = self._result.read()
        os.waitpid(self._process, 0)
        return outcome


def _is_asleep(process: int) -> bool:
    _, _, told = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")
    return told.split()[0] == "S"


def _do_beside(job: Job, result: int) -> None:
    assert job.meanwhile is not None
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    with job.constructor(job.parameters) as driver:
        outcome = _pickled(*_done(job.meanwhile, driver))
    os.write(result, outcome)
    os._exit(0)


def _child(job: Job, go: int, result: int) -> None:
    # A driver that crashes leaves no image of its memory in the user's folder, nor waits until that is written.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    # Where only a parent may trace (Yama), this says that strace may too.
    libc.prctl(_SET_PTRACER, _PTRACER_ANY)
    driver = job.constructor(job.parameters)
    before = _descriptors(job.folder)
    if job.traced:
        os.write(result, b".")
        # Not read: the call in which strace finds the process counts, or not, and what is counted has to be certain.
        waiting = select.poll()
        waiting.register(go, select.POLLIN | select.POLLHUP)
        waiting.poll()
    outcome = _operate(job, driver)
    gc.collect()
    # What was open before may be closed by now.
    left = list((Counter(_descriptors(job.folder)) - Counter(before)).elements())
    with os.fdopen(result, "wb") as stream:
        stream.write(pickle.dumps((outcome, tuple(left))))
    os._exit(0)


def _operate(job: Job, driver: StorageDriver) -> bytes:
    """The outcome, pickled: the error would keep what its frames hold."""
    bound = resource.getrlimit(resource.RLIMIT_FSIZE)
    if job.largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job.largest_file, bound[1]))
    os.access(BEGIN, os.F_OK)
    returned, error = _done(job.operation, driver)
    os.access(END, os.F_OK)
    resource.setrlimit(resource.RLIMIT_FSIZE, bound)
    return _pickled(returned, error)


def _done(operation: Callable[[StorageDriver], object], driver: StorageDriver) -> tuple[object, Exception | None]:
    try:
        return operation(driver), None
    except Exception as raised:  # noqa: BLE001  handed to the parent process
        return None, raised


def _pickled(returned: object, error: Exception | None) -> bytes:
    caused = error is not None and cause_of(error) is not None
    try:
        return pickle.dumps((returned, error, caused))
    except Exception:  # noqa: BLE001  whatever pickle says of it
        return pickle.dumps((None, RuntimeError(f"{type(error).__name__}: {error}"), caused))


def _descriptors(folder: str) -> list[str]:
    """What lies below `folder` and is open."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            path = str(descriptor.readlink())
        except FileNotFoundError:
            # That of the listing itself.
            continue
        if path == folder or path.startswith(f"{folder}/"):
            found.append(path)
    return found
