"""What people type stays where it belongs: not in a log line, not in Redis, not in the history of states or of work.

Values that look like secrets and like a person's numbers, and a text that tries to begin a log line of its own, are put
into every form, query and JSON body there is. Which there are is read from the pages, the code and openapi.yaml.
"""

import ast
import hmac
import io
import json
import logging
import re
import secrets
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from hashlib import sha512
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import yaml
from flask import Flask, request
from flask.testing import FlaskClient
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import update
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from app.core import actor, clock, logs
from app.core.db import db, leave, rows, set_waker, transaction
from app.core.permissions import granted
from app.factory import create_app
from app.identity import factors, queries, renewal, service
from app.identity.models import SignedIn
from app.identity.rules import Audience
from app.web import guards
from config import Settings
from dev.business import MAIL, SECRET, STAFF, Business
from dev.embedded import Servers
from jobs import runtime
from jobs.queues import QUEUES, Waker
from tests.makers import forms
from tests.makers.client import Browser
from tests.makers.databases import fresh_database
from tests.makers.environment import environment
from tests.makers.forms import Field, Form
from tests.makers.house import redis_database
from tests.makers.sandbox import SECRET as VENDOR_SECRET
from tests.makers.sandbox import SandboxProcess

# The walk is one fixture of some thousand requests: on a busy machine it takes its time.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("canaries"), pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
TEST = actor.system("test")
DAYS, CUSTOMERS = 1, 7
OWN_REDIS = 13
ENOUGH = 2  # people who looked at pages of a kind: what is on it depends on who looks
WEB = ROOT / "app" / "web"
# flask-admin's own doors, which its tables keep closed, and files.
CLOSED = re.compile(r"\.(action_view|ajax_update|create_view|delete_view|edit_view|static)$")


@dataclass(frozen=True)
class Canaries:
    """Values that are nowhere else in the house."""

    bvn: str = field(default_factory=lambda: f"22{secrets.randbelow(10**9):09d}")
    account: str = field(default_factory=lambda: f"7{secrets.randbelow(10**9):09d}")
    bearer: str = field(default_factory=lambda: f"tok{secrets.token_hex(9)}")
    password: str = field(default_factory=lambda: f"Kanari {secrets.token_hex(6)}")
    mark: str = field(default_factory=lambda: f"forged{secrets.token_hex(6)}")

    @property
    def numbers(self) -> str:
        return f"{self.bvn} {self.account} Bearer {self.bearer}"

    @property
    def text(self) -> str:
        """All that is not a password, and a line of a log, in red."""
        return f'{self.numbers} x\r\n{{"level": "error", "message": "{self.mark}"}}\n\x1b[31m{self.mark}'

    @property
    def secret(self) -> tuple[str, ...]:
        """What may be nowhere at all."""
        return (self.bvn, self.account, self.bearer, self.password)

    @property
    def all(self) -> tuple[str, ...]:
        """With what is no secret, and in no line of a log either."""
        return (*self.secret, self.mark)

    def sings_in(self, words: str) -> bool:
        """Whether any of it is there."""
        return any(each in words for each in self.all)

    def fit(self, wanted: Field) -> str:
        """What somebody would type there, as far as the page lets them."""
        if wanted.kind == "password":
            return self.password
        if wanted.kind == "email":
            return f"{self.mark}@{MAIL}"
        if wanted.digits:
            return (self.account if wanted.length != len("000000") else self.bvn)[: wanted.length]
        if wanted.name.startswith("amount"):
            return "1500"
        if wanted.kind in {"text", "search", "textarea", "tel"}:
            return self.text[: wanted.length]
        return wanted.value


@dataclass
class Actor:
    """Somebody with a browser, who is let in again whenever a door has put them out."""

    name: str
    client: FlaskClient
    login_id: str = ""
    audience: Audience = Audience.CUSTOMER
    role: str = ""
    token: str = ""
    form_token: str = ""

    def sit_down(self) -> None:
        """A fresh session, with a factor proved just now."""
        if not self.login_id:
            return
        with transaction(TEST):
            if not queries.enrolled(owner=self.login_id):
                factors.provide_app(self.login_id, secret=SECRET)
            entry = service.open_session(self.login_id, audience=self.audience, device=service.Device("test"))
            mine = update(SignedIn).where(SignedIn.id == entry.session_id)
            db.session.execute(mine.values(factor_at=clock.now()))
        leave()
        self.token = entry.token
        self.client.set_cookie("bursar_console" if self.audience is Audience.OPERATOR else "bursar", entry.token)


class Walk:
    """Everybody through every door, with canaries in hand. `reached` are the doors whose own code was come to."""

    def __init__(self, app: Flask, canaries: Canaries) -> None:
        self.app, self.canaries = app, canaries
        self.reached: dict[tuple[str, str], int] = {}
        self.mailed: set[str] = set()
        self._addresses = app.url_map.bind("localhost")
        self._seen: set[tuple[str, str]] = set()
        self._sent: set[tuple[str, str]] = set()
        self._asked = {""}
        self._looked = Counter[str]()
        app.before_request(self._note)  # the last of them: after host, token and guard have let the request through

    def endpoint(self, path: str, method: str) -> str:
        """Whose address that is; nothing when it is none of ours."""
        try:
            return str(self._addresses.match(urlsplit(path).path, method=method)[0])
        except HTTPException:
            return ""

    def look_round(self, who: Actor, *starts: str) -> list[Form]:
        """Follow every link to a kind of page that was not looked at yet: the forms that stand there."""
        who.sit_down()
        waiting, found = list(starts), list[Form]()
        while waiting:
            path = waiting.pop(0)
            kind = self._kind(path)
            if (
                path.startswith("/static/")
                or (who.name, kind) in self._seen
                or (self._looked[kind] >= ENOUGH and path not in starts)
            ):
                continue
            self._seen.add((who.name, kind))
            self._looked[kind] += 1
            answer = who.client.get(path)
            if answer.status_code == 303:
                waiting.append(urljoin(path, answer.location))
            if answer.status_code == 200:
                self._ask(who, path)
            if answer.mimetype == "text/html":
                here, links, words = forms.read(answer.text, path=path)
                self.mailed |= set(re.findall(r"http://localhost(/\S+/[\w-]{20,})", words))
                found += here
                to = [urlsplit(urljoin(f"http://localhost{path}", link)) for link in dict.fromkeys(links)]
                waiting += [f"{one.path}?{one.query}" for one in to if one.netloc == "localhost"]
        return found

    def send(self, who: Actor, form: Form) -> None:
        """Fill a form in as somebody would who reads it, and then with the text in every field of it."""
        endpoint = self.endpoint(form.action, form.method)
        if not endpoint or (form.method, endpoint) in self._sent:
            return
        for fill in (self.canaries.fit, lambda _: self.canaries.text):
            typed = {each.name: fill(each) for each in form.fields if each.name != "csrf_token"}
            if form.method == "GET":
                who.client.get(urlsplit(form.action).path, query_string=typed)
            else:
                self.post(who, form, data=typed)
        if (form.method, endpoint) in self.reached:
            self._sent.add((form.method, endpoint))

    def post(self, who: Actor, form: Form, **body: Any) -> None:
        """Send something to a form's address; once more with a fresh session and token when it was not come to."""
        door = ("POST", self.endpoint(form.action, "POST"))
        for _ in range(2):
            headers = {"X-CSRFToken": who.form_token, "Referer": f"http://localhost{form.page}"}
            before = self.reached.get(door, 0)
            who.client.post(form.action, headers=headers, **body)
            if self.reached.get(door, 0) > before:
                return
            who.sit_down()
            who.form_token = self._token(who)

    def knock(self, who: Actor, rule: Rule, method: str) -> None:
        """Call a door that no page led to, with the text wherever its path and its bodies could have a name."""
        token = self.canaries.bearer
        parts = {name: 1 if "Integer" in type(kind).__name__ else token for name, kind in rule._converters.items()}
        path = self._addresses.build(rule.endpoint, parts, method=method)
        if method == "GET":
            who.sit_down()
            who.client.get(path, query_string={"id": self.canaries.text})
            return
        sent = dict.fromkeys(asked_for(WEB), self.canaries.text)
        self.post(who, Form("/", "POST", path), data=sent)
        self.post(who, Form("/", "POST", path), json=sent | {"credential": sent | {"response": sent}})

    def _ask(self, who: Actor, path: str) -> None:
        """Put the text into every query argument that the page's module knows of; one by one, if a first is refused."""
        endpoint = self.endpoint(path, "GET")
        if endpoint not in self._asked:
            self._asked.add(endpoint)
            module = sys.modules[getattr(self.app.view_functions[endpoint], "__module__", __name__)]
            names = sorted(asked_for(Path(str(module.__file__))))
            whole = who.client.get(urlsplit(path).path, query_string=dict.fromkeys(names, self.canaries.text))
            for name in names if whole.status_code != 200 else ():
                who.client.get(urlsplit(path).path, query_string={name: self.canaries.text})

    def _token(self, who: Actor) -> str:
        home = ("/deposit" if who.audience is Audience.CUSTOMER else "/console/account") if who.login_id else "/sign-up"
        found, _, _ = forms.read(who.client.get(home).text, path=home)
        return next((each.value for one in found for each in one.fields if each.name == "csrf_token"), "")

    def _note(self) -> None:
        door = (request.method, str(request.endpoint))
        self.reached[door] = self.reached.get(door, 0) + 1

    def _kind(self, path: str) -> str:
        """What is the same for two addresses of one kind of page."""
        parts = urlsplit(path)
        endpoint = self.endpoint(path, "GET")
        names = re.sub(r"=[^&]*", "", parts.query) if "view=" not in parts.query else parts.query
        return f"{endpoint or parts.path} {names}"


@cache
def asked_for(where: Path) -> frozenset[str]:
    """The names that code asks a request for: the texts in `….get("name")` and `_text(body, "name")`. Read once."""
    found = set[str]()
    for path in where.rglob("*.py") if where.is_dir() else [where]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".get", ".getlist", "_text")):
                found |= {str(each.value) for each in node.args if isinstance(each, ast.Constant)}
    return frozenset(name for name in found if name.isidentifier())


def kept_in(redis: Redis) -> Iterator[str]:
    """Every key with everything in it, what RQ has packed unpacked."""
    read: dict[bytes, Callable[[bytes], Any]] = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"stream": redis.xrange,
    }
    for key in redis.scan_iter():
        yield key.decode(errors="replace")
        yield from map(unpacked, leaves(read[bytes(redis.type(key))](key)))  # type: ignore[arg-type]


def leaves(value: Any) -> Iterator[bytes]:
    """The bytes in whatever a key holds."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        yield from (one for pair in value.items() for each in pair for one in leaves(each))
    elif isinstance(value, list | set | tuple):
        yield from (one for each in value for one in leaves(each))


def unpacked(value: bytes) -> str:
    """The text of it, also of what was compressed."""
    try:
        return zlib.decompress(value).decode(errors="replace")
    except zlib.error:
        return value.decode(errors="replace")


def forged(written: str) -> list[str]:
    """Lines that are not one JSON object of ours, or that bring a terminal's own signs."""

    def ours(line: str) -> bool:
        try:
            return line.isprintable() and {"at", "level", "logger", "message"} <= json.loads(line).keys()
        except ValueError:
            return False

    return [line for line in written.splitlines() if not ours(line)]


def history() -> list[str]:
    """Every row of what the house keeps of states, of work and of news, as text."""
    statement = (
        "SELECT to_jsonb(moves)::text AS kept FROM moves UNION ALL SELECT to_jsonb(tasks)::text FROM tasks"
        " UNION ALL SELECT to_jsonb(outbox)::text FROM outbox"
    )
    found = [row.kept for row in rows(statement)]
    leave()
    return found


@dataclass
class After:
    """What is there when everybody has been everywhere."""

    walk: Walk
    canaries: Canaries
    written: str
    redis: list[str]
    jobs: list[Any]
    history: list[str]


@pytest.fixture(scope="module")
def after(app: Flask, given: Servers, home: Path) -> Iterator[After]:
    """Live through the walk once. The lines of the log are those of the house itself, as it writes them at DEBUG."""
    before, level, stderr, heard = logging.root.handlers[:], logging.root.level, sys.stderr, io.StringIO()
    book = home / "canaries.sqlite3"
    with SandboxProcess(book) as vendor, fresh_database(given, home) as made:
        own = {"REDIS_URL": redis_database(given.redis_url, OWN_REDIS)}
        house = create_app(Settings.from_env(environment(made, given, vendor) | own))
        house.test_client_class = Browser
        redis = house.extensions["redis"]
        redis.flushdb()
        with house.app_context():
            for _ in Business(house, vendor_url=vendor.url, days=DAYS, customers=CUSTOMERS).live():
                pass
            sys.stderr = heard
            logs.configure("DEBUG")
            try:
                yield look_after(house, redis, heard)
            finally:
                sys.stderr = stderr
                logging.root.handlers[:] = before
                logging.root.setLevel(level)
                set_waker(Waker(app.extensions["redis"]).relay)
                leave()
                db.engine.dispose()
                redis.flushdb()
                redis.close()


def look_after(house: Flask, redis: Redis, heard: io.StringIO) -> After:
    """Walk, let the queue and the workers do what they do, and gather what is left."""
    walk = Walk(house, Canaries())
    people = crew(house)
    with transaction(TEST):
        renewal.ask(f"customer@{MAIL}", audience=Audience.CUSTOMER)
    runtime.drain(house)  # what it mails lies in the console's mailbox, where the walk finds its address
    everywhere(walk, people)
    jobs = [job for name in QUEUES for job in Queue(name, connection=redis, serializer=JSONSerializer).jobs]
    in_redis = list(kept_in(redis))
    runtime.drain(house, horizon=timedelta(minutes=1))
    return After(walk, walk.canaries, heard.getvalue(), in_redis, jobs, history())


def crew(house: Flask) -> list[Actor]:
    """Somebody of each kind: nobody, two customers, one of staff for each role."""
    found = [Actor("nobody", house.test_client())]
    for mailbox in ("customer", "newcomer"):
        login = queries.login_by_address_for_system(f"{mailbox}@{MAIL}", audience=Audience.CUSTOMER)
        found.append(Actor(mailbox, house.test_client(), str(login)))
    for mailbox, role in {role: (mailbox, role) for _, mailbox, role in STAFF}.values():
        login = queries.login_by_address_for_system(f"{mailbox}@{MAIL}", audience=Audience.OPERATOR)
        found.append(Actor(mailbox, house.test_client(), str(login), Audience.OPERATOR, role))
    leave()
    return found


def everywhere(walk: Walk, people: list[Actor]) -> None:
    """Every page and form of each of them; then the doors that no page led to; then programs and the vendor."""
    for who in [*people, people[0]]:
        nobodys = ["/", "/console/sign-in", "/confirm-email", *sorted(walk.mailed)]
        starts = nobodys if not who.login_id else ["/console/" if who.audience is Audience.OPERATOR else "/"]
        found = walk.look_round(who, *starts)
        for form in sorted(found, key=lambda form: -form.typed):  # what is only pressed may end what is typed
            walk.send(who, form)
    programs(walk, people[1])
    vendor(walk)
    for rule in walk.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if (method, rule.endpoint) not in walk.reached and not CLOSED.search(rule.endpoint):
                knock(walk, people, rule, method)


def knock(walk: Walk, people: list[Actor], rule: Rule, method: str) -> None:
    """The first who is let in goes in."""
    door = guards.door_of(walk.app, rule.endpoint)
    assert door
    for who in people:
        fits = door.audience in {guards.PUBLIC, who.audience if who.login_id else ""}
        if fits and (door.permission is None or door.permission in granted([who.role])):
            walk.knock(who, rule, method)
            return


def programs(walk: Walk, who: Actor) -> None:
    """What openapi.yaml describes, with its bodies and arguments filled from their schemas."""
    described = yaml.safe_load(who.client.get("/api/v1/openapi.yaml").text)
    schemas = described["components"]["schemas"]
    for path, methods in described["paths"].items():
        for method, door in methods.items():
            who.sit_down()
            headers = {"Authorization": f"Bearer {who.token}", "Idempotency-Key": secrets.token_hex(8)}
            place = re.sub(r"{\w+}", walk.canaries.bearer, path)
            query = {
                each["name"]: walk.canaries.text for each in door.get("parameters", []) if each.get("in") == "query"
            }
            for body in bodies(door, schemas, walk.canaries):
                who.client.open(place, method=method.upper(), headers=headers, query_string=query, json=body)
            who.sit_down()
            headers = {"Authorization": f"Bearer {who.token}", "Idempotency-Key": walk.canaries.numbers}
            for body in bodies(door, schemas, walk.canaries):
                who.client.open(place, method=method.upper(), headers=headers, json=body)
            who.client.open(place, method=method.upper(), headers={"Authorization": f"Bearer {walk.canaries.bearer}"})


def bodies(door: dict[str, Any], schemas: dict[str, Any], canaries: Canaries) -> Iterator[dict[str, Any] | None]:
    """A body of texts, then one that is right but for its texts; nothing, where the door takes nothing."""
    content = door.get("requestBody", {}).get("content", {}).get("application/json", {})
    if not content:
        yield None
        return
    schema = schemas[content["schema"]["$ref"].rpartition("/")[2]]
    yield dict.fromkeys(schema["properties"], canaries.text)
    right = {"amount": {"asset": "NGN", "units": "150000"}, "password": canaries.password}
    yield dict.fromkeys(schema["properties"], canaries.numbers) | {
        name: value for name, value in right.items() if name in schema["properties"]
    }


def vendor(walk: Walk) -> None:
    """A signed event with the texts in it, an unsigned one, and what a browser reports of a page's address."""
    client, text = walk.app.test_client(), walk.canaries.text
    data = {"reference": text, "id": text, "amount": 150_000, "currency": "NGN", "customer": {"email": text}}
    for event in ("charge.success", "transfer.success", walk.canaries.numbers):
        body = json.dumps({"event": event, "data": data}).encode()
        signature = hmac.new(VENDOR_SECRET.encode(), body, sha512).hexdigest()
        for signed in (signature, walk.canaries.bearer):
            client.post("/callbacks/paystack", data=body, headers={"x-paystack-signature": signed})
    for path in ("/", "/reset-password/", "/console/join/", "/stop-recovery/", "/nowhere/"):
        address = f"http://localhost{path}{walk.canaries.bearer}?token={text}"
        named = {"effective-directive": text, "blocked-uri": address, "document-uri": address}
        client.post("/csp-report", json={"csp-report": named})


def test_nothing_of_it_is_left_anywhere(after: After) -> None:
    assert after.written.count("\n") > 30  # or nobody listened
    assert after.redis
    assert after.jobs
    assert left(after) == {}


def left(after: After) -> dict[str, list[Any]]:
    """Where something is that should not be, and what. One test asks for all of it: the walk is long."""
    doors = {
        (method, rule.endpoint)
        for rule in after.walk.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not CLOSED.search(rule.endpoint)
    }
    found: dict[str, list[Any]] = {
        "doors that nobody came through": sorted(doors - after.walk.reached.keys()),
        "lines of the log": [line for line in after.written.splitlines() if after.canaries.sings_in(line)],
        "lines that are not the house's own": list(forged(after.written)),
        "Redis": [one for one in after.redis if after.canaries.sings_in(one)],
        "jobs that carry more than numbers": [job for job in after.jobs if not carries_numbers_alone(job)],
        "history": [one for one in after.history for each in after.canaries.secret if each in one],
    }
    return {where: what for where, what in found.items() if what}


def carries_numbers_alone(job: Any) -> bool:
    """Whether a job in the queue says nothing but which work it is."""
    numbers = all(isinstance(each, int) for each in job.args)
    return numbers and job.description == job.func_name and not job.kwargs and not job.meta


class TestTheSearch:
    """It would find what it looks for."""

    @pytest.mark.parametrize(
        "line",
        [
            "plain words",
            '{"level": "error", "message": "x"}',
            '{"at": "x", "level": "x", "logger": "x", "message": "\x1b[31m"}',
        ],
    )
    def test_knows_a_line_that_is_not_ours(self, line: str) -> None:
        assert forged(line) == [line]

    def test_knows_one_of_ours(self) -> None:
        assert forged('{"at": "x", "level": "x", "logger": "x", "message": "₦ [31m"}') == []

    def test_looks_into_whatever_redis_keeps(self, given: Servers) -> None:
        with Redis.from_url(redis_database(given.redis_url, OWN_REDIS + 1)) as redis:
            redis.flushdb()
            redis.set("a-word", "in a word")
            redis.hset("a-hash", "in a field", zlib.compress(b"in a packed value"))
            redis.rpush("a-list", "in a list")
            redis.sadd("a-set", "in a set")
            redis.zadd("a-sorted-set", {"in a sorted set": 1})
            redis.xadd("a-stream", {"in a stream": "x"})
            found = "|".join(kept_in(redis))
            redis.flushdb()
        for place in ("a-word", "in a word", "field", "packed value", "in a list", "in a set", "sorted set", "stream"):
            assert place in found

    def test_reads_what_code_asks_for(self, tmp_path: Path) -> None:
        (tmp_path / "door.py").write_text('a = request.args.get("before")\nb = _text(body, "code")\nc = other("not")\n')
        assert asked_for(tmp_path) == {"before", "code"}
