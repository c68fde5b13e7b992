"""What a provider tells of the server it starts: how a driver reaches it, and whether it really works."""

from __future__ import annotations

import http.client
import secrets
from collections.abc import Mapping
from typing import Any, Protocol

HOST = "127.0.0.1"
"""Where all servers of the kit listen."""

ANSWER_DEADLINE = 10.0
"""Seconds that a server gets to answer one request of the kit's own."""


class Endpoint(Protocol):
    """A place on one server that is made for the tests, such as a bucket with its keys."""

    def parameters(self) -> Mapping[str, Any]:
        """Parameters of the driver that reach it."""
        ...

    def prepare(self) -> str | None:
        """Make the place, and prove by the server's own protocol that content can be written to it and read from it.

        None if that worked, else what did not. It is called again and again until it works.
        """
        ...

    def failure(self) -> str | None:
        """None while the server answers, whatever it answers; else one sentence."""
        ...


def random_key() -> str:
    """A key, password or name that nobody can guess."""
    return secrets.token_hex(16)


def http_failure(port: int) -> str | None:
    """None if a server on this port of HOST answers HTTP, whatever the status; else one sentence."""
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_DEADLINE)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        return f"http://{HOST}:{port} does not answer ({type(error).__name__}: {error})"
    finally:
        connection.close()
    return None
