"""Withdrawals: what is held, who may approve, and that money leaves once whatever the vendor does."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, pool, text
from sqlalchemy.exc import DBAPIError

from app.clients.paystack import Transfer
from app.core import actor, clock, ids
from app.core.db import db, leave, rows, sqlstate, transaction
from app.core.errors import IllegalMove, NotFound
from app.core.permissions import Role
from app.identity import queries as identity
from app.identity import service as identity_service
from app.identity import sessions
from app.identity.errors import FactorMissing
from app.identity.models import Passkey
from app.ledger.errors import InsufficientFunds
from app.payments import flows as rail
from app.payments import queries as payments
from app.payments import suspense
from app.payments.rules import PayoutState, SuspenseState
from app.withdrawals import errors, flows, queries, service
from app.withdrawals.models import Withdrawal
from app.withdrawals.rules import State
from app.withdrawals.service import Attempt
from jobs import withdrawal_rounds
from jobs.work import Work
from tests.makers import apps, people
from tests.makers.bare import act_as, past
from tests.makers.books import refused, undone
from tests.makers.databases import Database
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess

SYSTEM = actor.system("test")
COMPLIANCE = ("compliance_officer", "compliance_manager")


@pytest.fixture
def owner(inside: Flask, sandbox: SandboxProcess) -> Customer:
    """Somebody with NGN 1,000,000."""
    found = people.customer(enrolled=True)
    people.paid_in(found, naira(1_000_000), app=inside, sandbox=sandbox)
    return found


@pytest.fixture
def ask(inside: Flask, owner: Customer) -> Callable[[int], Withdrawal]:
    account = people.bank_account(owner, app=inside)

    def request(amount: int) -> Withdrawal:
        return people.asked_for(owner, naira(amount), account=account)

    return request


def approve(withdrawal: Withdrawal, *, owns: str | None = None, content_hash: str = "", by: str = "") -> State:
    operator_id = by or people.operator(Role.TREASURY)[0]
    who = actor.operator(operator_id)
    with transaction(who):
        return service.approve(
            withdrawal.id,
            operator_id=operator_id,
            content_hash=content_hash or withdrawal.content_hash,
            owns=owns,
            actor=who,
        )


def state(withdrawal: Withdrawal) -> str:
    leave()
    return queries.one_for_operators(withdrawal.id).state


SINCE = {
    "bank_accounts": "SELECT created_at AS since FROM bank_accounts WHERE customer_id = :id",
    "totp_apps": "SELECT confirmed_at AS since FROM totp_apps t JOIN customers c USING (login_id) WHERE c.id = :id",
}
AGED = {
    "bank_accounts": "UPDATE bank_accounts SET created_at = :at WHERE customer_id = :id",
    "totp_apps": "UPDATE totp_apps SET confirmed_at = :at FROM customers c"
    " WHERE c.login_id = totp_apps.login_id AND c.id = :id",
}


def make_new(engine: Engine, table: str, owner: Customer) -> None:
    """As if it had been added just now."""
    _age(engine, table, owner, clock.now())


def make_old(engine: Engine, table: str, owner: Customer) -> None:
    """As if it had been added long ago."""
    _age(engine, table, owner, clock.now() - apps.OLD)


def _age(engine: Engine, table: str, owner: Customer, at: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
        connection.execute(text("ALTER TABLE totp_apps DISABLE TRIGGER marks_stay"))  # (a mark, once set, stays)
        connection.execute(text(AGED[table]), {"at": at, "id": owner.id})
        connection.execute(text("ALTER TABLE totp_apps ENABLE ALWAYS TRIGGER marks_stay"))


def passkey_of(login_id: str) -> Passkey:
    """A passkey that was added just now."""
    unlike = secrets.token_bytes(16)
    return Passkey(
        id=ids.new("pk"),
        login_id=login_id,
        name="Key",
        credential_id=unlike,
        public_key=unlike,
        sign_count=0,
        created_at=clock.now(),
    )


class TestRequest:
    def test_holds_amount_and_fee_at_once(self, owner: Customer, ask: Callable[[int], Withdrawal]) -> None:
        ask(20_000)
        balance = owner.balance()
        assert (balance.held, balance.available) == (naira(20_025), naira(1_000_000) - naira(20_025))

    def test_refuses_what_is_not_there(self, owner: Customer, ask: Callable[[int], Withdrawal]) -> None:
        with pytest.raises(InsufficientFunds):
            ask(1_000_000)  # the fee is missing
        assert owner.balance().held == naira(0)

    def test_refuses_somebody_elses_bank_account(self, inside: Flask, owner: Customer) -> None:
        theirs = people.bank_account(people.customer(), app=inside)
        with pytest.raises(NotFound), transaction(owner.actor):
            service.request(owner.id, bank_account_id=theirs, amount=naira(1_000), actor=owner.actor)

    def test_refuses_who_has_no_second_factor(self, inside: Flask, sandbox: SandboxProcess) -> None:
        owner = people.customer()
        people.paid_in(owner, naira(5_000), app=inside, sandbox=sandbox)
        account = people.bank_account(owner, app=inside)
        with pytest.raises(FactorMissing), transaction(owner.actor):
            service.request(owner.id, bank_account_id=account, amount=naira(1_000), actor=owner.actor)
        assert owner.balance().held == naira(0)

    def test_refuses_a_new_bank_account_and_a_new_factor_for_a_day(
        self, inside: Flask, owner: Customer, owner_engine: Engine
    ) -> None:
        def ask(account: str) -> Withdrawal:
            with transaction(owner.actor):
                return service.request(owner.id, bank_account_id=account, amount=naira(1_000), actor=owner.actor)

        account = people.bank_account(owner, app=inside)
        day = timedelta(hours=24)
        for table, column, told in (
            ("bank_accounts", "created_at", "Your bank account is new."),
            ("totp_apps", "confirmed_at", "Your second factor is new."),
        ):
            make_new(owner_engine, table, owner)
            leave()
            with pytest.raises(errors.TooNew, match=told) as refused:
                ask(account)
            leave()
            (row,) = rows(SINCE[table], id=owner.id)
            assert refused.value.facts == {"possible_at": (row.since + day).isoformat()}, column
            with clock.at(row.since + day - timedelta(seconds=1)), pytest.raises(errors.TooNew):
                ask(account)
            leave()
            assert owner.balance().held == naira(0)
            make_old(owner_engine, table, owner)
        leave()
        ask(account)

    def test_takes_a_second_passkey_from_who_has_an_old_app(self, inside: Flask, owner: Customer) -> None:
        """It was added with a proof of the app: only the oldest one says since when somebody is enrolled."""
        since = identity.enrolled_since(owner=owner.login_id)
        with transaction(owner.actor):
            db.session.add(passkey_of(owner.login_id))
        assert identity.enrolled_since(owner=owner.login_id) == since

    @pytest.mark.parametrize("amount", [99, 5_000_001])
    def test_refuses_sizes_out_of_bounds(self, ask: Callable[[int], Withdrawal], amount: int) -> None:
        with pytest.raises(errors.WithdrawalOutOfBounds):
            ask(amount)


class TestApprove:
    def test_one_is_enough_up_to_half_a_million(self, ask: Callable[[int], Withdrawal]) -> None:
        assert approve(ask(500_000)) is State.APPROVED

    def test_two_of_two_roles_are_needed_where_a_new_account_asks_for_much(
        self, ask: Callable[[int], Withdrawal]
    ) -> None:
        asked = ask(500_001)
        assert [leg.leg.roles for leg in queries.standing_for_operators(asked).legs] == [COMPLIANCE, ("treasury",)]
        leave()
        assert approve(asked) is State.REQUESTED
        with pytest.raises(errors.NotYourLeg):
            approve(asked)  # (another of treasury: their leg is filled)
        assert approve(asked, by=people.operator(Role.COMPLIANCE_OFFICER)[0]) is State.APPROVED

    def test_refuses_the_operator_who_approved_before(self, ask: Callable[[int], Withdrawal]) -> None:
        asked, (operator_id, _) = ask(600_000), people.operator(Role.TREASURY)
        approve(asked, by=operator_id)
        with pytest.raises(errors.SameOperatorTwice):
            approve(asked, by=operator_id)
        assert state(asked) == State.REQUESTED

    def test_refuses_ones_own(self, owner: Customer, ask: Callable[[int], Withdrawal]) -> None:
        with pytest.raises(errors.OwnWithdrawal):
            approve(ask(1_000), owns=owner.id)

    def test_refuses_content_that_was_not_shown(self, ask: Callable[[int], Withdrawal]) -> None:
        with pytest.raises(errors.ContentChanged):
            approve(ask(1_000), content_hash="something else")

    def test_refuses_what_was_decided(self, ask: Callable[[int], Withdrawal]) -> None:
        asked = ask(1_000)
        approve(asked)
        with pytest.raises(IllegalMove):
            approve(asked)

    def test_an_edit_after_approval_stops_the_sending(
        self, inside: Flask, sandbox: SandboxProcess, owner_engine: Engine, ask: Callable[[int], Withdrawal]
    ) -> None:
        asked = ask(1_000)
        approve(asked)
        with owner_engine.begin() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:tamper', true)"))
            connection.execute(text("UPDATE withdrawals SET amount_units = 90000000 WHERE id = :id"), {"id": asked.id})
        with pytest.raises(errors.ContentChanged):
            flows.send(asked.id, paystack=inside.extensions["clients"].paystack, actor=SYSTEM)
        assert sandbox.calls("/transfer", method="POST", reference=asked.payout_id) == 0

    def test_the_app_may_not_change_what_was_approved(self, ask: Callable[[int], Withdrawal]) -> None:
        asked = ask(1_000)
        for statement in (
            "UPDATE withdrawals SET amount_units = 1 WHERE id = :id",
            "UPDATE withdrawals SET bank_account_id = '' WHERE id = :id",
            "UPDATE withdrawals SET hold_id = 1 WHERE id = :id",
            "UPDATE withdrawal_checks SET outcome = 'pass' WHERE withdrawal_id = :id",
            "UPDATE bank_accounts SET recipient_code = 'RCP_other' WHERE id = :id",
            "UPDATE payouts SET amount_units = 1 WHERE id = :id",
            "UPDATE inbox SET body = '' WHERE id::text = :id",
            "UPDATE outbox SET facts = '{}' WHERE id::text = :id",
            "DELETE FROM withdrawals WHERE id = :id",
        ):
            with pytest.raises(DBAPIError) as refused, transaction(SYSTEM):
                db.session.execute(text(statement), {"id": asked.id})
            assert sqlstate(refused.value) == "42501", statement

    def test_votes_are_operators(self, owner: Customer, ask: Callable[[int], Withdrawal]) -> None:
        for voter in ("op_nobody", owner.id):
            with pytest.raises(errors.NotYourDecision):
                approve(ask(1_000), by=voter)

    def test_what_was_approved_can_be_stopped_until_it_is_sent(
        self, owner: Customer, ask: Callable[[int], Withdrawal]
    ) -> None:
        asked = ask(1_000)
        approve(asked)
        with transaction(SYSTEM):
            service.reject(asked.id, reason="The account was reported.", owns=None, actor=SYSTEM)
            assert service.begin_sending(asked.id, actor=SYSTEM) is None
        assert owner.balance().available == naira(1_000_000)

    def test_the_database_counts_the_votes_itself(self, ask: Callable[[int], Withdrawal]) -> None:
        asked = ask(1_000)
        with pytest.raises(DBAPIError) as refused, transaction(SYSTEM):
            db.session.execute(text("UPDATE withdrawals SET state = 'approved' WHERE id = :id"), {"id": asked.id})
        assert sqlstate(refused.value) == "BU002"


VOTE = (
    "INSERT INTO withdrawal_approvals (id, withdrawal_id, operator_id, leg, content_hash, approved_at)"
    " VALUES ('apr_' || :voter, :withdrawal, :voter, CAST(:leg AS smallint), :hash, now())"
)


class TestTheDatabase:
    """A vote that is right, and that each case spoils in one place: for the app's role and for the owner."""

    @pytest.fixture(params=["app", "owner"])
    def connection(self, request: pytest.FixtureRequest, database: Database) -> Iterator[Connection]:
        engine = create_engine(
            database.app_url if request.param == "app" else database.owner_url, poolclass=pool.NullPool
        )
        with undone(engine) as made:
            made.execute(text("SELECT set_config('bursar.owner', '*', true)"))
            yield made
        engine.dispose()

    def vote(self, connection: Connection, asked: Withdrawal, voter: str, *, who: str = "", **more: str) -> str:
        act_as(connection, who or f"operator:{voter}")
        given = {"withdrawal": asked.id, "voter": voter, "leg": "0", "hash": asked.content_hash, **more}
        return refused(connection, VOTE, **given)

    @pytest.mark.parametrize("role", list(Role))
    def test_takes_votes_of_those_who_may_let_money_out(
        self, connection: Connection, ask: Callable[[int], Withdrawal], role: Role
    ) -> None:
        voter, asked = people.operator(role)[0], ask(1_000)
        leave()
        assert self.vote(connection, asked, voter) == ("" if role is Role.TREASURY else "BU002")  # (its one leg)
        assert self.vote(connection, asked, voter, leg="1") == "BU002"
        assert self.vote(connection, asked, voter, leg="-1") == "BU002"

    def test_takes_votes_in_ones_own_name_to_what_stands_there(
        self, connection: Connection, owner: Customer, ask: Callable[[int], Withdrawal]
    ) -> None:
        voter, asked = people.operator(Role.TREASURY)[0], ask(1_000)
        leave()
        assert self.vote(connection, asked, voter) == ""
        for who in (str(owner.actor), "system:test", f"operator:{people.operator(Role.TREASURY)[0]}"):
            leave()
            assert self.vote(connection, asked, voter, who=who) == "BU002", who
        assert self.vote(connection, asked, voter, hash="0" * 64) == "BU002"

    def test_takes_no_votes_to_what_was_decided(self, connection: Connection, ask: Callable[[int], Withdrawal]) -> None:
        approved, rejected = ask(1_000), ask(2_000)
        approve(approved)
        with transaction(SYSTEM):
            service.reject(rejected.id, reason="No.", owns=None, actor=SYSTEM)
        voter = people.operator(Role.TREASURY)[0]
        leave()
        assert self.vote(connection, approved, voter) == "BU002"
        assert self.vote(connection, rejected, voter) == "BU002"

    def test_takes_no_votes_of_who_is_the_customer_or_was_shut_out(
        self, connection: Connection, owner: Customer, ask: Callable[[int], Withdrawal]
    ) -> None:
        asked = ask(1_000)
        with transaction(people.COMMAND):
            mine = identity_service.hire("Me", email=owner.email, password=people.PASSWORD, roles=[Role.TREASURY])
        shut, email = people.operator(Role.TREASURY)
        login_id = apps.login_of(email)
        with transaction(SYSTEM):
            sessions.shut_out(login_id)
        leave()
        assert self.vote(connection, asked, mine) == "BU002"
        assert self.vote(connection, asked, shut) == "BU002"

    @pytest.mark.parametrize("spoilt", ["", "role", "hash", "customer", "disabled"])
    def test_counts_no_vote_that_was_put_past_its_guard(
        self, owner_engine: Engine, owner: Customer, ask: Callable[[int], Withdrawal], spoilt: str
    ) -> None:
        asked, (voter, email) = ask(1_000), people.operator(Role.SUPPORT if spoilt == "role" else Role.TREASURY)
        login_id = apps.login_of(email)
        with undone(owner_engine) as connection:
            act_as(connection, "system:test")
            change = {"customer": "email = :email", "disabled": "disabled_at = now()"}.get(spoilt)
            if change:
                login = text(f"UPDATE logins SET {change} WHERE id = :login")  # noqa: S608 (one of the two above)
                connection.execute(login, {"login": login_id, "email": owner.email})
            seen = "0" * 64 if spoilt == "hash" else asked.content_hash
            past(connection, "withdrawal_approvals", "vote", VOTE, voter=voter, withdrawal=asked.id, hash=seen, leg="0")
            done = "UPDATE withdrawals SET state = 'approved' WHERE id = :id"
            assert refused(connection, done, id=asked.id) == ("BU002" if spoilt else "")

    def test_watches_whatever_role_replicates(self, owner_engine: Engine) -> None:
        """PostgreSQL passes over every trigger that is not ENABLE ALWAYS under session_replication_role."""
        always = (
            "SELECT tgname FROM pg_trigger WHERE tgenabled = 'A' AND tgname IN ('vote', 'approvals_counted')"
            " AND tgrelid IN ('withdrawals'::regclass, 'withdrawal_approvals'::regclass)"
        )
        with owner_engine.connect() as connection:
            assert set(connection.execute(text(always)).scalars()) == {"vote", "approvals_counted"}


class TestGivingBack:
    def test_a_rejection_has_a_reason_and_returns_the_money(
        self, owner: Customer, ask: Callable[[int], Withdrawal]
    ) -> None:
        asked = ask(20_000)
        with pytest.raises(errors.ReasonMissing), transaction(SYSTEM):
            service.reject(asked.id, reason="  ", owns=None, actor=SYSTEM)
        with transaction(SYSTEM):
            service.reject(asked.id, reason="The name does not match.", owns=None, actor=SYSTEM)
        assert owner.balance().available == naira(1_000_000)

    def test_ones_own_is_not_rejected_either(self, owner: Customer, ask: Callable[[int], Withdrawal]) -> None:
        asked, who = ask(1_000), actor.operator(people.operator(Role.TREASURY)[0])
        with pytest.raises(errors.OwnWithdrawal), transaction(who):
            service.reject(asked.id, reason="No.", owns=owner.id, actor=who)
        assert state(asked) == State.REQUESTED

    def test_cancelling_is_the_owners_until_it_is_sent(self, owner: Customer, ask: Callable[[int], Withdrawal]) -> None:
        first, second, third, stranger = ask(5_000), ask(6_000), ask(7_000), people.customer()
        with pytest.raises(NotFound), transaction(stranger.actor):
            service.cancel(first.id, customer_id=stranger.id, actor=stranger.actor)
        with transaction(owner.actor):
            service.cancel(first.id, customer_id=owner.id, actor=owner.actor)
        approve(second)
        with transaction(owner.actor):
            service.cancel(second.id, customer_id=owner.id, actor=owner.actor)
        approve(third)
        with transaction(SYSTEM):
            assert service.begin_sending(third.id, actor=SYSTEM) == Attempt(third.payout_id, first=True)
        with pytest.raises(IllegalMove), transaction(owner.actor):
            service.cancel(third.id, customer_id=owner.id, actor=owner.actor)
        assert owner.balance().held == naira(7_025)


class TestSending:
    @pytest.mark.parametrize("answer", ["normal", "drop", "error_after", "refuse", "late_ms"])
    def test_pays_once_however_paystack_answers(
        self,
        inside: Flask,
        sandbox: SandboxProcess,
        owner: Customer,
        ask: Callable[[int], Withdrawal],
        work_off: Callable[..., int],
        answer: str,
    ) -> None:
        asked = ask(20_000)
        sandbox.knobs(answer=answer, answer_times=1, late_ms=6_000)  # later than the five seconds we wait
        approve(asked)
        work_off()
        work_off(timedelta(minutes=10))
        sandbox.flush()
        work_off(timedelta(minutes=20))
        assert state(asked) == State.SETTLED
        assert owner.balance().booked == naira(1_000_000) - naira(20_025)
        listed = sandbox.call("GET", "/transfer", params={"perPage": 100}).json()["data"]
        assert len([row for row in listed if row["reference"] == asked.payout_id]) == 1

    def test_what_failed_is_tried_again_as_another_attempt(
        self,
        sandbox: SandboxProcess,
        owner: Customer,
        ask: Callable[[int], Withdrawal],
        work_off: Callable[..., int],
    ) -> None:
        sandbox.knobs(transfer_outcome="failed")
        asked, (treasurer, _), officer = ask(20_000), people.operator(Role.TREASURY), actor.operator("op_nobody")
        approve(asked, by=treasurer)
        work_off()
        sandbox.flush()
        work_off(timedelta(minutes=5))
        assert state(asked) == State.UNPAID
        sandbox.knobs(transfer_outcome="success")
        who = actor.operator(treasurer)
        leave()
        for no, by, owns in ((errors.NotYourDecision, officer, None), (errors.OwnWithdrawal, who, owner.id)):
            with pytest.raises(no), transaction(by):
                service.retry(asked.id, owns=owns, actor=by)
        with transaction(who):
            service.retry(asked.id, owns=None, actor=who)
        with pytest.raises(IllegalMove), transaction(who):
            service.retry(asked.id, owns=None, actor=who)  # (twice)
        with transaction(SYSTEM):
            assert service.begin_sending(asked.id, actor=SYSTEM) == Attempt(f"{asked.payout_id}-2", first=True)
            service.fail(asked.payout_id, actor=SYSTEM)  # (late news of the first attempt)
            service.settle(asked.payout_id, actor=SYSTEM)
        assert state(asked) == State.SENDING
        work_off()
        sandbox.flush()
        work_off(timedelta(minutes=5))
        assert state(asked) == State.SETTLED
        assert queries.one_for_operators(asked.id).attempt_id == f"{asked.payout_id}-2"
        assert sandbox.calls("/transfer", method="POST", reference=f"{asked.payout_id}-2") == 1
        assert owner.balance().booked == naira(1_000_000) - naira(20_025)

    def test_a_failed_transfer_is_given_back_by_the_clock(
        self,
        inside: Flask,
        sandbox: SandboxProcess,
        owner: Customer,
        ask: Callable[[int], Withdrawal],
        work_off: Callable[..., int],
    ) -> None:
        sandbox.knobs(transfer_outcome="failed")
        asked = ask(20_000)
        approve(asked)
        work_off()
        sandbox.flush()
        work_off(timedelta(minutes=5))
        assert state(asked) == State.UNPAID
        assert owner.balance().held == naira(20_025)
        leave()
        for minutes in (119, 121):
            work_off(timedelta(minutes=minutes))
            with clock.at(clock.now() + timedelta(minutes=minutes)):
                withdrawal_rounds.give_up(Work("test", "", {}, inside.extensions["clients"], SYSTEM))
            assert state(asked) == (State.UNPAID if minutes < 120 else State.FAILED)
            leave()
        assert state(asked) == State.FAILED
        assert owner.balance().available == naira(1_000_000)

    def test_news_that_cannot_be_true_goes_to_suspense(
        self,
        inside: Flask,
        sandbox: SandboxProcess,
        owner: Customer,
        ask: Callable[[int], Withdrawal],
        work_off: Callable[..., int],
    ) -> None:
        sandbox.knobs(transfer_outcome="failed")
        asked = ask(20_000)
        approve(asked)
        work_off()
        sandbox.flush()
        work_off(timedelta(minutes=5))
        failed = inside.extensions["clients"].paystack.find_transfer(asked.payout_id)
        for told in (replace(failed, status="success"), replace(failed, amount=1)):
            assert rail.record(asked.payout_id, transfer=told, actor=SYSTEM) is PayoutState.FAILED
        leave()
        items = [
            item
            for item in payments.suspense_for_operators(state=SuspenseState.OPEN)
            if item.reference == asked.payout_id
        ]
        assert len(items) == 2
        leave()
        for item in items:  # until each was looked at it is neither paid anew nor given back
            with pytest.raises(errors.Contradicted), transaction(SYSTEM):
                service.retry(asked.id, owns=None, actor=SYSTEM)
            with pytest.raises(errors.Contradicted), transaction(SYSTEM):
                service.give_up(asked.id, owns=None, actor=SYSTEM)
            with pytest.raises(errors.Contradicted), transaction(owner.actor):
                service.cancel(asked.id, customer_id=owner.id, actor=owner.actor)
            with transaction(SYSTEM):
                suspense.resolve(item.id, note="Its bank says that it never came.", actor=SYSTEM)
        with transaction(SYSTEM):
            service.give_up(asked.id, owns=None, actor=SYSTEM)
        assert owner.balance().available == naira(1_000_000)

    def test_a_word_we_do_not_know_is_no_end(
        self, inside: Flask, sandbox: SandboxProcess, ask: Callable[[int], Withdrawal]
    ) -> None:
        asked = ask(20_000)
        approve(asked)
        with transaction(SYSTEM):
            service.begin_sending(asked.id, actor=SYSTEM)
        told = Transfer(asked.payout_id, "queued", 2_000_000, None, "NGN", "TRF_1", None)
        assert rail.record(asked.payout_id, transfer=told, actor=SYSTEM) is PayoutState.SENT

    def test_what_the_bank_sends_back_is_the_customers_again(
        self,
        inside: Flask,
        sandbox: SandboxProcess,
        owner: Customer,
        ask: Callable[[int], Withdrawal],
        work_off: Callable[..., int],
    ) -> None:
        asked = ask(20_000)
        approve(asked)
        work_off()
        sandbox.flush()
        work_off(timedelta(minutes=5))
        assert state(asked) == State.SETTLED
        sandbox.conclude(asked.payout_id, "reverse")
        paystack = inside.extensions["clients"].paystack
        transfer = paystack.find_transfer(asked.payout_id)
        assert rail.record(asked.payout_id, transfer=transfer, actor=SYSTEM) is PayoutState.REVERSED
        work_off()
        assert state(asked) == State.RETURNED
        assert owner.balance().available == naira(1_000_000)
        payout = payments.payout_for_system(asked.payout_id)
        assert payout is not None
        assert payout.state == PayoutState.REVERSED
