"""How many requests each makes, as a proxy before the server sees them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.compare.contestants import Bench, Contestant
from benchmarks.compare.workloads import Workload
from storagedriver.wire import FaultProxy


@dataclass(frozen=True, slots=True)
class Counting:
    """The driver and its peers once more, with a proxy between them and the server.

    Attributes:
        proxy: What passes the requests on, and counts them.
        own: The driver.
        peers: The peers, by name.
    """

    proxy: FaultProxy
    own: Contestant
    peers: Mapping[str, Contestant | Bench]

    def own_requests(self, work: Workload) -> int:
        """How many the driver makes."""
        return self._of(self.own, work, "counted-own")

    def requests(self, name: str, work: Workload) -> int | None:
        """How many a peer makes; None of a program that measures itself."""
        peer = self.peers[name]
        return None if isinstance(peer, Bench) else self._of(peer, work, "counted-peer")

    def _of(self, each: Contestant, work: Workload, path: str) -> int:
        content = random.Random(work.size).randbytes(work.size)
        # What is asked once, as a token or a region, is no part of a call.
        work.check(each, path, content)
        self.proxy.begin()
        work.do(each, path, content)
        return len(self.proxy.exchanges)
