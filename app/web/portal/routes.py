"""The portal's doors, one module a topic."""

from app.web import guards, second_factor
from app.web.portal import activity, base, deposit, home, sign_in, withdraw

MODULES = (home, sign_in, deposit, withdraw, activity)
bp = base.bp
second_factor.hang(bp, whose=guards.customer)
