"""The console's doors, one module a topic."""

from app.web.console import audit, base, home, jobs, mailbox, reconciliation, sign_in, suspense, view_as, withdrawals
from app.web.console.books import accounts, journal, months, proof, reports, request_form, requests, statement

BOOKS = (accounts, statement, journal, reports, months, proof, requests, request_form)
MODULES = (home, sign_in, withdrawals, suspense, view_as, *BOOKS, reconciliation, jobs, mailbox, audit)
bp = base.bp
