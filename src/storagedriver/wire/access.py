"""How a driver's way to its server is led through a proxy: by the parameters that hold the server's address."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit


class NoServer(enum.Enum):
    """What the author of a driver tells that speaks to no server: what is about one is not offered, instead of skipped."""

    NO_SERVER = "no server"


NO_SERVER = NoServer.NO_SERVER


@dataclass(frozen=True, slots=True, kw_only=True)
class WireAccess:
    """What the author of a driver tells of its way to the server, so that the suites can put a proxy there.

    Attributes:
        addresses: The parameters that hold the server's address as a URL: ("regionendpoint",). The first has to be given;
            all that are given lead to one server.
        parameters: Parameters for drivers whose server is disturbed: short timeouts and few retries, so that a fault that
            lasts ends soon.
        unrepeated: Parameters with which no request is made again: {"maxretries": 0}; empty if the driver has none. Where
            each answer is as bad as the one before, the waits between them are all that retries add.
        seconds: The declared timeout: with these parameters each call ends within this time, whatever the server does
            (FAULT-2).
        unverified: Parameters that turn the verification of TLS certificates off: {"skipverify": True}; empty if the
            driver has none, and always verifies.
        authority: The parameter that names a file of the authorities whose certificates are trusted; None if there is
            none.
    """

    addresses: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    unrepeated: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 60.0
    unverified: Mapping[str, Any] = field(default_factory=dict)
    authority: str | None = None

    def __post_init__(self) -> None:
        if not self.addresses:
            raise ValueError("addresses names at least one parameter")

    def obstacle(self, parameters: Mapping[str, Any]) -> str | None:
        """Why no proxy can be put before the server of a driver of these parameters; None if one can."""
        given = {name: parameters[name] for name in self.addresses if parameters.get(name)}
        if not given:
            return f"no parameter {' or '.join(self.addresses)} is given, so there is no address to put a proxy before"
        for name, value in given.items():
            address = urlsplit(str(value))
            if address.scheme != "http":
                return (
                    f"the address in {name} is not of http://: what is encrypted cannot be disturbed request by request"
                )
            if not address.hostname:
                return f"the address in {name} names no host"
        if len({_server_of(str(value)) for value in given.values()}) > 1:
            return f"{', '.join(given)} lead to several servers"
        return None

    def server(self, parameters: Mapping[str, Any]) -> tuple[str, int]:
        """Host and port of the server, where there is no obstacle."""
        return next(_server_of(str(parameters[name])) for name in self.addresses if parameters.get(name))

    def through(self, place: str, parameters: Mapping[str, Any], *, scheme: str = "http") -> dict[str, Any]:
        """The parameters of an impatient driver that reaches its server by way of somebody else.

        Args:
            place: Host and port of whoever is in between, as in URLs.
            parameters: Those of the driver.
            scheme: How he is spoken to, "http" or "https".
        """
        led = {
            name: urlunsplit(urlsplit(str(parameters[name]))._replace(scheme=scheme, netloc=place))
            for name in self.addresses
            if parameters.get(name)
        }
        return {**parameters, **self.parameters, **led}

    def without_retries(self) -> WireAccess:
        """The same, of a driver that makes no request again, as far as its author told how."""
        return replace(self, parameters={**self.parameters, **self.unrepeated})


def _server_of(url: str) -> tuple[str, int]:
    address = urlsplit(url)
    return address.hostname or "", address.port or 80
