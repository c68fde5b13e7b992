"""Nox in one command, its own set-up included: `python3 ci/checks.py --list`, `python3 ci/checks.py -s lint types`."""

import supported_python

if __name__ == "__main__":
    supported_python.require()

    import environment

    environment.run_module("nox", extra_locks=("automation",))
