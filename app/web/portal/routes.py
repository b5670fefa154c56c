"""The portal's doors, one module a topic."""

from app.web import factor_doors, guards
from app.web.portal import (
    activity,
    base,
    beneficiaries,
    close,
    deposit,
    documents,
    freeze,
    home,
    keys,
    limits,
    password,
    phone,
    recover,
    security,
    sign_in,
    verification,
    verification_steps,
    view_as,
    wallets,
    ways_in,
    withdraw,
)

MODULES = (
    home,
    sign_in,
    password,
    deposit,
    ways_in,
    withdraw,
    beneficiaries,
    activity,
    security,
    freeze,
    close,
    recover,
    keys,
    limits,
    wallets,
    phone,
    documents,
    verification,
    verification_steps,
    view_as,
)
bp = base.bp
factor_doors.hang(bp, whose=guards.customer)
