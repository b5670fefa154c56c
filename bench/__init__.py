"""Measures, each beside its floor, in one run: `make bench`. A short form runs in the tests."""
