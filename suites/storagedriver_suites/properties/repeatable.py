"""The same seed, the same examples, whatever else is loaded in the process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest import mock

from hypothesis.internal.conjecture import providers

_DRAWS_CONSTANTS = "_maybe_draw_constant"


@contextlib.contextmanager
def by_the_seed_alone() -> Iterator[None]:
    """Within, Hypothesis makes its examples of the seed and of nothing else.

    It would draw constants too that it reads in the sources of modules that are loaded: a run of other checks before, a worker
    of pytest-xdist or a driver that another test imports would then change what a seed makes. It has no setting for that.
    """
    provider = getattr(providers, "HypothesisProvider", None)
    if not hasattr(provider, _DRAWS_CONSTANTS):
        # Versions before 6.131 draw none.
        yield
        return

    def none_drawn(*_: object, **__: object) -> None:
        """No constant."""

    with mock.patch.object(provider, _DRAWS_CONSTANTS, none_drawn):
        yield
