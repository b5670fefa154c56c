"""Who hears what: event → the jobs that are asked for when it happens. One table: nothing is heard in secret."""

HEARS: dict[str, tuple[str, ...]] = {
    "identity.email_code_issued": ("notifications.email_code",),
    "identity.api_key_issued": ("notifications.api_key_issued",),
    "identity.reset_asked": ("identity.answer_reset",),
    "identity.reset_issued": ("notifications.password_reset",),
    "identity.password_changed": ("notifications.password_changed",),
    "identity.signed_out_elsewhere": ("notifications.signed_out_elsewhere",),
    "identity.factor_added": ("notifications.factor_added",),
    "identity.factor_removed": ("notifications.factor_removed",),
    "identity.recovery_code_used": ("notifications.recovery_code_used",),
    "identity.passkey_suspected": ("notifications.passkey_suspected",),
    "customers.sign_up_repeated": ("notifications.sign_up_repeated",),
    "identity.recovery_noted": ("identity.answer_recovery",),
    "identity.recovery_asked": ("notifications.recovery_asked",),
    "identity.recovered": ("notifications.recovered",),
    "customers.closure_asked": ("notifications.closure_asked",),
    "customers.locked": ("notifications.account_locked",),
    "customers.unlocked": ("notifications.account_unlocked",),
    "payments.deposit_started": ("payments.watch_deposit",),
    "payments.deposit_credited": ("notifications.deposit_credited",),
    "payments.payout_sent": ("payments.watch_payout",),
    "payments.payout_paid": ("withdrawals.settle",),
    "payments.payout_failed": ("withdrawals.fail",),
    "payments.payout_reversed": ("withdrawals.take_back",),
    "withdrawals.requested": ("notifications.withdrawal_requested",),
    "withdrawals.approved": ("withdrawals.send",),
    "withdrawals.settled": ("notifications.withdrawal_settled",),
    "withdrawals.ended": ("notifications.withdrawal_ended",),
    "staff.glass_broken": ("notifications.glass_broken",),
    "audit.reveals_exceeded": ("notifications.reveals_exceeded",),
    "staff.invited": ("notifications.operator_invited",),
    "governance.approved": ("governance.execute",),
    "reconciliation.run_asked": ("reconciliation.run",),
}

# Events that nobody needs to hear, each with the reason.
SILENT: dict[str, str] = {
    "customers.closure_withdrawn": "everything stays as it was, and the customer sees so on the page",
    "identity.email_confirmed": "the door that confirms it opens the wallet in the same transaction",
}
