"""The kinds of work: name → (queue, function). Each function loads what it is about and makes one call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from jobs import (
    alerts,
    applications,
    audit,
    customers,
    documents,
    governance,
    identification,
    identity,
    ledger,
    notifications,
    payments,
    reconciliation,
    restrictions,
    retention,
    screening,
    withdrawals,
)
from jobs.work import Work

# A handler answers None when the work is done, or how long to wait before it looks again.
Function = Callable[[Work], timedelta | None]


@dataclass(frozen=True)
class Handler:
    """Where a kind of work runs, and what runs. Money has a queue of its own, so that mail never delays it.

    So have files that customers send: one may be made to take as long as it is let.
    """

    queue: str
    function: Function


HANDLERS: dict[str, Handler] = {
    "payments.hear": Handler("money", payments.hear),
    "payments.watch_deposit": Handler("money", payments.watch_deposit),
    "payments.watch_payout": Handler("money", payments.watch_payout),
    "payments.watch_outflow": Handler("money", payments.watch_outflow),
    "payments.measure_outflow": Handler("slow", payments.measure_outflow),
    "withdrawals.send": Handler("money", withdrawals.send),
    "withdrawals.resume": Handler("money", withdrawals.resume),
    "withdrawals.resume_all": Handler("money", withdrawals.resume_all),
    "withdrawals.settle": Handler("money", withdrawals.settle),
    "withdrawals.fail": Handler("money", withdrawals.fail),
    "withdrawals.take_back": Handler("money", withdrawals.take_back),
    "governance.execute": Handler("default", governance.execute),
    "governance.expire": Handler("default", governance.expire),
    "applications.look_into": Handler("default", applications.look_into),
    "applications.note_standing": Handler("default", applications.note_standing),
    "applications.note_lists": Handler("default", applications.note_lists),
    "applications.note_file": Handler("default", applications.note_file),
    "applications.take_up_again": Handler("default", applications.take_up_again),
    "applications.reopen_for_phone": Handler("default", applications.reopen_for_phone),
    "applications.restrict": Handler("default", applications.restrict),
    "applications.open_reviews": Handler("default", applications.open_reviews),
    "applications.abandon_forgotten": Handler("default", applications.abandon_forgotten),
    "applications.end_claims": Handler("default", applications.end_claims),
    "applications.mail_asked_again": Handler("default", applications.mail_asked_again),
    "applications.mail_approved": Handler("default", applications.mail_approved),
    "applications.mail_rejected": Handler("default", applications.mail_rejected),
    "applications.mail_reopened": Handler("default", applications.mail_reopened),
    "reconciliation.run": Handler("default", reconciliation.run),
    "reconciliation.daily": Handler("default", reconciliation.daily),
    "screening.reopen": Handler("default", screening.reopen),
    "screening.rescreen": Handler("slow", screening.rescreen),
    "screening.watch_lists": Handler("default", screening.watch_lists),
    "screening.catch_up": Handler("default", screening.catch_up),
    "payments.refresh_banks": Handler("default", payments.refresh_banks),
    "ledger.expire_holds": Handler("money", ledger.expire_holds),
    "ledger.seal": Handler("default", ledger.seal_books),
    "ledger.anchor": Handler("default", ledger.anchor_seal),
    "ledger.prove": Handler("slow", ledger.prove_books),
    "ledger.verify": Handler("slow", ledger.verify_seal),
    "identification.answer": Handler("default", identification.answer),
    "identification.record_bank": Handler("default", identification.record_bank),
    "identification.resume": Handler("default", identification.resume),
    "customers.lift_safety_locks": Handler("default", customers.lift_safety_locks),
    "restrictions.expire": Handler("default", restrictions.expire),
    "restrictions.hold": Handler("money", restrictions.hold),
    "customers.end_spent_views": Handler("default", customers.end_spent_views),
    "retention.carry_out": Handler("slow", retention.carry_out),
    "documents.check": Handler("documents", documents.check),
    "documents.sweep": Handler("slow", documents.sweep),
    "notifications.documents_viewed": Handler("default", notifications.documents_viewed),
    "notifications.list_aged": Handler("default", notifications.list_aged),
    "notifications.documents_waiting": Handler("default", notifications.documents_waiting),
    "audit.seal": Handler("default", audit.seal_records),
    "audit.anchor": Handler("default", audit.anchor_seal),
    "audit.verify": Handler("slow", audit.verify_seal),
    "ledger.partitions": Handler("default", ledger.make_partitions),
    "identity.answer_reset": Handler("default", identity.answer_reset),
    "notifications.password_reset": Handler("default", notifications.password_reset),
    "notifications.password_changed": Handler("default", notifications.password_changed),
    "notifications.signed_out_elsewhere": Handler("default", notifications.signed_out_elsewhere),
    "identity.answer_recovery": Handler("default", identity.answer_recovery),
    "notifications.recovery_asked": Handler("default", notifications.recovery_asked),
    "notifications.recovered": Handler("default", notifications.recovered),
    "notifications.recovered_from": Handler("default", notifications.recovered_from),
    "notifications.closure_asked": Handler("default", notifications.closure_asked),
    "notifications.account_locked": Handler("default", notifications.account_locked),
    "notifications.account_unlocked": Handler("default", notifications.account_unlocked),
    "notifications.restriction_placed": Handler("default", notifications.restriction_placed),
    "notifications.restriction_ended": Handler("default", notifications.restriction_ended),
    "notifications.email_code": Handler("default", notifications.email_code),
    "notifications.phone_code": Handler("default", notifications.phone_code),
    "notifications.phone_changed": Handler("default", notifications.phone_changed),
    "notifications.phone_replaced": Handler("default", notifications.phone_replaced),
    "notifications.new_device": Handler("default", notifications.new_device),
    "notifications.factor_added": Handler("default", notifications.factor_added),
    "notifications.factor_removed": Handler("default", notifications.factor_removed),
    "notifications.recovery_code_used": Handler("default", notifications.recovery_code_used),
    "notifications.factor_guessed": Handler("default", notifications.factor_guessed),
    "notifications.passkey_suspected": Handler("default", notifications.passkey_suspected),
    "notifications.reveals_exceeded": Handler("default", notifications.reveals_exceeded),
    "notifications.glass_broken": Handler("default", notifications.glass_broken),
    "notifications.operator_invited": Handler("default", notifications.operator_invited),
    "notifications.sign_up_repeated": Handler("default", notifications.sign_up_repeated),
    "notifications.api_key_issued": Handler("default", notifications.api_key_issued),
    "identity.expire_recoveries": Handler("default", identity.expire_recoveries),
    "identity.forget_spent": Handler("slow", identity.forget_spent),
    "identity.rotate_signing_key": Handler("default", identity.rotate_signing_key),
    "alerts.switched_off": Handler("default", alerts.switched_off),
    "alerts.payout_needs_code": Handler("default", alerts.payout_needs_code),
    "alerts.payout_lacks_float": Handler("default", alerts.payout_lacks_float),
    "alerts.payout_reversed": Handler("default", alerts.payout_reversed),
    "notifications.bank_account_added": Handler("default", notifications.bank_account_added),
    "notifications.deposit_credited": Handler("default", notifications.deposit_credited),
    "notifications.withdrawal_requested": Handler("default", notifications.withdrawal_requested),
    "notifications.withdrawal_settled": Handler("default", notifications.withdrawal_settled),
    "notifications.withdrawal_ended": Handler("default", notifications.withdrawal_ended),
}
