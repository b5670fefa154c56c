"""The portal's doors, one module a topic."""

from app.web import factor_doors, guards
from app.web.portal import (
    activity,
    base,
    close,
    deposit,
    documents,
    freeze,
    home,
    keys,
    password,
    phone,
    recover,
    security,
    sign_in,
    view_as,
    withdraw,
)

MODULES = (
    home,
    sign_in,
    password,
    deposit,
    withdraw,
    activity,
    security,
    freeze,
    close,
    recover,
    keys,
    phone,
    documents,
    view_as,
)
bp = base.bp
factor_doors.hang(bp, whose=guards.customer)
