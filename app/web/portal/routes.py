"""The portal's doors, one module a topic."""

from app.web.portal import activity, base, deposit, home, keys, sign_in, withdraw

MODULES = (home, sign_in, deposit, withdraw, activity, keys)
bp = base.bp
