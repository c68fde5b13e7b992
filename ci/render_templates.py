"""The templates of ci/templates: some files of the project that `storagedriver new` makes, for a project that is there already.

`python ci/render_templates.py` writes them anew, and a test compares them. `--project NAME FOLDER` writes the whole project
of a driver, for tools that look at it. Only the standard library is used.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "ci" / "templates"
DRIVER = "mydriver"

TEMPLATES: Mapping[str, str] = {
    "gate.toml": "gate.toml",
    "github-actions.yml": ".github/workflows/certify.yml",
    "gitlab-ci.yml": ".gitlab-ci.yml",
    "noxfile.py": "noxfile.py",
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
}
"""The templates, and the file of the project that each is."""

SHARDED: Mapping[str, str] = {
    "github-actions-shards.yml": ".github/workflows/certify.yml",
    "gitlab-ci-shards.yml": ".gitlab-ci.yml",
}
"""The same of a project in which several jobs share the checks."""


def rendered() -> Mapping[str, str]:
    """The text that each template has to have, by its name."""
    from storagedriver.scaffolding import ProjectName, render  # noqa: PLC0415  a checkout's, if main() says so

    return {
        name: files[path]
        for files, templates in (
            (render(ProjectName.of(DRIVER)), TEMPLATES),
            (render(ProjectName.of(DRIVER), sharded=True), SHARDED),
        )
        for name, path in templates.items()
    }


def main(arguments: Sequence[str]) -> None:
    """Write the templates, or a project."""
    sys.path.insert(0, str(ROOT / "src"))
    from storagedriver.scaffolding import ProjectName, render, write  # noqa: PLC0415  as above

    if arguments:
        _, name, folder = arguments
        write(render(ProjectName.of(name)), Path(folder))
        return
    FOLDER.mkdir(exist_ok=True)
    for name, text in rendered().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
