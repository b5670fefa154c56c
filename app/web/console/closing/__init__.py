"""Tie-out: outside accounts proved, their sheets signed, months closed on them."""
