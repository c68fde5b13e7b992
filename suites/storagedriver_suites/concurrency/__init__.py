"""The suite of concurrency: many threads and processes on one store, and histories judged by what the driver declares."""

GROUPS = ("CONC",)
"""The groups of the contract that this suite judges; a requirement of them without a check is shown as not run."""
