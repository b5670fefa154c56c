"""Measures of the books, each beside its peer or floor, in one run: `make bench`. A short form runs in the tests."""
