"""The portal's doors, one module a topic."""

from app.web import factor_doors, guards
from app.web.portal import activity, base, deposit, freeze, home, keys, password, security, sign_in, withdraw

MODULES = (home, sign_in, password, deposit, withdraw, activity, security, freeze, keys)
bp = base.bp
factor_doors.hang(bp, whose=guards.customer)
