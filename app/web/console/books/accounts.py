"""The accounts as a tree: by class, then by the parts of their codes; customers as one line per asset, and a list."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import abort, request
from flask.wrappers import Response

from app.core import clock
from app.core.money import ASSETS, NGN, Money
from app.core.permissions import Permission
from app.ledger import balances, chart, prices, trial
from app.ledger.prices import Price
from app.web.console.base import bp
from app.web.console.books import reads, times
from app.web.console.books.reads import Leaf
from app.web.fragments import page
from app.web.guards import operator

PAGE = 40
CLASSES = ("asset", "liability", "equity", "income", "expense")
# What accounts are for, by their code without the asset; customers' as one.
PURPOSES = {
    template.replace("{customer}", "*").removesuffix(":{asset}"): words for template, words in chart.PURPOSES.items()
}


@dataclass(frozen=True)
class Worth:
    """What amounts are worth in naira together, and the assets for which no price is known."""

    naira: Money
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One line of the tree: a part of the codes, or (`leaf`) an account."""

    depth: int
    name: str
    path: str
    leaf: Leaf | None
    value: Money | None


@dataclass(frozen=True)
class Branch:
    """One class."""

    name: str
    rows: list[Row]
    worth: Worth


@bp.get("/ledger")
@operator(Permission.LEDGER_READ)
def ledger() -> Response:
    """The tree, or of it what a search leaves."""
    wanted = request.args.get("q", "").strip()
    known = prices.as_of(clock.now())
    leaves = [leaf for leaf in reads.leaves() if wanted.lower() in leaf.code.lower()]
    return page(
        "console/books/accounts.html",
        block="accounts",
        q=wanted,
        branches=[_branch(name, found, known) for name in CLASSES if (found := _of_class(name, leaves))],
        purposes=PURPOSES,
        prices=known,
        priced=[known[asset] for asset in sorted({leaf.asset for leaf in leaves} & known.keys())],
        single=len({leaf.asset for leaf in leaves}) == 1,
    )


@bp.get("/ledger/customers/<asset>")
@operator(Permission.LEDGER_READ)
def ledger_customers(asset: str) -> Response:
    """Customers' accounts in one asset, largest first; asked for a time, with what each held then."""
    if asset not in ASSETS:
        abort(404)
    wanted, after = request.args.get("q", "").strip(), request.args.get("after", "")
    try:
        found = reads.customers(asset, q=wanted, after=after, limit=PAGE + 1)
    except ValueError:
        abort(404)  # a page that no page leads to
    at, basis = times.ends(request.args.get("at", "")), request.args.get("basis", "")
    measure = balances.effective_at if basis == trial.Basis.EFFECTIVE else balances.at
    return page(
        "console/books/customers.html",
        block="customers",
        asset=asset,
        q=wanted,
        at=at,
        asked=request.args.get("at", ""),
        basis=basis,
        count=reads.customers_count(asset),
        rows=[(row, _money(asset, row.booked), _money(asset, row.held)) for row in found[:PAGE]],
        then={row.code: _money(asset, measure(row.code, at)) for row in found[:PAGE]} if at else {},
        next=f"{found[PAGE - 1].booked}|{found[PAGE - 1].code}" if len(found) > PAGE else None,
        first=not after,
    )


def worth(amounts: list[Money], known: dict[str, Price]) -> Worth:
    """Value amounts at known prices. What cannot be valued is named, never taken for nothing."""
    total, unknown = Money(NGN, 0), set()
    for amount in amounts:
        value = prices.value(amount, known)
        if value is None and amount:
            unknown.add(amount.asset.code)
        total += value or Money(NGN, 0)
    return Worth(total, tuple(sorted(unknown)))


def _of_class(name: str, leaves: list[Leaf]) -> list[Leaf]:
    return [leaf for leaf in leaves if leaf.account_class == name]


def _branch(name: str, leaves: list[Leaf], known: dict[str, Price]) -> Branch:
    parts = [([part for part in leaf.code.split(":")[1:] if part != "*"], leaf) for leaf in leaves]
    return Branch(name, list(_rows(parts, name, 0, known)), worth([leaf.booked for leaf in leaves], known))


def _rows(leaves: list[tuple[list[str], Leaf]], path: str, depth: int, known: dict[str, Price]) -> Iterator[Row]:
    """The lines below a part of the codes. A part that leads to one account alone stands on that account's line."""
    below: dict[str, list[tuple[list[str], Leaf]]] = defaultdict(list)
    for parts, leaf in leaves:
        below[parts[0]].append((parts[1:], leaf))
    for part, found in below.items():
        if len(found) == 1:
            rest, leaf = found[0]
            name = " › ".join([part, *rest][:-1]) or part
            yield Row(depth, name, leaf.code, leaf, prices.value(leaf.booked, known))
        else:
            yield Row(depth, part, f"{path}:{part}", None, None)
            yield from _rows(found, f"{path}:{part}", depth + 1, known)


def _money(asset: str, units: Any) -> Money:
    return Money(ASSETS[asset], int(units))
