"""Middleware: a driver around a driver that changes or observes what it does, also by name.

Nothing of a middleware, nor of what it needs, is imported until it is applied.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from storagedriver.driver import StorageDriver
from storagedriver.errors import ParameterError
from storagedriver.suggestions import did_you_mean_among

__all__ = ["apply", "names"]

_KNOWN = {
    "redirect": ("storagedriver.middleware.redirect", "RedirectMiddleware", "RedirectOptions"),
    "regulator": ("storagedriver.regulator", "Regulator", "RegulatorOptions"),
    "rewrite": ("storagedriver.middleware.rewrite", "RewriteMiddleware", "RewriteOptions"),
    "telemetry": ("storagedriver.middleware.telemetry", "TelemetryMiddleware", "TelemetryOptions"),
}


def names() -> list[str]:
    """The names that apply() takes, sorted."""
    return sorted(_KNOWN)


def apply(driver: StorageDriver, name: str, options: Mapping[str, Any] | None = None) -> StorageDriver:
    """`driver` with the middleware called `name` around it.

    Args:
        driver: The driver.
        name: One of names().
        options: The middleware's arguments by name; strings convert, and None is the default (CONF-1).

    Raises:
        ParameterError: The name is unknown, or an option is unknown, missing or wrong; it is named.
    """
    known = _KNOWN.get(name) if isinstance(name, str) else None
    if known is None:
        raise ParameterError(
            f"no middleware is called {name!r}; {did_you_mean_among(str(name), names(), 'known are ')}",
            parameter="middleware",
            driver_name=driver.name,
        )
    from storagedriver.middleware import options as models  # noqa: PLC0415  pydantic is slow to import
    from storagedriver.parameters import parse  # noqa: PLC0415

    module, kind, model = known
    given = parse(getattr(models, model), {} if options is None else options, driver_name=driver.name)
    made: StorageDriver = getattr(importlib.import_module(module), kind)(driver, **dict(given))
    return made
