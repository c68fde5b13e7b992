"""The drivers beside what else one would use, in one run and on one server: `nox -s compare`."""
