"""Whom we may not, or not lightly, serve: lists of others, and our customers held against them.

Promise: everybody who was given to `screen` is held against every list that is loaded, again whenever a list or they
change, and nobody passes because a list was missing, old or broken. Owns tables `screening_lists`, `screening_versions`,
`screening_entries`, `screening_subjects`, `screening_hits` and `screening_runs`. Nothing of it is the customer's to see.
"""
