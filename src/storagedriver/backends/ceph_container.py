"""A Ceph cluster in one container: its programs are run by a shell, and the container ends when one of them does."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from storagedriver.backends.ceph_cluster import Cluster, Step, version_in
from storagedriver.backends.containers import Setup

IMAGE = "quay.io/ceph/ceph:v16.2.15"
TELL_VERSION = (("ceph-mon", "--version"), version_in)

_FOLDER = Path("/srv")  # One that every image has, to copy files into.
_OSD_IS_UP = "until ceph osd stat --format json | grep -q '\"num_up_osds\":1'; do sleep 0.1; done"


def setup(cluster: Cluster, *, after: Sequence[Step], settings: Mapping[str, str] | None = None) -> Setup:
    """What a container with this cluster is run with.

    Args:
        cluster: All of it runs in the container.
        after: Steps to take once the OSD is up.
        settings: Added to the configuration.
    """
    folders = " ".join(str(each) for each in cluster.folders(_FOLDER))
    files = {str(path): content for path, content in cluster.files(_FOLDER, settings).items()}
    (conf,) = (path for path in files if path.endswith(".conf"))
    lines = [
        f"mkdir -p {folders}",
        f"export CEPH_CONF={conf}",
        *map(_line, cluster.steps(_FOLDER)),
        _OSD_IS_UP,
        *map(_line, after),
        # The first daemon that ends takes the others along.
        "wait -n",
    ]
    return Setup(command=("bash", "-ec", "\n".join(lines)), files=files)


def _line(step: Step) -> str:
    return shlex.join(step.command) + (" &" if step.daemon else "")
