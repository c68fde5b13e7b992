"""moto: an imitation of S3 in this process. Quick and always at hand, but no proof of how a real server behaves."""

from __future__ import annotations

import contextlib
import importlib.util
import secrets
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from storagedriver.backends.endpoint import HOST
from storagedriver.backends.errors import BackendStartError
from storagedriver.backends.model import IN_PROCESS_MODE, RunningBackend
from storagedriver.backends.s3_endpoint import S3_DRIVERS, S3Endpoint, boto3_missing

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer


class MotoProvider:
    """moto's S3 behind HTTP. It takes any keys, so it cannot show what happens with wrong ones."""

    name = "moto"
    drivers = S3_DRIVERS
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
            output = undo.enter_context(log.open("w", encoding="utf-8", buffering=1))
            # Port 0: the system chooses, and nobody can take it meanwhile.
            server = ThreadedMotoServer(HOST, 0, verbose=False)
            server.start()
            undo.callback(server.stop)
            http = server._server  # noqa: SLF001  # moto has no other way to what it listens with
            assert http is not None
            _log_requests_to(output, http)
            _serve_s3_alone(http)
            # All moto servers of a process share one store, and the bucket's name is what keeps them apart.
            endpoint = S3Endpoint(port=http.server_port, bucket=f"storagedriver-{secrets.token_hex(6)}")
            problem = endpoint.prepare()
            if problem is not None:
                raise BackendStartError(f"{self.name} does not answer as it should ({problem})")
            running = RunningBackend(
                name=self.name,
                mode=mode,
                version=version("moto"),
                parameters=endpoint.parameters(),
                log=str(log),
            )
            return MotoServer(running, endpoint, undo.pop_all())


class MotoServer:
    """A moto server in a thread of this process."""

    def __init__(self, running: RunningBackend, endpoint: S3Endpoint, undo: contextlib.ExitStack) -> None:
        self.running = running
        self.endpoint = endpoint
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
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # loaded by the start

        # A driver under test may have deleted the bucket, or made it one that is hard to delete.
        with self._undo, contextlib.suppress(BotoCoreError, ClientError):
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


def _serve_s3_alone(http: BaseWSGIServer) -> None:
    """Have each request go to moto's S3 at once.

    moto finds the service of each anew, by its signature and the patterns of all services: a sixth of what a request costs
    here, driver and server together.
    """
    from moto.moto_server.werkzeug_app import create_backend_app  # noqa: PLC0415  # only where a server is set up

    http.app = create_backend_app("s3")


def _log_requests_to(log: TextIO, http: BaseWSGIServer) -> None:
    """Have each request written to `log`, not to werkzeug's logger.

    From that logger pytest would copy each request into the report of the test that is running, and a handler or
    filter there would also take what other servers of this process say.
    """
    usual: Any = http.RequestHandlerClass

    class Handler(usual):  # type: ignore[misc]  # the class is chosen by moto
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # the name is werkzeug's
            # ValueError: the file is closed, as the server was stopped while this request was under way.
            with contextlib.suppress(ValueError):
                log.write(f"{self.log_date_time_string()} {type} {message % args}\n")

    http.RequestHandlerClass = Handler
