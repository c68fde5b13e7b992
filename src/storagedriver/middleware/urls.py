"""Checking the parts of URLs that middleware is configured with. No value is shown in an error: it may be a secret."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from storagedriver.errors import ParameterError
from storagedriver.urls import split_url

_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*", re.ASCII)
SCHEMES = ("http", "https")


def checked(parameter: str, value: str, check: Callable[[str], str], *, driver_name: str) -> str:
    """What `check` makes of `value`.

    Raises:
        ParameterError: It raised ValueError, or `value` is not a str.
    """
    if not isinstance(value, str):
        raise ParameterError(
            f"a str is needed, not {type(value).__name__}", parameter=parameter, driver_name=driver_name
        )
    try:
        return check(value)
    except ValueError as error:
        raise ParameterError(str(error), parameter=parameter, driver_name=driver_name) from None


def base_url(text: str) -> str:
    """`text` as an absolute http or https URL with nothing behind its path, and no slash at its end.

    Raises:
        ValueError: It is not one; the message says why.
    """
    parts = split_url(text)
    # urlsplit drops line breaks and tabs in silence; what it took apart must be all there was.
    if re.fullmatch(r"[!-~]+", text) is None:
        raise ValueError("a URL consists of printable ASCII characters without blanks")
    scheme(parts.scheme)
    host(parts.netloc)
    path(parts.path)
    if "?" in text or "#" in text:
        raise ValueError("no query and no fragment is possible here")
    return text.rstrip("/")


def scheme(text: str) -> str:
    """`text` as a scheme, in lower case.

    Raises:
        ValueError: It is neither http nor https.
    """
    if text.lower() not in SCHEMES:
        raise ValueError("the scheme is http or https")
    return text.lower()


def host(text: str) -> str:
    """`text` as a host with or without a port.

    Raises:
        ValueError: It is not one, or has a user name or password.
    """
    if "@" in text:
        raise ValueError("no user name and no password is possible in a URL that is given to clients")
    name, separator, port = text.rpartition(":")
    if not separator or text.endswith("]"):
        name = text
    elif not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
        raise ValueError("the port is a number from 1 to 65535")
    if name.startswith("[") and name.endswith("]"):
        try:
            ipaddress.IPv6Address(name[1:-1])
        except ValueError:
            raise ValueError("what is in brackets is an IPv6 address") from None
    elif _NAME.fullmatch(name) is None:
        raise ValueError("a host name is needed, of A-Z a-z 0-9 . _ -")
    return text


def path(text: str) -> str:
    """`text` as the path of a URL, percent-encoded where needed.

    Raises:
        ValueError: It has a character, or a percent sign, that must be encoded.
    """
    if _PATH.fullmatch(text) is None:
        raise ValueError("the path has a character that must be percent-encoded")
    return text
