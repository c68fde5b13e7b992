"""Making the project of a new driver, which certifies as it is: its name, its files, and the folder they are written to.

The files are those of `template/`, each under its own path and `.tmpl`, with those of `sharded/` in place of some where
several jobs share the checks. The repository's `ci/templates/` are some of them,
rendered for an existing project.
"""

from storagedriver.scaffolding.errors import ScaffoldingError
from storagedriver.scaffolding.names import ProjectName
from storagedriver.scaffolding.project import render, write

__all__ = ["ProjectName", "ScaffoldingError", "render", "write"]
