"""The matrix: drivers on servers, each cell a run of pytest in a process of its own, here or on other machines.

A run is: cells out of a file (`plan`), or out of what is installed; what each would run, as a digest (`identity`); those
that a report of the same digest has already are left as they are (`keeping`); the others go to a scheduler, `locally` or
`on_dask`, where `running` makes the report; and as each ends, its report is written (`conducting`).
"""

from storagedriver.matrix.cell import Cell
from storagedriver.matrix.plan import MatrixError, Plan, found_here, load

__all__ = ["Cell", "MatrixError", "Plan", "found_here", "load"]
