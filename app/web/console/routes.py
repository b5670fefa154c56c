"""The console's doors, one module a topic."""

from app.web import factor_doors, guards
from app.web.console import (
    assets,
    audit,
    base,
    cases,
    closures,
    customer_parts,
    customers,
    disputes,
    documents,
    fees,
    find,
    home,
    jobs,
    join,
    limits,
    mailbox,
    matching_rules,
    my_account,
    operators,
    payouts,
    rates,
    reconciliation,
    recoveries,
    refunds,
    restrictions,
    retention,
    reveals,
    screening,
    sign_in,
    spreads,
    suspense,
    suspense_acts,
    switches,
    thresholds,
    treasury,
    view_as,
    withdrawals,
    withdrawals_queue,
)
from app.web.console.applications import decide, queue, work
from app.web.console.approvals import inbox, policies
from app.web.console.books import accounts, journal, months, proof, reports, request_form, requests, statement
from app.web.console.breaking import bulk as break_bulks
from app.web.console.breaking import item as break_item
from app.web.console.breaking import joined as break_joined
from app.web.console.breaking import queue as break_queue
from app.web.console.breaking import terms as break_terms
from app.web.console.closing import months as closing_months
from app.web.console.closing import reserves, tie_out
from app.web.console.dealing import deals, exposure, figures, hedges, orders, results
from app.web.console.reporting import catalogue, schedules
from app.web.console.reporting import files as report_files
from app.web.console.settlement import float as float_doors
from app.web.console.settlement import payments, prices
from app.web.console.statements import columns, files, lines, pulls, sources

BOOKS = (accounts, statement, journal, reports, months, proof, requests, request_form)
REPORTING = (catalogue, report_files, schedules)
DEALING = (figures, orders, exposure, hedges, deals, results, treasury)
BREAKS = (break_queue, break_item, break_joined, break_bulks, break_terms)
STATEMENTS = (sources, files, lines, columns, pulls)
CLOSING = (tie_out, closing_months, reserves)
MODULES = (
    home, find, sign_in, my_account, inbox, policies, queue, work, decide, operators, join, cases,
    withdrawals_queue, withdrawals, payouts, suspense, suspense_acts, disputes, refunds, customers,
    customer_parts, restrictions, view_as, recoveries, closures, reveals, documents, screening, *DEALING, *BOOKS,
    *REPORTING, reconciliation, *BREAKS, matching_rules, *STATEMENTS, *CLOSING, payments, float_doors, prices, rates,
    spreads, switches, limits, thresholds, fees, assets, jobs, mailbox, audit, retention,
)  # fmt: skip
bp = base.bp
factor_doors.hang(bp, whose=guards.staff)
