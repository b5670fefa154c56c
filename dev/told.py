"""What outsiders tell of the demo business: its bank's statements from the books, with what banks add; an exchange's.

Paystack's lists are asked for. A week of the bank's is missing, one file of it cannot be read, somebody paid in whom
nobody knows, and the exchange tells of something strange and of a trade twice, not the same.
"""

import io
import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from app.core import actor, clock
from app.core.actor import Actor
from app.core.clock import WAT
from app.core.db import leave, transaction
from app.core.money import NGN, Asset, Money, plain
from app.ledger import chart, statements
from app.ledger.journal import Leg
from app.matching import queries as matching
from app.matching import rules, trials
from app.matching import service as runs
from app.reconciliation import rule_requests
from app.statements import flows, pull_service, queries, service

BANK, VENUE = "zenith-ngn", "kraken"
NODE, ADDRESS, BLOCK = "hot-wallet", "TQ5mwVYwGcpJzWsDcnVRrcFkyPpmX2Kq9e", 79_000_001
WALLET = "asset:wallet:hot:USDT.TRC20"
HOT = Money(Asset("USDT.TRC20", 6), 250_000_000)  # that the owners put there
ENTRIES_MAX = 400
WEEK = timedelta(days=7)
CHARGE = Money(NGN, 52_50)  # that a bank takes each week and nobody books
UNKNOWN, LATER_WEEK = Money(NGN, 45_000_00), 5  # somebody pays in, and nobody looks into it for too long
HEADER = "Account Number,1012345678\nOpening Balance,,,,,{opening}\nClosing Balance,,,,,{closing}\n\n"
COLUMNS = "Trans. Date,Reference,Debits,Credits,Balance,Remarks\n"
LEDGERS = "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance\n"


def bring(finance: str, *, at: datetime) -> None:
    """Add two sources and bring their files, as finance does."""
    who = actor.operator(finance)
    bank, held = chart.house(chart.BANK, asset=NGN), "asset:venue:kraken:BTC"
    lagos = {"zone": "Africa/Lagos", "asset": "NGN"}
    weeks_ago = at - timedelta(weeks=8)
    with clock.at(weeks_ago), transaction(who):
        service.add_source(BANK, title="Zenith, naira account", format_name="bank-csv", settings=dict(lagos))
        service.stand_for(queries.source_for_operators(BANK).id, asset="NGN", account=bank)
    leave()
    with clock.at(at), transaction(who):
        service.add_source(VENUE, title="Kraken", format_name="kraken-ledgers", settings={})
        service.stand_for(queries.source_for_operators(VENUE).id, asset="BTC", account=held)
    leave()
    weeks = _weeks(bank)
    for number, (first, body) in enumerate(weeks):
        if number == len(weeks) - 2:  # (nobody brought the last but one)
            continue
        with clock.at(brought := min(datetime.combine(first + WEEK, time(9), WAT), at)):
            flows.bring(BANK, name=f"zenith_{first:%Y-%m-%d}.csv", body=body.encode(), actor=who)
            leave()
            _match(bank, at=brought)
    _ask_paystack(who, since=weeks_ago.astimezone(WAT).date())
    with clock.at(at):
        damaged = f"{COLUMNS}32/13/2026,S0,,1.00,1.00,DAMAGED\n"
        flows.take(BANK, name="zenith_damaged.csv", file=io.BytesIO(damaged.encode()), actor=who)  # (a worker reads it)
        flows.bring(VENUE, name="ledgers.csv", body=_ledgers(at).encode(), actor=who)
        # (brought by nobody of finance, who could not take what it says otherwise)
        flows.bring(VENUE, name="ledgers_corrected.csv", body=_corrected(at).encode(), actor=actor.system("demo"))


def _ask_paystack(who: Actor, *, since: date) -> None:
    """Have Paystack's lists asked for: charges and payouts of what it owes us, the ledger of what it holds."""
    clearing, held = (chart.house(each, asset=NGN) for each in (chart.PAYSTACK_CLEARING, chart.PAYSTACK))
    for name, title, account in (
        ("paystack-transactions", "Paystack, charges", clearing),
        ("paystack-payouts", "Paystack, payouts", clearing),
        ("paystack-balance", "Paystack, balance", held),
    ):
        with transaction(who):
            settings: dict[str, object] = {"zone": "Africa/Lagos", "unit": "minor"}
            source = service.add_source(name, title=title, format_name=name, settings=settings)
            service.stand_for(source.id, asset="NGN", account=account)
            pull_service.set_rhythm(source, every=3_600, since=since)
            pull_service.ask(source.id, actor=who)  # (a worker does)
    leave()


def ask_for_wallet(finance: str) -> tuple[str, str]:
    """A wallet of our own, of which our node tells: the request that its account be opened, and its hash."""
    who = actor.operator(finance)
    with transaction(who):
        settings: dict[str, object] = {"zone": "Africa/Lagos", "account": ADDRESS}
        made = service.add_source(NODE, title="Hot wallet, TRON", format_name="chain-balances", settings=settings)
        asked = rule_requests.request_wallet(
            made.id, asset=HOT.asset.code, account=WALLET, reason="Customers send coins.", maker=finance, actor=who
        )
    return asked.id, asked.payload_hash


def brought() -> tuple[Leg, ...]:
    """What the owners put there."""
    return Leg(WALLET, HOT), Leg(chart.house(chart.CAPITAL, asset=HOT.asset), -HOT)


def tell_of_wallet(finance: str, *, at: datetime) -> None:
    """What the node says of ours, and of another one, at the end of the day before."""
    ended = datetime.combine(at.astimezone(WAT).date(), time(), WAT)
    own = {"asset": "USDT-TRC20", "address": ADDRESS, "block_height": BLOCK, "as_of": ended.isoformat(),
           "balance": plain(HOT)}  # fmt: skip
    other = own | {"asset": "TRX", "address": "TXmVpin5vq5gdZsciyyjdZgKRUju4st1wM", "balance": "0"}
    body = json.dumps([own, other], indent=1).encode()
    flows.bring(NODE, name="chain_balances.json", body=body, actor=actor.operator(finance))
    leave()


def match(*, at: datetime) -> None:
    """Hold all that was told against the books, as the clock does."""
    for account in matching.accounts_for_system():
        _match(account, at=at)


def _match(account: str, *, at: datetime) -> None:
    """As it was done then: all of the story is booked already, so it is not enough to look at what is new."""
    system = actor.system("demo")
    rules, version = matching.rules_for_operators(account)
    with transaction(system):
        runs.run(account, rules=rules, version=version, as_of=at, whole=True, why="what is new", actor=system)
    leave()


def try_rules(finance: str, *, at: datetime) -> None:
    """Finance wonders whether a week's window finds more at the bank than two days do."""
    who = actor.operator(finance)
    account = chart.house(chart.BANK, asset=NGN)
    longer = [
        replace(rule, before_seconds=7 * rules.DAY, after_seconds=7 * rules.DAY, name="amount within a week")
        if rule.before_seconds
        else rule
        for rule in rules.STANDARD
    ]
    with clock.at(at):
        with transaction(who):
            trial_id = trials.ask(account, longer, actor=who).id
        leave()
        with transaction(who):
            trials.carry_out(trial_id)
        leave()


def _weeks(account: str) -> list[tuple[date, str]]:
    """The account's entries as its bank would tell them, a file a week; of a day what came in before what went out."""
    entries = sorted(
        statements.statement(account, limit=ENTRIES_MAX),
        key=lambda one: (
            one.effective_at.astimezone(WAT).date(),
            one.amount.units < 0,
            one.effective_at,
            one.journal_id,
        ),
    )
    leave()
    found: list[tuple[date, str]] = []
    balance, charged = Money(NGN, 0), 0
    first = entries[0].effective_at.astimezone(WAT).date() if entries else date.min
    while entries:
        own = [one for one in entries if one.effective_at.astimezone(WAT).date() < first + WEEK]
        entries = entries[len(own) :]
        opening, rows = balance, ""
        for one in own:
            balance += one.amount
            rows += _row(
                one.effective_at,
                one.ref,
                one.amount,
                balance,
                f"NIP {one.kind.partition('.')[2].replace('_', ' ').upper()} {one.ref}",
            )
        charged += 1
        if own and charged == LATER_WEEK:
            balance += UNKNOWN
            rows += _row(own[0].effective_at, "ADWL0912", UNKNOWN, balance, "NIP FROM ADEWALE STORES INV 0912")
        balance -= CHARGE
        last = own[-1].effective_at if own else datetime.combine(first, time(), WAT)
        rows += _row(last, f"CHG{charged:04d}", -CHARGE, balance, "SMS AND MAINTENANCE CHARGES")
        head = HEADER.format(opening=f'"{plain(opening)}"', closing=f'"{plain(balance)}"')
        found.append((first, f"{head}{COLUMNS}{rows}"))
        first += WEEK
    return found


def _row(at: datetime, ref: str, amount: Money, balance: Money, words: str) -> str:
    sides = f",{plain(amount)}" if amount.units > 0 else f"{plain(-amount)},"
    return f'{at.astimezone(WAT):%d/%m/%Y},{ref},{sides},"{plain(balance)}",{words}\n'


def _corrected(at: datetime) -> str:
    """The exchange's second row, told otherwise later."""
    when = f"{at - timedelta(days=3) + timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    return f"{LEDGERS}L7HXNE-QB5TC-YJ2D4K,R00000-DEMO,{when},trade,,currency,XXBT,0.135,0,0.635\n"


def _ledgers(at: datetime) -> str:
    day = at - timedelta(days=3)
    told = (
        ("LQ4KTV-7M2XA-3RWE5N", "deposit", "0.5000000000", "0.0000000000", "0.5000000000"),
        ("L7HXNE-QB5TC-YJ2D4K", "trade", "0.1250000000", "0.0000000000", "0.6250000000"),
        ("", "withdrawal", "-0.2000000000", "0.0000150000", ""),
        ("LZP3MW-4CVSA-H6UFQ2", "withdrawal", "-0.2000000000", "0.0000150000", "0.4249850000"),
        ("LC5HVT-2KQ7P-9ZDWN3", "staking", "0.0000000041", "0.0000000000", "0.4249850041"),
        ("LD8MXB-6RTYA-4GFJS7", "staking", "0.0000000037", "0.0000000000", "0.4249850078"),
        ("LF1QZE-8NUKC-5VHLP2", "staking", "0.0000000052", "0.0000000000", "0.4249850130"),
        ("LB2RKD-WTE7Y-5NXGJ4", "airdrop", "0.0010000000", "0.0000000000", "0.4259850130"),
    )
    rows = (
        f"{txid},R{number // 2:05d}-DEMO,{day + timedelta(hours=number):%Y-%m-%d %H:%M:%S},{kind},,currency,XXBT,"
        f"{amount},{fee},{balance}\n"
        for number, (txid, kind, amount, fee, balance) in enumerate(told)
    )
    return LEDGERS + "".join(rows)
