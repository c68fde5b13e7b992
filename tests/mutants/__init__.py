"""Faulty drivers, each a known kind of bug; the suite must reject every one by the requirement it names."""
