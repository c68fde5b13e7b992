"""moto: an imitation of S3 in this process. Quick and always at hand, but no proof of how a real server behaves."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from storagedriver.backends.errors import BackendStartError
from storagedriver.backends.model import IN_PROCESS_MODE, RunningBackend
from storagedriver.backends.s3_server import HOST, S3_DRIVER, S3Endpoint, boto3_missing

if TYPE_CHECKING:
    from moto.server import ThreadedMotoServer


class MotoProvider:
    """moto's S3 behind HTTP. It takes any keys, so it cannot show what happens with wrong ones."""

    name = "moto"
    drivers = (S3_DRIVER,)
    modes = (IN_PROCESS_MODE,)
    summary = "moto, an imitation of S3 within the test process"

    def unavailable(self, mode: str) -> str | None:
        if mode not in self.modes:
            return f"{self.name} has no mode {mode!r}"
        if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
            return "moto's server is not installed; install it with: pip install 'moto[s3,server]'"
        return boto3_missing()

    def start(self, mode: str, folder: Path) -> MotoServer:
        problem = self.unavailable(mode)
        if problem is not None:
            raise BackendStartError(problem)
        from moto.server import ThreadedMotoServer  # noqa: PLC0415  # only where a server is set up

        own = Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir=folder))
        with contextlib.ExitStack() as undo:
            undo.callback(shutil.rmtree, own, ignore_errors=True)
            log = own / "moto.log"
            undo.enter_context(_requests_logged_to(log))
            # The system chooses the port: nobody can take it meanwhile.
            server = ThreadedMotoServer(HOST, 0, verbose=False)
            server.start()
            undo.callback(server.stop)
            # All moto servers of a process share one store, and the bucket's name is what keeps them apart.
            endpoint = S3Endpoint(port=server.get_host_and_port()[1], bucket=f"storagedriver-{secrets.token_hex(6)}")
            with contextlib.closing(endpoint.client()) as client:
                problem = endpoint.prepare(client)
            if problem is not None:
                raise BackendStartError(f"{self.name} does not answer as it should ({problem})")
            running = RunningBackend(
                name=self.name,
                mode=mode,
                version=version("moto"),
                parameters=endpoint.parameters(),
                log=str(log),
            )
            return MotoServer(running, endpoint, server, undo.pop_all())


class MotoServer:
    """A moto server in a thread of this process."""

    def __init__(
        self,
        running: RunningBackend,
        endpoint: S3Endpoint,
        server: ThreadedMotoServer,
        undo: contextlib.ExitStack,
    ) -> None:
        self.running = running
        self.endpoint = endpoint
        self._server = server
        self._undo = undo
        self._stopped = False

    def failure(self) -> str | None:
        if self._stopped:
            return f"{self.running.name} was stopped"
        return self.endpoint.failure()

    def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        with self._undo:
            self._forget_bucket()

    def _forget_bucket(self) -> None:
        """Delete the bucket with its content, since moto's store outlives its servers."""
        with contextlib.closing(self.endpoint.client()) as client:
            bucket = self.endpoint.bucket
            for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
                for upload in page.get("Uploads", []):
                    client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
            for listing in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                keys = [item["Key"] for item in listing.get("Contents", [])]
                if keys:
                    client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})
            client.delete_bucket(Bucket=bucket)


_logging_lock = threading.Lock()
_logging_servers = 0
_propagate_before = True
_level_before = logging.NOTSET


@contextlib.contextmanager
def _requests_logged_to(log: Path) -> Iterator[None]:
    """Send werkzeug's log to the file and nowhere else.

    The logger is one for the process: while several servers run, each file holds the requests of all.
    """
    global _logging_servers, _propagate_before, _level_before  # noqa: PLW0603  # the logger is just as global
    logger = logging.getLogger("werkzeug")
    handler = logging.FileHandler(log, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    with _logging_lock:
        if _logging_servers == 0:
            _propagate_before, _level_before = logger.propagate, logger.level
            logger.propagate = False
            logger.setLevel(logging.INFO)
        _logging_servers += 1
        logger.addHandler(handler)
    try:
        yield
    finally:
        with _logging_lock:
            logger.removeHandler(handler)
            handler.close()
            _logging_servers -= 1
            if _logging_servers == 0:
                logger.propagate = _propagate_before
                logger.setLevel(_level_before)
