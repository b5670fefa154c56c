"""The portal's doors, one module a topic."""

from app.web.portal import activity, base, close, deposit, freeze, home, password, recover, security, sign_in, withdraw

MODULES = (home, sign_in, password, deposit, withdraw, activity, security, freeze, close, recover)
bp = base.bp
