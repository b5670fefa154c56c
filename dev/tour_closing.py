"""The pages of tie-out: accounts, a sheet, a month with its checklist, reserves. They go on from dev/tour.py."""

from datetime import datetime, timedelta

from app.core.clock import WAT
from dev.tour import AUDITOR, FINANCE, TREASURY, Sight

TIE_OUT, MONTHS = "/console/tie-out", "/console/ledger/periods"
BANK = f"{TIE_OUT}/asset:bank:NGN"
WALLET = f"{TIE_OUT}/asset:wallet:hot:USDT.TRC20"
_TODAY = datetime.now(WAT).date()
_LAST_MONTH = _TODAY.replace(day=1) - timedelta(days=1)
_YESTERDAY = _TODAY - timedelta(days=1)

CLOSING = (
    Sight("tie-out", TIE_OUT, FINANCE),
    Sight("tie-out-sheet", BANK, FINANCE),
    Sight("tie-out-sheet-open", f"{BANK}?from={_YESTERDAY - timedelta(days=6)}&to={_YESTERDAY}", FINANCE),
    Sight("tie-out-sheet-wallet", f"{WALLET}?from={_YESTERDAY - timedelta(days=2)}&to={_YESTERDAY}", FINANCE),
    Sight("tie-out-sheet-read", f"{TIE_OUT}/asset:venue:kraken:BTC?to={_YESTERDAY}", AUDITOR),
    Sight("tie-out-month", f"{MONTHS}/{_LAST_MONTH:%Y-%m}", FINANCE),
    Sight("tie-out-month-read", f"{MONTHS}/{_LAST_MONTH.replace(day=1) - timedelta(days=1):%Y-%m}", TREASURY),
    Sight("tie-out-months", MONTHS, FINANCE),
    Sight("reserves", "/console/treasury/reserves", TREASURY),
    Sight("report-proof-sheet", "/console/reports/proof-sheet?account=asset:bank:NGN", FINANCE),
    Sight("report-reserves", "/console/reports/reserves", FINANCE),
)
