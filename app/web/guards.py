"""Who may come in. Every door says so by a decorator; one check before each request enforces it, and nothing else does.

A view without a mark does not start (`refuse_unmarked`). Sessions are rows of ours: flask-login only carries the person
through the request, and its own cookies, remembering and session protection are not used.

A session that waits for its second factor is nobody's: it passes only the doors that say at which stage of that they
may be entered. A door that asks for a fresh factor is not opened before one was proved a few minutes ago.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, flash, g, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import actor as actors
from app.core import clock
from app.core.actor import Actor
from app.core.db import EVERYONE, NOBODY, for_everyone, leave, narrow, read_only, transaction, widen
from app.core.errors import Forbidden, Unauthenticated
from app.core.permissions import Permission, granted
from app.customers import queries as customers
from app.customers import service as customers_service
from app.identity import api_keys, rules, sessions
from app.identity import queries as identity
from app.identity import service as identity_service
from app.identity.errors import FactorMissing, FactorStale, PasswordStale
from app.identity.rules import SESSION_LIVES, Audience
from app.identity.scopes import Scope
from app.identity.service import Entry
from app.web import errors, sides, view_as, ways

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC, CUSTOMER, OPERATOR, API, VENDOR = "public", "customer", "operator", "api", "vendor"
# What a session that is not open yet waits for: a proof of the factor that there is, or a first one.
PROVE, ENROL = "prove", "enrol"
# Endpoints that are not ours to mark: files of the framework's own.
FILES = frozenset({"admin.static"})


@dataclass(frozen=True)
class Door:
    """Who a view is for. Operators need a permission, but for what is their `own`.

    `fresh` asks for a factor proved a few minutes ago; at one of `stages` a session that is not open yet may enter. A
    public door looks nobody up unless it is `knowing`.
    """

    audience: str
    permission: Permission | None = None
    scope: Scope | None = None
    own: bool = False
    fresh: bool = False
    stages: frozenset[str] = frozenset()
    knowing: bool = False


class Person(UserMixin):
    """Who is signed in, for this request."""

    def __init__(
        self, seen: identity.Seen, *, person_id: str, name: str, roles: list[str], lent: list[str] | None = None
    ) -> None:
        self.session_id, self.login_id, self.email = seen.session_id, seen.login_id, seen.email
        self.id, self.name, self.roles = person_id, name, [*roles, *(lent or [])]
        self.permissions = granted(roles, lent=lent or [])
        self.scopes, self.key_id = seen.scopes, seen.key_id
        self.enrolled, self._factor_at, self._password_at = seen.enrolled, seen.factor_at, seen.password_at

    @property
    def stage(self) -> str:
        """What their session waits for before it is open; nothing when it is, and for programs and views."""
        if self.scopes is not None:
            return ""
        half = rules.is_half_open(audience=sides.audience(), enrolled=self.enrolled, factor_at=self._factor_at)
        return (PROVE if self.enrolled else ENROL) if half else ""

    @property
    def fresh(self) -> bool:
        """Whether a factor was proved in this session a few minutes ago."""
        if self.scopes is not None:
            return True  # (what a key may do was given to it with a fresh factor)
        return self.enrolled and rules.factor_is_fresh(self._factor_at, at=clock.now())

    @property
    def may_enrol(self) -> bool:
        """Whether they have no factor, and typed their password a few minutes ago."""
        return not self.enrolled and rules.password_is_fresh(self._password_at, at=clock.now())

    @property
    def initials(self) -> str:
        """Two letters for the picture that we do not have."""
        words = self.name.split()
        return (words[0][0] + words[-1][0]).upper() if words else "?"

    @property
    def roles_text(self) -> str:
        """The roles in words."""
        return ", ".join(role.replace("_", " ") for role in self.roles)


def public(view: View) -> View:
    """Anybody, and as nobody: who is signed in here comes in, signs up or follows a link like a stranger."""
    return _mark(view, Door(PUBLIC))


def knowing(view: View) -> View:
    """Above `public`: whoever is signed in is known all the same."""
    return _mark(view, replace(view.__door__, knowing=True))  # type: ignore[attr-defined]


def customer(view: View) -> View:
    """A customer; a session is opened only once their address is confirmed."""
    return _mark(view, Door(CUSTOMER))


def operator(permission: Permission, *, fresh: bool = False) -> Callable[[View], View]:
    """A member of staff with this permission, looked up at each use."""
    return lambda view: _mark(view, Door(OPERATOR, permission, fresh=fresh))


def staff(view: View) -> View:
    """Any member of staff, for what is their own: no permission is asked for."""
    return _mark(view, Door(OPERATOR, own=True))


def fresh(view: View) -> View:
    """Above another mark: only after a second factor was proved a few minutes ago."""
    return _mark(view, replace(view.__door__, fresh=True))  # type: ignore[attr-defined]


def at(*stages: str) -> Callable[[View], View]:
    """Above another mark: also for a session that is not open yet and is at one of these stages."""
    return lambda view: _mark(view, replace(view.__door__, stages=frozenset(stages)))  # type: ignore[attr-defined]


def api(scope: Scope | None) -> Callable[[View], View]:
    """A program that speaks for a customer, and may do this; None for what every one may."""
    return lambda view: _mark(view, Door(API, scope=scope))


def vendor(view: View) -> View:
    """A vendor; the view checks the signature itself, over the raw bytes."""
    return _mark(view, Door(VENDOR))


class _Sessions(LoginManager):
    """Without the library's cookies: one of its own names would make anybody nobody. Who comes is for us to say."""

    def _load_user(self) -> None:
        self._update_request_context_with_user(_person_of())


def open_guard(app: Flask) -> None:
    """Stand at every door of the application."""
    manager = _Sessions()
    manager.session_protection = None  # it trusts a forged X-Forwarded-For; our sessions are rows
    manager.init_app(app, add_context_processor=False)  # layouts get the person from their face
    app.before_request(_say_for_whom)
    app.before_request(_only_look)
    app.before_request(_enforce)
    app.teardown_request(_widen)


def refuse_unmarked(app: Flask) -> None:
    """Raise RuntimeError when a door does not say who may enter."""
    unmarked = [rule.endpoint for rule in app.url_map.iter_rules() if door_of(app, rule.endpoint) is None]
    if unmarked:
        raise RuntimeError(f"doors that do not say who may enter: {', '.join(sorted(set(unmarked)))}")


def door_of(app: Flask, endpoint: str) -> Door | None:
    """What the view behind an endpoint says about who may enter; None when it says nothing."""
    if endpoint in FILES:
        return Door(PUBLIC)
    view = app.view_functions[endpoint]
    owner = getattr(view, "__self__", None)  # a read-only table of the console carries its door on its class
    marked = getattr(view, "__door__", None) or getattr(owner, "door", None)
    return marked or app.extensions.get("doors", {}).get(endpoint.partition(".")[0])


def owns() -> str | None:
    """The customer whom the operator at work is privately, if any: the one with the same address."""
    return customers.id_by_email_for_operators(current_user.email)


def actor() -> Actor:
    """Who acts in this request."""
    who, ip = current_user, request.remote_addr or ""
    view = g.get("view_as")  # it may write nothing; were it to, then not in the customer's name
    if who.is_authenticated:
        make = actors.operator if sides.console_side() or view else actors.customer
        return make(view.operator_id if view else who.id, request_id=g.request_id, ip=ip, session=who.session_id)
    return actors.system(f"door:{request.endpoint}", request_id=g.request_id, ip=ip)


def let_in(entry: Entry, *, audience: Audience, answer: BaseResponse) -> BaseResponse:
    """Hand the fresh session's token to the browser. The session it came with is over, what its cookie held is gone."""
    session.clear()
    if came_with := request.cookies.get(sides.cookie_name(audience), ""):
        with transaction(actor()):
            sessions.end_by_token(came_with, audience=audience)
    return hand_over(entry.token, audience=audience, answer=answer)


def hand_over(token: str, *, audience: Audience, answer: BaseResponse) -> BaseResponse:
    """Give the browser the session's new token; the one before it is dead already."""
    answer.set_cookie(
        sides.cookie_name(audience),
        token,
        max_age=int(SESSION_LIVES.total_seconds()),
        secure=sides.secure(),
        httponly=True,
        samesite="Strict" if audience is Audience.OPERATOR else "Lax",
    )
    return answer


def let_out(answer: BaseResponse, *, audience: Audience) -> BaseResponse:
    """End the session in our table and in the browser."""
    if current_user.is_authenticated:
        with transaction(actor()):
            identity_service.sign_out(current_user.session_id)
            if audience is Audience.OPERATOR:
                customers_service.end_views(current_user.id)
    session.clear()
    answer.delete_cookie(sides.cookie_name(audience), secure=sides.secure(), httponly=True)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def awaited() -> str | None:
    """The page that a session waits at until it is open; None when there is none that waits."""
    if current_user.is_authenticated or "waiting" not in g:
        return None
    return _waiting_room(g.waiting)


def _mark(view: View, door: Door) -> View:
    view.__door__ = door  # type: ignore[attr-defined]
    return view


def _say_for_whom() -> None:
    """Staff, vendors and public doors work for everyone; a customer's sees nobody's rows until it knows them."""
    g.owner_token = narrow(EVERYONE if _is_wide() else NOBODY)


def _is_wide() -> bool:
    door = _this_door()
    return sides.console_side() or (door is not None and door.audience in {PUBLIC, VENDOR})


def _person_of() -> Person | None:
    """Who it is. At a customer's door only this looks among everybody; from here on the request is theirs."""
    if _is_wide():
        return _found()
    with for_everyone():
        person = _found()
        leave()
    if person is not None:
        _widen(None)
        g.owner_token = narrow(person.id)
    return person


def _found() -> Person | None:
    if request.endpoint == "portal.open_view":
        return None  # (whoever was at home here: from now on it is somebody of ours, as somebody else)
    program, door = request.path.startswith("/api/"), _this_door()
    if not program and not sides.console_side() and (viewer := _viewer()):
        return viewer
    if door is not None and door.audience == PUBLIC and not door.knowing:
        return None
    if program:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        issuer = current_app.extensions["settings"].public_url
        seen = identity.bearer_for_system(token, issuer=issuer) if scheme.lower() == "bearer" else None
    else:
        token = request.cookies.get(sides.cookie_name(sides.audience()), "")
        seen = identity.seen_for_system(token, audience=sides.audience()) if token else None
    person = _person(seen) if seen else None
    if person is None or not person.stage:
        return person
    if door is not None and person.stage in door.stages:
        return person
    g.waiting = person.stage
    return None


def _this_door() -> Door | None:
    return door_of(current_app, request.endpoint) if request.endpoint else None


def _person(seen: identity.Seen) -> Person | None:
    if sides.console_side():
        staff = identity.operator_of(owner=seen.login_id)
        if staff is None:
            return None
        return Person(seen, person_id=staff.id, name=staff.name, roles=staff.roles, lent=staff.lent)
    known = customers.by_login(owner=seen.login_id)
    if known is None:
        return None
    return Person(seen, person_id=known.id, name=known.name, roles=[])


def _widen(_error: BaseException | None) -> None:
    if "owner_token" in g:
        widen(g.pop("owner_token"))


def _viewer() -> Person | None:
    """The customer as somebody of ours sees them, if somebody does."""
    found = view_as.looking(request.cookies.get(sides.cookie_name(Audience.OPERATOR), ""))
    if found is None:
        return None
    g.view_as, viewing, known = found
    seen = identity.Seen(viewing.id, known.login_id, "", enrolled=False, factor_at=None, password_at=viewing.opened_at)
    return Person(seen, person_id=known.id, name=known.name, roles=[])


def _only_look() -> None:
    """Who views as a customer changes nothing: not by method, and not in the database either."""
    if sides.console_side() or not view_as.token() or not current_user.is_authenticated or "view_as" not in g:
        return
    if request.endpoint == "portal.end_view":
        return
    if request.method not in {"GET", "HEAD"}:
        raise Forbidden("You look at this account as its customer sees it. Nothing can be changed from here.")
    read_only()


def _enforce() -> Response | BaseResponse | None:
    if request.endpoint is None:
        return None  # no such page: the error says so
    door = door_of(current_app, request.endpoint)
    if door is None:
        abort(403)
    if door.audience in {PUBLIC, VENDOR}:
        return None
    if not current_user.is_authenticated:
        return _turn_away(door)
    _check_rights(door)
    if "view_as" in g:
        return None  # (nothing is written, not even that a session is in use: there is nothing to prove)
    if door.fresh and not current_user.fresh and not (ENROL in door.stages and current_user.may_enrol):
        return step_up()
    polls = door.audience != API and request.method == "GET" and request.headers.get("HX-Request")
    if not polls:  # a page that polls is not somebody at work
        with transaction(actor()):
            _note_use()
    return None


def _check_rights(door: Door) -> None:
    if door.permission and door.permission not in current_user.permissions:
        raise errors.not_theirs(f"Your roles do not include {door.permission}.", permission=str(door.permission))
    if door.audience == OPERATOR and not door.permission and not door.own:
        abort(403)
    scopes = current_user.scopes
    if door.scope and scopes is not None and door.scope not in scopes:
        raise errors.not_theirs(f"This key may not do that: it lacks {door.scope}.", scope=str(door.scope))


def _note_use() -> None:
    if current_user.key_id:
        api_keys.used(current_user.key_id)
    if current_user.session_id:
        identity_service.touch(current_user.session_id)


def _turn_away(door: Door) -> BaseResponse:
    if door.audience == API:
        raise FactorStale if "waiting" in g else Unauthenticated
    if request.method == "GET" and not request.headers.get("HX-Request"):
        session["next"] = request.full_path.rstrip("?")
    return ways.lead(awaited() or url_for("console.sign_in" if door.audience == OPERATOR else "portal.sign_in"))


def step_up() -> BaseResponse:
    """Lead to where a factor is proved and back to the page they came from. What they asked for is not done."""
    door = _this_door() or Door(CUSTOMER)
    missing = PasswordStale() if ENROL in door.stages else FactorMissing()
    refused = FactorStale() if current_user.enrolled else missing
    if door.audience == API:
        raise refused
    whole = request.method == "GET" and not request.headers.get("HX-Request")  # (a part is no page to go back to)
    session["next"] = request.full_path.rstrip("?") if whole else ways.page_before()
    flash(refused.message, "warn")
    if isinstance(refused, PasswordStale):
        return ways.lead(url_for(f"{sides.face()}.prove_password"))
    return ways.lead(_waiting_room(PROVE if current_user.enrolled else ENROL))


def _waiting_room(stage: str) -> str:
    return url_for(f"{sides.face()}.prove" if stage == PROVE else f"{sides.face()}.factor_list")
