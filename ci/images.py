"""Images of the servers, built on this machine under their public names, for machines that can pull none.

`python3 ci/certify.py` made the environment this runs in: `.venv/bin/python ci/images.py [NAME...]`. It needs a container
engine, the servers' programs on this machine, and Debian's `mmdebstrap`. What can be pulled elsewhere is called as it is
there, so that nothing else has to know which of the two an image is. The image of Swift is published nowhere: it is
built from ci/images/swift in the same way by everyone.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from storagedriver.backends import azurite, ceph, minio, seaweedfs, swift
from storagedriver.backends.containers import CONTAINER_MODE, ContainerWay, engine_missing
from storagedriver.backends.programs import PROCESS_MODE, ProgramWay
from storagedriver.backends.provider import ServerProvider

FOLDER = Path(__file__).parent / "images"
BASE = "debian:bookworm-slim"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


class ImageError(Exception):
    """An image cannot be built; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Image:
    """What an image is made of.

    Attributes:
        provider: Whose container mode runs it.
        programs: Files and folders of this machine that its Dockerfile copies, by the name it copies them from.
    """

    provider: ServerProvider
    programs: Callable[[], Mapping[str, Path | None]] = dict

    @property
    def name(self) -> str:
        """The public name and tag."""
        way = self.provider.ways[CONTAINER_MODE]
        assert isinstance(way, ContainerWay)
        return way.image

    @property
    def version(self) -> str:
        """Of the programs, as they tell it themselves: a stand-in is not the version that its name says."""
        way = self.provider.ways[PROCESS_MODE]
        assert isinstance(way, ProgramWay)
        return way.version()


def azurite_package() -> Path | None:
    """The folder of the npm package, found by its program."""
    program = azurite.find_binary()
    return next((each for each in program.parents if each.name == "azurite"), None) if program else None


IMAGES = {
    "minio": Image(minio.MINIO, lambda: {"minio": minio.find_binary()}),
    "seaweedfs": Image(seaweedfs.SEAWEEDFS, lambda: {"weed": seaweedfs.find_binary()}),
    "azurite": Image(azurite.AZURITE, lambda: {"azurite": azurite_package()}),
    "swift": Image(swift.SWIFT),
    "ceph": Image(ceph.CEPH),
}


def main(given: Sequence[str]) -> int:
    """Build the images named, or all, and return the exit status."""
    unknown = [name for name in given if name not in IMAGES]
    if unknown:
        print(f"There is no image called {', '.join(unknown)}; there are: {', '.join(IMAGES)}")
        return 2
    problem = engine_missing()
    if problem:
        print(problem)
        return 1
    try:
        provide_base()
        for name in given or IMAGES:
            build(name)
    except ImageError as error:
        print(error)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{error.cmd[0]} failed with {error.returncode}")
        return 1
    return 0


def provide_base() -> None:
    """Have the image that the others begin with: the engine's, else pulled, else made of Debian's packages."""
    if succeeds("docker", "image", "inspect", BASE) or succeeds("docker", "pull", "--quiet", BASE):
        return
    if shutil.which("mmdebstrap") is None:
        raise ImageError(f"{BASE} cannot be pulled, and mmdebstrap is not installed: apt install mmdebstrap")
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "base.tar")
        # With this machine's certificates: where nothing can be pulled, packages often come through a proxy of its own.
        certificates = f"upload {CERTIFICATES} {CERTIFICATES}"
        # As the public image: what is installed in a layer needs no flush after each file, and nobody reads its translations.
        quick = ("--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"')
        run("mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates", f"--customize-hook={certificates}",
            *quick, "bookworm", str(archive))  # fmt: skip
        variables = ["--change", f"ENV PIP_CERT={CERTIFICATES} SSL_CERT_FILE={CERTIFICATES}"]
        run("docker", "import", *variables, str(archive), BASE)


def build(name: str) -> None:
    """Build one image."""
    image = IMAGES[name]
    with build_folder(name, image) as context:
        # The network of this machine, through which it reaches its packages.
        run("docker", "build", "--quiet", "--network=host", f"--build-arg=VERSION={image.version}", f"--tag={image.name}",
            str(context))  # fmt: skip
    print(f"built {image.name}")


@contextlib.contextmanager
def build_folder(name: str, image: Image) -> Iterator[Path]:
    """A folder with the Dockerfile, what lies beside it, and the programs it copies."""
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder, name)
        shutil.copytree(FOLDER / name, context)
        for target, source in image.programs().items():
            if source is None:
                raise ImageError(f"the image of {name} copies {target}, which is not installed on this machine")
            if source.is_dir():
                shutil.copytree(source, context / target, symlinks=True)
            else:
                shutil.copy(source, context / target)
        yield context


def succeeds(*command: str) -> bool:
    """Whether a command ends well; what it says is left aside."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run(*command: str) -> None:
    """Run a command and show what it says."""
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
