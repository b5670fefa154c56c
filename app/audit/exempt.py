"""Tables without the audit trigger, each with the reason. A test holds this list against the database."""

EXEMPT: dict[str, str] = {
    "alembic_version": "written by migrations alone",
    "moves": "is a record itself: append-only, with its actor",
    "application_events": "is a record itself: append-only, with its actor",
    "tasks": "machinery: the work a task does is recorded where it is done; second tries leave a line in moves",
    "outbox": "machinery: written with the change it tells of, which is recorded",
    "inbox": "keeps what vendors said, byte for byte, and is never edited but for its outcome",
    "idempotency": "machinery: the answer of a request whose effects are recorded",
    "slots": "machinery: one row per run of a periodic job",
    "screening_entries": "a public list, kept as it was published; each version that is loaded is recorded",
    "screening_subjects": "a copy of what its customer's recorded rows say, kept for comparing",
    "screening_subject_keys": "an index: what a row of screening_subjects is found by",
    "screening_runs": "is a record itself: append-only, with its actor",
    "withdrawal_checks": "is a record itself: append-only, with what each check was given",
    "payout_quarters": "a sum over payouts, which are recorded, kept for speed",
    "withdrawal_refusals": "is a record itself: append-only, what a customer asked for and was told",
    "banks": "a vendor's public list, kept for speed",
    "settled_charges": "a finding, append-only, under a recorded settlement",
    "float_readings": "a finding, append-only: a balance as it was told",
    "reconciliation_lines": "a finding, append-only, under a recorded run",
}
