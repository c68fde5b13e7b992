"""All tests in one command: the project's own, then the suites on each driver and each server there is.

`python3 ci/test.py` needs Python 3.11 or newer and nothing else: it makes the environment it runs in, and starts the
servers that come out of PyPI. Arguments go on to pytest; with `--require-backends` a server that is not found is a failure.
`--sample=1` has it that each check runs with one of its values on servers. With `--containers-in-full` drivers on servers in
containers have all of the suite behaviour, and reports to be published.
"""

import supported_python

if __name__ == "__main__":
    supported_python.require()

    import environment

    environment.run_script("all_tests.py")
