"""The suite of properties: generated histories of calls, judged by an executable model of the contract, and laws."""

GROUPS = ("PATH", "CONT", "READ", "WRITE", "STAT", "LIST", "MOVE", "DEL", "WALK")
"""The groups of the contract that this suite judges; what no history can tell is left to other suites, as not run."""
