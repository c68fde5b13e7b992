"""The behavioural suite: what a driver does, clause by clause, through its interface alone. One module a group."""

GROUPS = ("CAP", "PATH", "CONT", "READ", "WRITE", "STAT", "LIST", "MOVE", "DEL", "WALK", "URL", "ERR", "CONF", "FOR")
"""The groups of the contract that this suite judges; a requirement of them without a check is shown as not run."""
