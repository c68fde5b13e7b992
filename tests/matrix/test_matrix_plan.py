"""What a file says of the cells, and what it must not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from storagedriver.matrix import MatrixError, load
from storagedriver.report.shard import Shard


def loaded(folder: Path, text: str) -> Path:
    path = folder / "matrix.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_cell_for_each_server_and_shard(tmp_path: Path) -> None:
    plan = load(
        loaded(
            tmp_path,
            'reports = "out"\nprofile = "full"\nseed = 3\narguments = ["-n2"]\n'
            '[[cells]]\ndriver = "inmemory"\nprofile = "quick"\narguments = []\n'
            '[[cells]]\ndriver = "s3"\nbackends = ["moto", "minio:process"]\nsuites = ["behaviour", "faults"]\nshards = 2\n'
            '[[cells]]\ndriver = "filesystem"\nname = "tmpfs"\n'
            '[cells.parameters]\nrootdirectory = "/tmp/x"\nfollow = true\nmaxthreads = 4\n',
        )
    )

    assert (plan.folder, plan.reports) == (tmp_path, tmp_path / "out")
    assert [each.title for each in plan.cells] == [
        "inmemory",
        *("s3-moto 1/2", "s3-moto 2/2", "s3-minio-process 1/2", "s3-minio-process 2/2"),
        "tmpfs",
    ]
    inmemory, *_, minio, tmpfs = plan.cells
    assert inmemory.arguments == ("--driver=inmemory", "--profile=quick", "--seed=3")
    assert minio.shard == Shard(2, 2)
    assert minio.arguments == (
        *("--driver=s3", "--backend=minio:process", "--suite=behaviour,faults"),
        *("--profile=full", "--seed=3", "-n2", "--shard=2/2"),
    )
    assert dict(tmpfs.parameters) == {"rootdirectory": "/tmp/x", "follow": "true", "maxthreads": "4"}


def test_parameters_go_through_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No list of processes shows them; arguments that the user has in the environment stay."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:cacheprovider -k 'a or b'")
    text = '[[cells]]\ndriver = "my.module:Driver"\nparameters = {secret = "s"}\n'
    (cell,) = load(loaded(tmp_path, text)).cells

    environment = cell.environment(Path("/tmp/a folder/r.json"))

    assert environment["STORAGEDRIVER_MY_MODULE_DRIVER_SECRET"] == "s"
    assert environment["PYTEST_ADDOPTS"] == "-p no:cacheprovider -k 'a or b' '--certify-report=/tmp/a folder/r.json'"
    assert not any("secret" in word for word in cell.arguments)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "cells: missing"),
        ("cells = []", "cells: "),
        ("[[cells]]\n", "cells[0].driver: missing"),
        ('[[cells]]\ndriver = ""', "cells[0].driver: words are needed"),
        ('[[cells]]\ndriver = "x"\nbackend = "moto"', "cells[0].backend: unknown key; did you mean 'backends'?"),
        ('profil = "full"\n[[cells]]\ndriver = "x"', "profil: unknown key; did you mean 'profile'?"),
        ('[[cells]]\ndriver = "x"\nprofile = "fast"', "cells[0].profile: "),
        ('[[cells]]\ndriver = "x"\nshards = 0', "cells[0].shards: "),
        ('[[cells]]\ndriver = "x"\nshards = true', "cells[0].shards: "),
        (
            '[[cells]]\ndriver = "x"\nsuites = "behavior"',
            "cells[0].suites: no suite is called 'behavior'; did you mean",
        ),
        ('[[cells]]\ndriver = "s3"\nbackends = "moot"', "cells[0].backends: no backend is called 'moot'"),
        ('[[cells]]\ndriver = "x"\narguments = ["--shard=1/2"]', "cells[0].arguments: '--shard=1/2' is no argument"),
        ('[[cells]]\ndriver = "x"\nname = "../x"', "cells[0].name: '../x' does not make the name of a file"),
        ('[[cells]]\ndriver = "x"\n[[cells]]\ndriver = "x"', "there are two cells x; give one a name"),
        ('[[cells]]\ndriver = "x"\n[[cells]]\ndriver = "x"\nshards = 2', "there are two cells x; give one a name"),
        ("[[cells]\n", "not TOML"),
    ],
)
def test_what_means_nothing_is_told_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(MatrixError) as told:
        load(loaded(tmp_path, text))

    assert any(each.startswith(problem) for each in told.value.problems), told.value.problems
