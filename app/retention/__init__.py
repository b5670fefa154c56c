"""What is kept for how long, and what goes when its time is over. It owns `retention_rules`, `_runs` and `_batches`.

Promise: nothing goes before the rule of its class says so, nothing that a legal hold is on, and nothing that two people
did not agree on; what a report shows is what the run does; what went is told by numbers and digests, never by content.
"""
