"""Redirect URLs of the backend, rewritten to the address at which clients reach it."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from storagedriver.driver import StorageDriver
from storagedriver.interception import InterceptedDriver
from storagedriver.middleware import urls


class RewriteMiddleware(InterceptedDriver):
    """Changes scheme, host and the beginning of the path of the inner driver's redirect URLs; the query stays.

    A URL whose signature covers what is rewritten works only if the proxy in between restores it.
    """

    def __init__(
        self,
        driver: StorageDriver,
        scheme: str | None = None,
        host: str | None = None,
        trim_path_prefix: str | None = None,
    ) -> None:
        """Rewrite the redirect URLs of `driver`.

        Args:
            driver: The driver.
            scheme: The new scheme, http or https; None to keep the old one.
            host: The new host, with a port or without; None to keep the old one and its port.
            trim_path_prefix: Whole leading components to take off the URL's path, such as `/bucket`; None for none.
                A path that does not begin with them is kept.

        Raises:
            ParameterError: One of them is malformed; it is named.
        """
        super().__init__(driver)
        self._scheme = None if scheme is None else urls.checked("scheme", scheme, urls.scheme, driver_name=driver.name)
        self._host = None if host is None else urls.checked("host", host, urls.host, driver_name=driver.name)
        self._prefix = ""
        if trim_path_prefix is not None:
            prefix = urls.checked("trim_path_prefix", trim_path_prefix, _prefix, driver_name=driver.name)
            self._prefix = prefix.rstrip("/")

    def redirect_url(self, path: str, *, method: str = "GET", expires: float | None = None) -> str | None:
        url = super().redirect_url(path, method=method, expires=expires)
        if url is None:
            return None
        parts = urlsplit(url)
        return urlunsplit(
            parts._replace(
                scheme=self._scheme or parts.scheme,
                netloc=self._host or parts.netloc,
                path=self._trimmed(parts.path),
            )
        )

    def _trimmed(self, path: str) -> str:
        # With the slash: `/bucket` must not cut `/bucket2`.
        return path.removeprefix(self._prefix) if path.startswith(self._prefix + "/") else path


def _prefix(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError("the prefix of a path begins with '/'")
    return urls.path(text)
