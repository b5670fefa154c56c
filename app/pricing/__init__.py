"""Prices out: what may be dealt at, and what is asked above it.

Promise: nothing is dealt in a pair that somebody turned off, that moved too fast or whose feeds disagree, nor at a
price that is older than may be quoted; what replaces the feeds' price, and every spread, was agreed to by two people.
It owns tables `price_overrides`, `spreads` and `pair_halts`.
"""
