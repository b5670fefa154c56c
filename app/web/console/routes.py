"""The console's doors, one module a topic."""

from app.web.console import base, home, jobs, join, mailbox, operators, reconciliation, sign_in, suspense, withdrawals
from app.web.console.approvals import inbox, policies
from app.web.console.books import accounts, journal, months, proof, reports, request_form, requests, statement

BOOKS = (accounts, statement, journal, reports, months, proof, requests, request_form)
MODULES = (
    home,
    sign_in,
    inbox,
    policies,
    operators,
    join,
    withdrawals,
    suspense,
    *BOOKS,
    reconciliation,
    jobs,
    mailbox,
)
bp = base.bp
