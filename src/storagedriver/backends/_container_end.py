"""Remove a container once the process that started it has ended: `python -I _container_end.py NAME`, with an open stdin.

The engine runs containers for itself, so that nothing but a process that outlives the tests can end one after them if
they were killed. This one waits for the end of its standard input, which the kernel closes with the last who holds it.
"""

from __future__ import annotations

import contextlib
import sys


def main() -> None:
    """Wait for the end, and remove the container if there still is one."""
    import docker  # noqa: PLC0415  # nothing to wait for without it
    import docker.errors  # noqa: PLC0415

    client = docker.from_env()
    sys.stdin.buffer.read()
    with contextlib.suppress(docker.errors.NotFound):
        client.containers.get(sys.argv[1]).remove(force=True, v=True)
    client.close()


main()
