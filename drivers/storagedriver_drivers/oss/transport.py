"""How the SDK's requests reach the server: by urllib3, in place of the SDK's own way.

The SDK's own takes credentials of a .netrc in place of the signature, unpacks compressed objects, so that their size is not
that of the object, and can be given no certificate authority.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, Self
from urllib.parse import urlsplit

from storagedriver.dependencies import require
from storagedriver_drivers.oss.parameters import OSSParameters

_types: Any = require("alibabacloud_oss_v2.types", extra="oss", driver_name="oss")
_errors: Any = require("alibabacloud_oss_v2.exceptions", extra="oss", driver_name="oss")
_urllib3: Any = require("urllib3", extra="oss", driver_name="oss")

_CONNECTIONS = 32
"""Connections that are kept, at least; each request in flight and each open reader holds one."""

_BLOCK = 1 << 16


class Response(_types.HttpResponse):  # type: ignore[misc]  # imported late, untyped
    """An answer of the server, whose body may be read later."""

    def __init__(self, request: Any, raw: Any) -> None:
        self._request = request
        self._raw = raw
        self._content: bytes | None = None
        self._closed = False

    @property
    def request(self) -> Any:
        return self._request

    @property
    def is_closed(self) -> bool:
        return self._closed

    @property
    def is_stream_consumed(self) -> bool:
        return self._content is not None

    @property
    def status_code(self) -> int:
        return int(self._raw.status)

    @property
    def headers(self) -> MutableMapping[str, str]:
        headers: MutableMapping[str, str] = self._raw.headers
        return headers

    @property
    def reason(self) -> str:
        return str(self._raw.reason)

    @property
    def content(self) -> bytes:
        if self._content is None:
            raise _errors.ResponseNotReadError
        return self._content

    def __repr__(self) -> str:
        return f"<Response {self.status_code}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> bytes:
        """The whole body. Raises the SDK's ResponseError, after which it repeats the request."""
        if self._content is None:
            try:
                self._content = bytes(self._raw.read(decode_content=False))
            except (_urllib3.exceptions.HTTPError, OSError) as error:
                raise _errors.ResponseError(error=type(error).__name__) from error
            finally:
                self.close()
        return self._content

    def iter_bytes(self, **options: Any) -> Iterator[bytes]:
        """The body piece by piece, as it is stored. Raises urllib3's errors."""
        size = options.get("block_size", _BLOCK)
        while piece := self._raw.read(size, decode_content=False):
            yield piece

    def close(self) -> None:
        """Give the connection back; one with the rest of a body on it is closed."""
        if not self._closed:
            self._closed = True
            self._raw.close()
            self._raw.release_conn()


class Transport(_types.HttpClient):  # type: ignore[misc]  # imported late, untyped
    """Connections to the server. Safe between threads."""

    def __init__(self, parameters: OSSParameters) -> None:
        """No connection is made."""
        verification: dict[str, Any] = {"cert_reqs": "CERT_REQUIRED"}
        if parameters.skipverify:
            verification = {"cert_reqs": "CERT_NONE", "assert_hostname": False}
        elif parameters.ca_bundle is not None:
            verification["ca_certs"] = str(parameters.ca_bundle)
        self._pools = _urllib3.PoolManager(
            maxsize=max(_CONNECTIONS, parameters.multipartcopymaxconcurrency),
            timeout=_urllib3.Timeout(connect=parameters.connect_timeout, read=parameters.read_timeout),
            retries=False,
            **verification,
        )

    def send(self, request: Any, **options: Any) -> Response:
        """Send a request once. Raises the SDK's RequestError, after which it repeats it."""
        parts = urlsplit(request.url)
        headers = {name: value for name, value in request.headers.items() if value is not None}
        # As it is: urllib3 would take `..` out of a whole URL, which is a name like any other here.
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            raw = self._pools.connection_from_host(parts.hostname, parts.port, parts.scheme).urlopen(
                request.method,
                target,
                # Without a body there is no length to tell of a GET.
                body=request.body or (b"" if request.method in {"PUT", "POST"} else None),
                headers={"Accept-Encoding": "identity", **headers},
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except (_urllib3.exceptions.HTTPError, OSError) as error:
            raise _errors.RequestError(error=type(error).__name__) from error
        response = Response(request, raw)
        if not options.get("stream", False):
            response.read()
        return response

    def open(self) -> None:
        """Nothing: connections are made when they are needed."""

    def close(self) -> None:
        """Close those that are kept."""
        self._pools.clear()
