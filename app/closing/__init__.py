"""Tie-out: what outsiders tell of our accounts beside what the books say, proved; who signed it; months closed on it.

Owns proof_signatures, proof_days, proof_reruns, period_closings, period_reopenings. A month's own lock is the ledger's.
"""
