"""Paystack's lists, as files and as answers of its API: payments, transfers, payouts and the ledger of the balance.

The API tells kobo. Of the files neither the exact headers nor the unit are published: headers are found by the names
that its pages and our sandbox use, and the unit is a setting. Left empty it is found by looking: amounts with a point
are naira; a file without any point is refused until somebody says. Where a row tells gross, fee and net, it must add
up. Times are GMT.

What each does to the balance at Paystack: a payment adds its amount less the fee; a transfer takes amount and fee, and
nothing once it came back; a payout takes what reached the bank. `disagreements` holds a file against the API.
"""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from app.statements.formats import formats
from app.statements.formats.formats import Format, Tell
from app.statements.formats.lines import EXACT, ZERO, Kind, Line, Parsed, Told, negative
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings, Unit

NAIRA = "NGN"
_WHEN = ("created at", "createdat")
PAYMENTS = Layout(
    (
        Column("reference", ("reference", "reference number")),
        Column("time", ("transaction date", *_WHEN)),
        Column("amount", ("amount paid", "amount")),
        Column("fee", ("paystack fee", "fees")),
        Column("due", ("amount due", "amount due to merchant"), needed=False),
        Column("id", ("transaction id", "id")),
        Column("payout", ("payout id", "settlement id"), needed=False),
        Column("status", needed=False),
        Column("gateway", ("gateway response",), needed=False),
        Column("email", ("customer email", "customer.email"), needed=False),
        Column("currency", needed=False),
    )
)
TRANSFERS = Layout(
    (
        Column("code", ("transfer code",)),
        *(Column(name) for name in ("reference", "amount", "status")),
        Column("fee", ("fee", "fee charged")),
        Column("time", _WHEN),
        Column("recipient", ("recipient", "recipient.recipient code"), needed=False),
        Column("reason", needed=False),
        Column("currency", needed=False),
    )
)
PAYOUTS = Layout(
    (
        Column("id", ("payout id", "id")),
        Column("date", ("settlement date",)),
        Column("gross", ("gross amount", "total processed")),
        Column("fees", ("total fees",)),
        Column("deductions"),
        Column("net", ("net amount", "effective amount")),
        Column("status"),
        Column("reference", ("payout reference",), needed=False),
        Column("reason", ("deduction reason",), needed=False),
        Column("currency", needed=False),
    )
)
BALANCE = Layout(
    (
        *(Column(name) for name in ("id", "balance", "difference")),
        Column("model", ("model responsible",)),
        Column("row", ("model row",)),
        Column("time", _WHEN),
        Column("reason", needed=False),
        Column("currency", needed=False),
    )
)
MODELS = {"transaction": Kind.DEPOSIT, "transfer": Kind.WITHDRAWAL, "refund": Kind.REFUND, "dispute": Kind.REFUND}
PAID = frozenset({"success", "reversed"})  # what was given back later is told on its own
UNPAID = frozenset({"failed", "abandoned", "ongoing", "pending", "processing", "queued"})
SENT_BACK = frozenset({"reversed", "failed", "abandoned", "blocked", "rejected"})
_NAMED = re.compile(r"\b(?=\S*\d)[A-Za-z0-9_.=-]{6,}")  # what a deduction names: a reference, an id
UNDER_WAY = frozenset({"pending", "otp", "received", "processing", "queued"})


def in_unit(amounts: tuple[str, ...], tell: Callable[[Row, Settings, Unit], Told | list[Line]]) -> formats.Prepare:
    """Settle what the amounts of a file count, then tell its rows."""

    def prepare(rows: Callable[[], Iterable[Row]], settings: Settings) -> Tell:
        pointed = first = None
        for row in rows():
            first = first or row
            if any("." in row.text(name) for name in amounts):
                pointed = row
                break
        unit = settings.unit
        if unit is Unit.MINOR and pointed:
            name = next(name for name in amounts if "." in pointed.text(name))
            raise pointed.wrong(name, "kobo have no point: this file counts naira.")
        if unit is None and first and not pointed:
            raise first.wrong(amounts[0], "say whether this file counts naira or kobo: no amount has a point.")
        chosen = unit or Unit.MAJOR
        return lambda row, settings: tell(row, settings, chosen)

    return prepare


def _money(row: Row, name: str, unit: Unit) -> Decimal:
    told = row.number_of(name, empty=ZERO)
    return told.scaleb(-2, EXACT) if unit is Unit.MINOR and told else told


def _place(row: Row, settings: Settings) -> dict[str, Any]:
    return formats.place(settings.account or "paystack", row.text("currency") or settings.asset or NAIRA)


def tell_payment(row: Row, settings: Settings, unit: Unit) -> Told:
    """A payment of a customer."""
    place, reference = _place(row, settings), row.needed("reference")
    amount, fee = _money(row, "amount", unit), _money(row, "fee", unit)
    at, booked_on = row.moment("time", settings)
    net, status = EXACT.subtract(amount, fee), row.text("status").lower() or "success"
    if status in UNPAID:
        return formats.ignored(row, f"not paid: {status}", **place)
    if status not in PAID:
        return formats.rejected(row, "status", f"status {status} is not known", **place)
    if row.text("due") and _money(row, "due", unit) != net:
        return formats.rejected(row, "due", "amount less fee is not what is due", **place)
    return Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=net,
        principal=amount,
        fee=fee,
        fee_asset=place["asset"],
        kind=Kind.DEPOSIT,
        external_id=row.needed("id"),
        group=row.text("payout"),
        refs=(reference,),
        counterparty=row.text("email"),
        narration=row.text("gateway"),
        raw=row.raw,
        **place,
    )


def tell_transfer(row: Row, settings: Settings, unit: Unit) -> Told:
    """A transfer to somebody's bank account. One that came back with its fee moved nothing in the end, and says so."""
    place, code, status = _place(row, settings), row.needed("code"), row.needed("status").lower()
    amount, fee = _money(row, "amount", unit), _money(row, "fee", unit)
    at, booked_on = row.moment("time", settings)
    if status in UNDER_WAY:
        return formats.ignored(row, f"still under way: {status}", **place)
    if status != "success" and status not in SENT_BACK:
        return formats.rejected(row, "status", f"status {status} is not known", **place)
    back = status in SENT_BACK
    return Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=ZERO if back else negative(EXACT.add(amount, fee)),
        principal=ZERO if back else negative(amount),
        fee=ZERO if back else fee,
        fee_asset=place["asset"],
        kind=Kind.REVERSAL if back else Kind.WITHDRAWAL,
        external_id=code,
        refs=(row.needed("reference"), code),
        counterparty=row.text("recipient"),
        narration=row.text("reason"),
        raw=row.raw,
        **place,
    )


def tell_payout(row: Row, settings: Settings, unit: Unit) -> Told | list[Line]:
    """What Paystack sent to our bank for a day, and what it kept back of it for refunds and disputes."""
    place, number, status = _place(row, settings), row.needed("id"), row.needed("status").lower()
    # Whether deductions have a sign is not documented; they are never given.
    gross, fees, deductions, net = (_money(row, name, unit) for name in ("gross", "fees", "deductions", "net"))
    at, booked_on = row.moment("date", settings)
    kept = deductions.copy_abs()
    if EXACT.subtract(EXACT.subtract(gross, fees), kept) != net:
        return formats.rejected(row, "net", "gross less fees less deductions is not the net amount", **place)
    if status in {"pending", "processing", "failed"}:
        return formats.ignored(row, f"not paid out: {status}", **place)
    if status != "success":
        return formats.rejected(row, "status", f"status {status} is not known", **place)
    if not net and not kept:
        return formats.ignored(row, "nothing was left to pay out", **place)
    reason = row.text("reason")
    paid = (net, Kind.SETTLEMENT, number, tuple(filter(None, (row.text("reference"),))))
    held = (kept, Kind.REFUND, f"{number}/deductions", tuple(_NAMED.findall(reason)))
    return [
        Line(
            row=row.number,
            at=at,
            booked_on=booked_on,
            delta=negative(amount),
            principal=negative(amount),
            fee_asset=place["asset"],
            kind=kind,
            external_id=external_id,
            group=number,
            refs=refs,
            narration=reason,
            raw=row.raw,
            **place,
        )
        for amount, kind, external_id, refs in (paid, held)
        if amount
    ]


def tell_balance(row: Row, settings: Settings, unit: Unit) -> Told:
    """One entry of the balance ledger, newest first in the list."""
    place, model = _place(row, settings), row.needed("model")
    difference, balance = _money(row, "difference", unit), _money(row, "balance", unit)
    at, booked_on = row.moment("time", settings)
    kind = MODELS.get(model.lower())
    if kind is None and difference > 0:
        kind = Kind.DEPOSIT  # we topped it up: how its ledger calls that stands in no document
    if kind is None:
        return formats.rejected(row, "model", f"model {model[:80]} is not known", **place)
    return Line(
        row=row.number,
        at=at,
        booked_on=booked_on,
        delta=difference,
        principal=difference,
        fee_asset=place["asset"],
        balance_after=balance,
        kind=kind,
        external_id=row.needed("id"),
        group=f"{model.lower()}/{row.text('row')}",
        refs=tuple(filter(None, (row.text("row"),))),
        narration=row.text("reason"),
        raw=row.raw,
        **place,
    )


def disagreements(told: Parsed, api: Parsed) -> tuple[tuple[str, Decimal, Decimal], ...]:
    """Ids that both tell with another amount: a file read in the wrong unit disagrees in all, a hundredfold."""
    known = {line.external_id: line.delta for line in api.lines}
    return tuple(
        (line.external_id, line.delta, known[line.external_id])
        for line in told.lines
        if line.external_id in known and known[line.external_id] != line.delta
    )


def _format(name: str, title: str, header: tuple[str, ...], layout: Layout, prepare: formats.Prepare) -> Format:
    takes = ("unit", "asset", "account", "zone")
    return formats.tabular(
        name=name, title=title, headers=header, layout=layout, prepare=prepare, api=True, takes=takes
    )


PAYSTACK_PAYMENTS = _format(
    "paystack-transactions",
    "Paystack transactions",
    (
        (
            "Reference,Transaction Date,Customer Email,Amount Paid,Paystack Fee,Amount Due,Settlement Date,"
            "Gateway Response,Customer Full Name,Transaction ID,Card Type,Card Bank,Country Code,Currency,Subaccount,"
            "Subaccount Due,Payout ID"
        ),
        (
            "Reference number,Transaction date,Customer email,Amount paid,Paystack fee,Amount due to merchant,"
            "Settlement date,Gateway response,Customer full name,Transaction ID,Card type,Card bank,Country code,"
            "Currency,Subaccount,Subaccount due,Status"
        ),
    ),
    PAYMENTS,
    in_unit(("amount", "fee", "due"), tell_payment),
)
PAYSTACK_TRANSFERS = _format(
    "paystack-transfers",
    "Paystack transfers",
    (
        "Reference,Transfer Code,Amount,Fee,Currency,Status,Recipient,Created At,Reason",
        "Reference,Transfer code,Amount,Fee,Status,Recipient,Created at,Transferred at",
    ),
    TRANSFERS,
    in_unit(("amount", "fee"), tell_transfer),
)
PAYSTACK_PAYOUTS = _format(
    "paystack-payouts",
    "Paystack payouts",
    (
        (
            "Payout ID,Payout Reference,Settlement Date,Gross Amount,Total Fees,Deductions,Deduction Reason,Net Amount,"
            "Currency,Status"
        ),
    ),
    PAYOUTS,
    in_unit(("gross", "fees", "deductions", "net"), tell_payout),
)
PAYSTACK_BALANCE = _format(
    "paystack-balance",
    "Paystack balance ledger",
    ("ID,Created at,Reason,Model responsible,Model row,Currency,Difference,Balance",),
    BALANCE,
    in_unit(("difference", "balance"), tell_balance),
)
