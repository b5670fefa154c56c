"""Approval requests for tests: a harmless kind with a policy of the test's own, and people who ask and decide."""

import json
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine, text

from app.core import actor
from app.core.db import leave, rows, transaction
from app.core.errors import Conflict
from app.core.permissions import Permission, Role
from app.governance import flows, kinds, queries, service
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.queries import Standing
from app.governance.rules import Facts, Rule, State
from tests.makers import people
from tests.makers.bare import act_as

SYSTEM = actor.system("test")


class Unwilling(Conflict):
    """What the kind below says while it is told to refuse."""

    message = "Not while it rains."


@dataclass
class Deeds:
    """What was carried out, and whether it is refused, or breaks, at present."""

    done: list[Agreed] = field(default_factory=list)
    refuses: bool = False
    breaks: bool = False
    touches: Collection[str] = ()

    def dry_run(self, payload: Payload) -> None:
        """Refuse when told to."""
        if self.refuses or payload.get("impossible"):
            raise Unwilling

    def execute(self, agreed: Agreed) -> str:
        """Do it."""
        self.dry_run(agreed.payload)
        if self.breaks:
            raise RuntimeError("a fault of ours")
        self.done.append(agreed)
        return f"done {len(self.done)}"


@dataclass(frozen=True)
class Office:
    """A kind of this test alone, and who asks for it."""

    kind: str
    deeds: Deeds
    asker: str

    def ask(self, payload: Payload | None = None, *, by: str = "", target: str = "") -> Request:
        """Ask, in a transaction of its own."""
        who = actor.operator(by or self.asker)
        with transaction(who):
            return service.submit(
                self.kind, payload or {"note": "x"}, target=target, reason="A reason.", maker=who.id, actor=who
            )

    def approve(self, asked: Request, by: str, *, shown: str = "") -> State:
        """One yes."""
        who = actor.operator(by)
        with transaction(who):
            return service.approve(asked.id, operator_id=by, shown=shown or asked.payload_hash, actor=who)

    def deny(self, asked: Request, by: str, *, reason: str = "no") -> None:
        """One no."""
        who = actor.operator(by)
        with transaction(who):
            service.deny(asked.id, operator_id=by, reason=reason, actor=who)

    def now(self, asked: Request) -> Standing:
        """How it stands."""
        leave()
        return queries.one_for_operators(asked.id)

    def state(self, asked: Request) -> str:
        """Its state."""
        return self.now(asked).request.state


def office(engine: Engine, *rules: Rule, facts: Callable[[Payload], Facts] = lambda _: Facts()) -> Office:
    """A fresh kind, made by finance, under these rules; without any it has no policy."""
    name, deeds = f"test.{secrets.token_hex(4)}", Deeds()
    kinds.register(
        Kind(
            name=name,
            title="Test",
            make=Permission.JOURNALS_REQUEST,
            dry_run=deeds.dry_run,
            execute=deeds.execute,
            describe=lambda payload: [Line(key, str(value)) for key, value in payload.items()],
            summary=lambda _: "Do something",
            facts=facts,
            touches=lambda _: deeds.touches,
        )
    )
    if rules:
        set_policy(engine, name, *rules)
    return Office(name, deeds, people.operator(Role.FINANCE)[0])


def set_policy(engine: Engine, kind: str, *rules: Rule) -> None:
    """Write a policy's next version as the owner of the database, past its guard."""
    written = json.dumps([rule.as_json() for rule in rules])
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text("ALTER TABLE approval_policies DISABLE TRIGGER approved"))
        connection.execute(
            text(
                "INSERT INTO approval_policies (id, kind, version, rules, created_at) SELECT :kind || '_' || v, :kind,"
                " v, CAST(:rules AS jsonb), now() FROM"
                " (SELECT coalesce(max(version), 0) + 1 AS v FROM approval_policies WHERE kind = :kind) AS following"
            ),
            {"kind": kind, "rules": written},
        )
        connection.execute(text("ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved"))


def set_roles(engine: Engine, operator_id: str, *roles: Role) -> None:
    """Change somebody's roles as the owner of the database, past its guard."""
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text("ALTER TABLE operators DISABLE TRIGGER roles"))
        connection.execute(
            text("UPDATE operators SET roles = :roles WHERE id = :id"),
            {"roles": [str(role) for role in roles], "id": operator_id},
        )
        connection.execute(text("ALTER TABLE operators ENABLE ALWAYS TRIGGER roles"))


@contextmanager
def nobody_else(engine: Engine) -> Iterator[None]:
    """A house whose operators of before may not sign in; afterwards they may again."""
    with engine.begin() as connection:
        act_as(connection, "system:test")
        shut = "UPDATE logins SET disabled_at = now() WHERE audience = 'operator' AND disabled_at IS NULL RETURNING id"
        closed = list(connection.execute(text(shut)).scalars())
    yield
    with engine.begin() as connection:
        act_as(connection, "system:test")
        connection.execute(text("UPDATE logins SET disabled_at = NULL WHERE id = ANY(:ids)"), {"ids": closed})


def carry_out(asked: Request) -> object:
    """What the task does."""
    return flows.carry_out(asked.id, actor=SYSTEM)


def cool_off(asked: Request) -> None:
    """Wait until its cooling-off is over, by the clock of the database, which no test holds."""
    leave()
    rows(
        "SELECT pg_sleep(greatest(extract(epoch FROM not_before - clock_timestamp()), 0)::float + 0.01)"
        " FROM approval_requests WHERE id = :id",
        id=asked.id,
    )
    leave()
