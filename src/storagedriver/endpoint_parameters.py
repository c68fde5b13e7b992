"""How a driver's way to its server is led elsewhere: by the parameters that hold the server's address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointParameters:
    """What the author of a driver tells of the parameters that lead to its server, which speaks HTTP.

    Attributes:
        addresses: The parameters that hold the server's address as a URL: ("regionendpoint",). All that are given lead to
            one server.
        impatient: Parameters for drivers whose server is not as it should be: short timeouts and few retries.
        unverified: Parameters that turn the verification of TLS certificates off: {"skipverify": True}; empty if the
            driver has none, and always verifies.
        authority: The parameter that names a file of the authorities whose certificates are trusted; None if there is
            none.
    """

    addresses: tuple[str, ...]
    impatient: Mapping[str, Any] = field(default_factory=dict)
    unverified: Mapping[str, Any] = field(default_factory=dict)
    authority: str | None = None

    def __post_init__(self) -> None:
        if not self.addresses:
            raise ValueError("addresses names at least one parameter")

    def obstacle(self, parameters: Mapping[str, Any]) -> str | None:
        """Why a driver of these parameters cannot be led elsewhere; None if it can."""
        given = [name for name in self.addresses if parameters.get(name)]
        if not given:
            return f"no parameter {' or '.join(self.addresses)} is given, so there is no address to lead elsewhere"
        for name in given:
            address = urlsplit(str(parameters[name]))
            if address.scheme != "http" or not address.hostname:
                return f"the address in {name} is not of http://, so that nobody can come in between"
        return None

    def server(self, parameters: Mapping[str, Any]) -> tuple[str, int]:
        """Host and port of the server, where there is no obstacle."""
        address = urlsplit(next(str(parameters[name]) for name in self.addresses if parameters.get(name)))
        return address.hostname or "", address.port or 80

    def led_to(self, scheme: str, authority: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of an impatient driver whose server is at another place.

        Args:
            scheme: "http" or "https".
            authority: Host and port, as in URLs.
            parameters: Those of the driver.
        """
        led = {
            name: urlunsplit(urlsplit(str(parameters[name]))._replace(scheme=scheme, netloc=authority))
            for name in self.addresses
            if parameters.get(name)
        }
        return {**parameters, **self.impatient, **led}
