"""The suite of faults: requests and system calls that fail, one after the other."""

GROUPS = ("FAULT",)
"""The groups of the contract that this suite judges; a requirement of them without a check is shown as not run."""
