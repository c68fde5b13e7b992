"""`python -m storagedriver.oss_stub --port 8080 --bucket files`; the keys come from OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET."""

from __future__ import annotations

import argparse
import os
import sys

from storagedriver.oss_stub.server import StubServer
from storagedriver.oss_stub.signature import Keys


def main() -> int:
    """Serve on 127.0.0.1 until the process ends."""
    parser = argparse.ArgumentParser(prog="python -m storagedriver.oss_stub", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="where it listens, on 127.0.0.1")
    parser.add_argument("--region", default="cn-hangzhou", help="the region that signatures name")
    parser.add_argument("--bucket", action="append", default=[], help="a bucket that is there from the start")
    given = parser.parse_args()
    try:
        keys = Keys(os.environ["OSS_ACCESS_KEY_ID"], os.environ["OSS_ACCESS_KEY_SECRET"], given.region)
    except KeyError as missing:
        parser.error(f"the environment variable {missing.args[0]} is missing")
    with StubServer("127.0.0.1", given.port, keys) as server:
        for name in given.bucket:
            server.store.make(name)
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
