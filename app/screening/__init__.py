"""Whom we may not, or not lightly, serve: lists of others, and our customers held against them.

Promise: everybody who was given to `screen` is held against every list that is loaded, again whenever a list or they
change, and nobody passes because a list was missing, old or broken. It owns tables `screening_lists`, `screening_hits`,
`screening_versions`, `screening_entries`, `screening_subjects`, `screening_subject_keys` and `screening_runs`. No
customer is shown any of it.
"""
