"""The console's doors, one module a topic."""

from app.web.console import (
    base,
    closures,
    home,
    jobs,
    mailbox,
    my_account,
    reconciliation,
    sign_in,
    suspense,
    withdrawals,
)
from app.web.console.books import accounts, journal, months, proof, reports, request_form, requests, statement

BOOKS = (accounts, statement, journal, reports, months, proof, requests, request_form)
MODULES = (home, sign_in, my_account, withdrawals, suspense, closures, *BOOKS, reconciliation, jobs, mailbox)
bp = base.bp
