"""Drivers whose URLs fail, never end, or give away more than they should. They serve their files themselves."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import threading
import time
import urllib.parse
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import SecretStr

from mutants.model import mutant
from storagedriver import PathNotFoundError, StorageDriverError
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

KEY = "signing-key-0123456789abcdef"


class ServingParameters(InMemoryParameters):
    signingkey: SecretStr = SecretStr(KEY)


class ServingDriver(InMemoryDriver):
    """A good driver with signed URLs: what every mutant here descends from."""

    Parameters = ServingParameters
    capabilities = replace(InMemoryDriver.capabilities, redirect=True)

    def __init__(self, parameters: ServingParameters) -> None:
        super().__init__(parameters)
        self._signing_key = parameters.signingkey.get_secret_value()
        self._server: ThreadingHTTPServer | None = None
        self._lock = threading.Lock()

    def _key(self, path: str) -> str:
        if self._signing_key != KEY:
            raise PermissionError("the server answered 403")
        return super()._key(path)

    def _address(self) -> str:
        with self._lock:
            if self._server is None:
                self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
                threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            return f"http://127.0.0.1:{self._server.server_address[1]}"

    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        if method not in {"GET", "HEAD"}:
            return None
        until = f"{self.until(expires):.3f}"
        query = urllib.parse.urlencode({"until": until, "signature": self.sign(method, path, until)})
        return f"{self._address()}{path}?{query}"

    def until(self, expires: float | None) -> float:
        """When a URL ends, in seconds since the epoch."""
        return time.time() + (600 if expires is None else expires)

    def sign(self, method: str, path: str, until: str) -> str:
        """What makes a URL good for this method and path until then."""
        text = f"{method}\n{path}\n{until}".encode()
        return hmac.new(self._signing_key.encode(), text, hashlib.sha256).hexdigest()

    def may(self, method: str, url: str) -> bool:
        """Whether the server answers a request."""
        parts = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(parts.query))
        until = query.get("until", "0")
        return query.get("signature") == self.sign(method, parts.path, until) and float(until) > time.time()

    def content_for(self, path: str) -> bytes:
        """What the server answers with."""
        return self.get_content(path)

    def close(self) -> None:
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()


def _handler(driver: ServingDriver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urllib.parse.urlsplit(self.path).path
            status, body = 403, b"refused"
            if driver.may(self.command, self.path):
                try:
                    status, body = 200, driver.content_for(path)
                    if self.command == "PUT":
                        driver.put_content(path, b"changed")
                    elif self.command == "DELETE":
                        driver.delete(path)
                except StorageDriverError:
                    status, body = 404, b"absent"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_DELETE = _serve  # noqa: N815  the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Say nothing: the output is pytest's."""

    return Handler


@mutant("URL-1", bug="the URL leads to an address of the backend's own network")
class UnreachableUrl(ServingDriver):
    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        url = super()._redirect_url(path, method, expires)
        return url and url.replace("127.0.0.1", "127.0.0.1:9/backend", 1).replace("/backend:", "/backend/")


@mutant("URL-1", rows=("B86",), bug="the URL loses the root")
class UrlLosesTheRoot(ServingDriver):
    def content_for(self, path: str) -> bytes:
        return self._store.get_file(path).content


@mutant("URL-1", bug="HEAD is signed as GET")
class HeadIsSignedAsGet(ServingDriver):
    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        return super()._redirect_url(path, "GET" if method == "HEAD" else method, expires)


@mutant("URL-1", bug="expires is taken for minutes")
class ExpiresInMinutes(ServingDriver):
    def until(self, expires: float | None) -> float:
        return super().until(None if expires is None else expires * 600)


@mutant("URL-1", bug="no expires means expired")
class DefaultIsExpired(ServingDriver):
    def until(self, expires: float | None) -> float:
        return super().until(expires or 0)


@mutant("URL-1", bug="the content of the first request is given for ever")
class StaleContent(ServingDriver):
    def __init__(self, parameters: ServingParameters) -> None:
        super().__init__(parameters)
        self._kept: dict[str, bytes] = {}

    def content_for(self, path: str) -> bytes:
        return self._kept.setdefault(path, super().content_for(path))


@mutant("URL-2", bug="the URL is for this process alone")
class UrlOfThisProcess(ServingDriver):
    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        return f"memory:{path}"


@mutant("URL-2", bug="the secret key is in the URL, encoded")
class SecretInTheUrl(ServingDriver):
    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        url = super()._redirect_url(path, method, expires)
        return url and url + "&key=" + "".join(f"%{byte:02x}" for byte in self._signing_key.encode())


@mutant("URL-2", bug="the signature is good for every path")
class AnyPathIsSigned(ServingDriver):
    def sign(self, method: str, path: str, until: str) -> str:
        return super().sign(method, "/", until)


@mutant("URL-2", bug="the signature is good for every method")
class AnyMethodIsSigned(ServingDriver):
    def sign(self, method: str, path: str, until: str) -> str:
        return super().sign("*", path, until)


@mutant("URL-2", bug="files are written so that everybody may read them")
class FilesArePublic(ServingDriver):
    def may(self, method: str, url: str) -> bool:
        return (method == "GET" and "signature" not in url) or super().may(method, url)


@mutant("URL-1", bug="the URL of a path and a method is kept, whatever time it is asked for")
class UrlIsKept(ServingDriver):
    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        kept: dict[tuple[str, str], str | None] = self.__dict__.setdefault("kept", {})
        if (path, method) not in kept:
            kept[path, method] = super()._redirect_url(path, method, expires)
        return kept[path, method]


@mutant("URL-1", bug="a URL for HEAD that was asked for before there was a file is for GET ever after")
class UrlOfAbsentIsForGet(ServingDriver):
    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        early: set[str] = self.__dict__.setdefault("early", set())
        try:
            self._stat(path)
        except PathNotFoundError:
            early.add(path)
        return super()._redirect_url(path, "GET" if path in early else method, expires)


@mutant("URL-2", bug="the signature is over the name of the file, and not over its directory")
class NameAloneIsSigned(ServingDriver):
    def sign(self, method: str, path: str, until: str) -> str:
        return super().sign(method, path.rpartition("/")[2], until)


@mutant("URL-1", bug="of a file that was replaced since its URL was given as much comes as there was then")
class UrlIsOfTheOldSize(ServingDriver):
    def _redirect_url(self, path: str, method: str, expires: float | None) -> str | None:
        with contextlib.suppress(PathNotFoundError):
            self.__dict__.setdefault("sizes", {})[path] = self._stat(path).size
        return super()._redirect_url(path, method, expires)

    def content_for(self, path: str) -> bytes:
        return super().content_for(path)[: self.__dict__.get("sizes", {}).get(path)]


@mutant("URL-1", bug="the end of a URL is told in the time of the place, and read as that of Greenwich")
class EndsInLocalTime(ServingDriver):
    def until(self, expires: float | None) -> float:
        return super().until(expires) + (time.localtime().tm_gmtoff or 0)


@mutant("URL-2", bug="a URL for GET lets a file be put where there is none")
class UrlMakesAFile(ServingDriver):
    def may(self, method: str, url: str) -> bool:
        if method == "PUT":
            try:
                self._stat(urllib.parse.urlsplit(url).path)
            except PathNotFoundError:
                self.put_content(urllib.parse.urlsplit(url).path, b"of a stranger")
        return super().may(method, url)
