"""The development floor: what `make run` and `make test` stand on."""
