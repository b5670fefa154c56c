"""The gates: pure functions over a tree or objects that answer with faults, each `file:line: what to do instead`."""
