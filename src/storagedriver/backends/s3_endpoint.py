"""A bucket on a server of our own that speaks S3, with keys made for it, and the proof that it works."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from storagedriver.backends.endpoint import ANSWER_DEADLINE, HOST, http_failure, random_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

S3_DRIVERS = ("s3", "s3-async")
_PART_SIZE = 5 * 1024 * 1024  # The smallest that S3 takes, so that small files have many parts already.
_PROBE = "storagedriver-probe"


def boto3_missing() -> str | None:
    """Why no S3 server can be set up, if boto3 is not installed."""
    if importlib.util.find_spec("boto3") is None:
        return "boto3 is not installed; install it with: pip install 'storagedriver[s3]'"
    return None


@functools.cache
def _models() -> Any:
    """What reads boto3's models of Amazon's services, and keeps them: parsing them takes most of a client's making."""
    import botocore.loaders  # noqa: PLC0415  # only where a server is set up

    return botocore.loaders.create_loader()


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Endpoint:
    """A bucket on a server of our own, with keys that were made for it."""

    port: int
    bucket: str = "storagedriver"
    region: str = "us-east-1"
    access_key: str = field(default_factory=random_key)
    secret_key: str = field(default_factory=random_key, repr=False)

    @classmethod
    def at(cls, ports: Sequence[int]) -> Self:
        """A bucket on a server that answers S3 at the first of its ports."""
        return cls(port=ports[0])

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://{HOST}:{self.port}"

    def parameters(self) -> dict[str, Any]:
        """Parameters of the s3 driver for this bucket."""
        return {
            "regionendpoint": self.url,
            "region": self.region,
            "accesskey": self.access_key,
            "secretkey": self.secret_key,
            "bucket": self.bucket,
            "forcepathstyle": True,
            "chunksize": _PART_SIZE,
            "multipartcopythresholdsize": _PART_SIZE,
            "multipartcopychunksize": _PART_SIZE,
        }

    def client(self) -> S3Client:
        """A client that no configuration file, profile or proxy of the user changes; to be closed."""
        import boto3  # noqa: PLC0415  # only where a server is set up
        import botocore.config  # noqa: PLC0415
        import botocore.session  # noqa: PLC0415

        session = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        session.register_component("data_loader", _models())
        return boto3.session.Session(botocore_session=session).client(
            "s3",
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=botocore.config.Config(
                s3={"addressing_style": "path"},
                proxies={},
                connect_timeout=ANSWER_DEADLINE,
                read_timeout=ANSWER_DEADLINE,
                retries={"total_max_attempts": 1},
            ),
        )

    def prepare(self) -> str | None:
        """Make the bucket, and write, read and delete an object in it. None if all of that worked, else what did not."""
        unanswered = self.failure()
        if unanswered is not None:
            return unanswered
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            with contextlib.closing(self.client()) as client:
                content = self._probe(client)
        except (BotoCoreError, ClientError) as error:
            return f"{type(error).__name__}: {error}"
        return None if content == _PROBE.encode() else f"it read {content!r} where {_PROBE.encode()!r} was written"

    def _probe(self, client: S3Client) -> bytes:
        with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
            client.create_bucket(Bucket=self.bucket)
        client.put_object(Bucket=self.bucket, Key=_PROBE, Body=_PROBE.encode())
        with contextlib.closing(client.get_object(Bucket=self.bucket, Key=_PROBE)["Body"]) as body:
            content = body.read()
        client.delete_object(Bucket=self.bucket, Key=_PROBE)
        return content

    def failure(self) -> str | None:
        return http_failure(self.port)
