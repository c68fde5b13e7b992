"""Checks that find out by themselves that a promise is not this driver's to keep."""

from __future__ import annotations

from typing import NoReturn

import pytest


class NotOffered(pytest.skip.Exception):  # type: ignore[name-defined,misc]  # pytest makes it at run time
    """Ends a check whose promise the driver does not make. pytest takes it for a skip; the report does not."""


def not_offered(reason: str) -> NoReturn:
    """End the check: what it judges the driver does not have, so that there is nothing to keep.

    It is no skip, which says that something could not be tried: that is for pytest.skip().

    Args:
        reason: Why, for the report.
    """
    raise NotOffered(reason)
