"""The development floor: everything `make run` and `make test` need on a machine that has only Python and make."""
