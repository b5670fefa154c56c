"""The actors of the matrix: one column each. A session is a row that is opened here, as the doors for signing in do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from app.core import actor, clock
from app.core.db import db, leave, transaction
from app.core.permissions import Role
from app.identity import api_keys, rules, service
from app.identity.models import SignedIn
from app.identity.rules import Audience
from app.identity.scopes import Scope
from tests.makers import apps, browse, people
from tests.makers.people import Customer

TEST = actor.system("test")
COOKIES = {Audience.CUSTOMER: "bursar", Audience.OPERATOR: "bursar_console"}
# How long ago a second factor was proved in the session; None for one that was opened by a password alone.
FRESH, STALE, UNPROVED = timedelta(0), rules.FACTOR_FRESH + timedelta(minutes=1), None
STALE_SUFFIX = "_stale"


@dataclass
class Visitor:
    """One actor at the doors: a browser with a session, a program with a token, or neither."""

    app: Flask
    login_id: str = ""
    audience: Audience | None = None
    factor: timedelta | None = UNPROVED
    bearer: bool = False
    shown_to: Audience | None = None  # at whose doors the session's token is shown, where that is not its own side
    email: str = ""
    token: str = ""
    customer_id: str = ""
    views: str = ""  # the customer as whom this member of staff looks at the portal
    client: FlaskClient = field(init=False)
    csrf: str = field(init=False, default="")

    def open(self) -> "Visitor":
        """Come anew: with a session of its own and a form's token."""
        self.client = self.app.test_client()
        if self.audience:
            opened = self._session(self.audience)
            if self.bearer:
                self.token = opened
            else:
                self.client.set_cookie(COOKIES[self.shown_to or self.audience], opened)
        self.csrf = browse.token_of(self.client.get("/sign-in"))
        if self.views:
            form = {"csrf_token": self.csrf, "ticket": "T-1", "reason": "To see it."}
            begun = self.client.post(f"/console/view-as/{self.views}", data=form)
            assert self.client.get(begun.location).location == "/"
        return self

    @property
    def headers(self) -> dict[str, str]:
        """What a program sends along."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _session(self, audience: Audience) -> str:
        with transaction(TEST):
            entry = service.open_session(self.login_id, audience=audience, device=service.Device("matrix"))
            if self.factor is not None:
                db.session.get_one(SignedIn, entry.session_id).factor_at = clock.now() - self.factor
        leave()
        return entry.token


class Cast:
    """The people of a matrix, and how each column of it comes to the doors."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.customer, self.neighbour = people.customer(enrolled=True), people.customer(enrolled=True)
        self.plain = people.customer()
        self.staff = {role: people.operator(role) for role in Role}
        self.newcomer = people.newcomer(Role.TREASURY)
        self.logins = {email: apps.login_of(email) for _, email in (*self.staff.values(), self.newcomer)}
        leave()
        self.columns: dict[str, Callable[[], Visitor]] = {
            "anonymous": lambda: Visitor(app),
            "customer": lambda: self._at_home(self.customer, FRESH),
            "neighbour": lambda: self._at_home(self.neighbour, FRESH),
            "no_factor": lambda: self._at_home(self.plain, UNPROVED),
            "half": lambda: self._at_home(self.customer, UNPROVED),
            "stale": lambda: self._at_home(self.customer, STALE),
            "viewer": self._viewer,
            "staff_half": lambda: self._at_work(self.staff[Role.TREASURY][1], UNPROVED),
            "staff_new": lambda: self._at_work(self.newcomer[1], UNPROVED),
            "session": lambda: self._program(self.customer, FRESH),
            "session_neighbour": lambda: self._program(self.neighbour, FRESH),
            "session_no_factor": lambda: self._program(self.plain, UNPROVED),
            "session_half": lambda: self._program(self.customer, UNPROVED),
            "session_stale": lambda: self._program(self.customer, STALE),
            "customer_token": lambda: self._at_home(self.customer, FRESH, shown_to=Audience.OPERATOR),
            "staff_token": lambda: self._at_work(self.staff[Role.ADMIN][1], FRESH, shown_to=Audience.CUSTOMER),
            "staff_bearer": lambda: self._at_work(self.staff[Role.ADMIN][1], FRESH, bearer=True),
            "key_all": lambda: self._key(*Scope),
            "signed": lambda: self._key(*Scope, traded=True),
        }
        for role in Role:
            self._add_role(role)
        for scope in Scope:
            self.columns[f"key_{scope}"] = lambda scope=scope: self._key(scope)  # type: ignore[misc]

    def enter(self, column: str) -> Visitor:
        """The actor of this column, at the doors."""
        return self.columns[column]().open()

    def _add_role(self, role: Role) -> None:
        email = self.staff[role][1]
        self.columns[str(role)] = lambda: self._at_work(email, FRESH)
        self.columns[f"{role}{STALE_SUFFIX}"] = lambda: self._at_work(email, STALE)

    def _at_home(self, who: Customer, factor: timedelta | None, *, shown_to: Audience | None = None) -> Visitor:
        made = Visitor(self.app, who.login_id, Audience.CUSTOMER, factor, shown_to=shown_to)
        made.email, made.customer_id = who.email, who.id
        return made

    def _program(self, who: Customer, factor: timedelta | None) -> Visitor:
        return Visitor(self.app, who.login_id, Audience.CUSTOMER, factor, bearer=True, customer_id=who.id)

    def _at_work(
        self, email: str, factor: timedelta | None, *, shown_to: Audience | None = None, bearer: bool = False
    ) -> Visitor:
        made = Visitor(self.app, self.logins[email], Audience.OPERATOR, factor, bearer=bearer, shown_to=shown_to)
        made.email = email
        return made

    def _viewer(self) -> Visitor:
        made = self._at_work(self.staff[Role.SUPPORT][1], FRESH)
        made.views = self.customer.id
        return made

    def _key(self, *scopes: Scope, traded: bool = False) -> Visitor:
        with transaction(TEST):
            key, token = api_keys.issue(self.customer.login_id, name="Matrix", scopes=scopes, lives=rules.KEY_LIVES[0])
            if traded:
                token = api_keys.trade(key.id, issuer="http://localhost").token
        leave()
        return Visitor(self.app, token=token, customer_id=self.customer.id)
