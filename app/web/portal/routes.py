"""The portal's doors, one module a topic."""

from app.web import factor_doors, guards
from app.web.portal import activity, base, deposit, home, sign_in, withdraw

MODULES = (home, sign_in, deposit, withdraw, activity)
bp = base.bp
factor_doors.hang(bp, whose=guards.customer)
