"""The console's doors, one module a topic."""

from app.web.console import base, home, jobs, ledger, mailbox, reconciliation, sign_in, suspense, withdrawals

MODULES = (home, sign_in, withdrawals, suspense, ledger, reconciliation, jobs, mailbox)
bp = base.bp
