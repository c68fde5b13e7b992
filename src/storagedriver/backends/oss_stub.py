"""The kit's own stub of Alibaba Cloud OSS, which has no emulator: it is not Alibaba's, and its results say so by its name."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from storagedriver.backends.endpoint import HOST, http_failure, random_key
from storagedriver.backends.programs import PROCESS_MODE, Programs, ProgramWay
from storagedriver.backends.provider import ServerProvider

OSS_DRIVER = "oss"
_REGION = "cn-hangzhou"


def _missing() -> str | None:
    if importlib.util.find_spec("alibabacloud_oss_v2") is None:
        return "alibabacloud-oss-v2 is not installed; install it with: pip install 'storagedriver[oss]'"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OSSStubEndpoint:
    """A bucket on the stub, with keys of its own."""

    port: int
    bucket: str = "storagedriver"
    key_id: str = field(default_factory=random_key)
    secret: str = field(default_factory=random_key, repr=False)

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://{HOST}:{self.port}"

    def parameters(self) -> dict[str, Any]:
        """Parameters of the oss driver for this bucket."""
        return {
            "endpoint": self.url,
            "bucket": self.bucket,
            "region": _REGION,
            "accesskeyid": self.key_id,
            "accesskeysecret": self.secret,
        }

    def prepare(self) -> str | None:
        """None once it answers: the bucket is there from its start, and there is no disk that could fail."""
        return self.failure()

    def failure(self) -> str | None:
        return http_failure(self.port)


def _endpoint(ports: Sequence[int]) -> OSSStubEndpoint:
    return OSSStubEndpoint(port=ports[0])


def _launch(programs: Programs, endpoint: OSSStubEndpoint, ports: Sequence[int]) -> None:
    place = ["--port", str(ports[0]), "--region", _REGION, "--bucket", endpoint.bucket]
    environment = {
        "OSS_ACCESS_KEY_ID": endpoint.key_id,
        "OSS_ACCESS_KEY_SECRET": endpoint.secret,
        # As this process found the kit, whether or not it is installed.
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    # No grace: there is nothing to save.
    programs.run([sys.executable, "-m", "storagedriver.oss_stub", *place], environment=environment, grace=0)


OSS_STUB = ServerProvider(
    name="oss-stub",
    drivers=(OSS_DRIVER,),
    summary="the kit's own stub of Alibaba Cloud OSS, not Alibaba's",
    ways={
        PROCESS_MODE: ProgramWay(
            missing=_missing, version=lambda: version("storagedriver"), ports=1, endpoint=_endpoint, launch=_launch
        ),
    },
)
