"""What each middleware takes when it is applied by name."""

from __future__ import annotations

from pydantic import Field

from storagedriver.parameters import DriverParameters


class RedirectOptions(DriverParameters):
    """Options of "redirect"."""

    base_url: str = Field(description="The URL at which `/` of the driver is served.")


class RewriteOptions(DriverParameters):
    """Options of "rewrite"."""

    scheme: str | None = Field(default=None, description="The new scheme, http or https.")
    host: str | None = Field(default=None, description="The new host, with a port or without.")
    trim_path_prefix: str | None = Field(default=None, description="Leading components to take off the URL's path.")


class RegulatorOptions(DriverParameters):
    """Options of "regulator"."""

    limit: int = Field(description="The number of calls at once, at least 1.")


class TelemetryOptions(DriverParameters):
    """Options of "telemetry": none; it uses the process's own providers."""
