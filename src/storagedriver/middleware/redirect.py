"""Redirect URLs to a server of one's own, such as a CDN, that serves the same files."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from storagedriver import paths
from storagedriver.driver import Capabilities, StorageDriver
from storagedriver.errors import InvalidPathError
from storagedriver.interception import InterceptedDriver
from storagedriver.middleware import urls

_METHODS = frozenset({"GET", "HEAD"})


class RedirectMiddleware(InterceptedDriver):
    """Gives `base_url` + path as the redirect URL for GET and HEAD; other methods are the inner driver's matter.

    The URLs are plain: whether they expire, and who may use them, is up to the server behind `base_url` (URL-1, URL-2).
    """

    def __init__(self, driver: StorageDriver, base_url: str) -> None:
        """Redirect clients of `driver`.

        Args:
            driver: The driver.
            base_url: An http or https URL at which `/` of the driver is served. A path of its own is kept.

        Raises:
            ParameterError: `base_url` is not such a URL, or has a query, a fragment, a user name or a password.
        """
        super().__init__(driver)
        self._base_url = urls.checked("base_url", base_url, urls.base_url, driver_name=driver.name)

    @property
    def capabilities(self) -> Capabilities:
        return replace(self.inner.capabilities, redirect=True)

    def redirect_url(self, path: str, *, method: str = "GET", expires: float | None = None) -> str | None:
        if method.upper() not in _METHODS:
            return super().redirect_url(path, method=method, expires=expires)
        self._validate(path)
        return self._base_url + quote(path, safe="/")

    def _validate(self, path: str) -> None:
        # The inner driver is not asked: it may make a request for its own URL. PATH-4 and CAP-2 hold all the same.
        try:
            paths.validate(path)
        except InvalidPathError as error:
            raise error.located(self.name, path) from None
        limits = self.capabilities.limits
        longest = max(map(len, paths.components(path)))
        if len(path) > limits.longest_path or longest > limits.longest_component:
            raise InvalidPathError("longer than the driver allows", path=path, driver_name=self.name)
