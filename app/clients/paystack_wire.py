"""How Paystack is spoken to: envelopes, lists in both their forms, its limits of calls, and what is asked only once.

Facts of the contract that shaped this file: `status` of the envelope is about the call, `data.status` about the
payment; a no is `{status: false, message}` with or without a code; lists come with offset or cursor meta; calls are
counted per kind over a minute. A 4xx that is not Paystack's own envelope is silence: something in between spoke.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from app.clients import paystack_refusals as refusals
from app.clients import paystack_values as values
from app.clients.breaker import Breaker, Pace
from app.clients.http import Answer, Http, Unreadable
from app.core import logs

log = logs.get("clients")
PAGE_SIZE = 100
PAGES_MAX = 2_000
PATIENCE_SECONDS = 2.0  # so long a read waits for its turn; whoever moves money comes again on their own
EXPORT_BYTES_MAX = 64 * 1024 * 1024
FILE_SECONDS = 60.0
NOTHING_THERE = frozenset({"", ".", ".."})  # as a part of a path these are another address
Made = TypeVar("Made")


class Wire:
    """The vendor at `base_url`, reached with our key."""

    def __init__(
        self,
        base_url: str,
        *,
        secret_key: str,
        connect_seconds: float = 3.0,
        read_seconds: float = 15.0,
        breaker: Breaker | None = None,
    ) -> None:
        self._secret_key = secret_key
        self._breaker, self._pace = breaker or Breaker(), Pace()
        self._http = Http(
            base_url,
            headers={"Authorization": f"Bearer {secret_key}"},
            connect_seconds=connect_seconds,
            read_seconds=read_seconds,
            circuit=self._breaker,
        )

    @property
    def rests(self) -> bool:
        """Whether Paystack has been silent for so long that it is left alone."""
        return self._breaker.rests

    def _ask(self, method: str, template: str, *parts: str, counted_by: str = "", **request: Any) -> dict[str, Any]:
        """The envelope of a call that Paystack agreed to. Raises Refused, by name, and Silent.

        `template` has `{}` for each of `parts`; calls are counted by it, and by what `counted_by` names.
        """
        if not NOTHING_THERE.isdisjoint(parts):
            raise refusals.BadReference(HTTPStatus.BAD_REQUEST, "bad_reference", "That cannot be a reference.")
        route, path = f"{method} {template} {counted_by}", template.format(*(quote(part, safe="") for part in parts))
        patience = PATIENCE_SECONDS if method == "GET" else 0.0
        self._await_turn(route, patience)
        answer = self._http.exchange(method, path, **request)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS and self._one_too_many(route, answer) <= patience:
            self._await_turn(route, patience)
            answer = self._http.exchange(method, path, **request)
        if answer.headers.get("x-ratelimit-remaining") == "0":  # the next one would be refused
            self._pace.hold(route, seconds=refusals.resets_in(answer.headers))
        return _opened(answer, template)

    def _await_turn(self, route: str, patience: float) -> None:
        wait = self._pace.wait(route)
        if wait > patience:
            raise refusals.too_many({"x-ratelimit-reset": str(int(wait) + 1)})
        if wait:
            time.sleep(wait)

    def _one_too_many(self, route: str, answer: Answer) -> float:
        """Note until when this kind of call is one too many; how long that is."""
        if isinstance(refusals.named(answer.status, answer.headers, answer.read() or {}), refusals.ResolveLimit):
            return float("inf")  # a day's limit, of test keys alone: other accounts are not meant by it
        seconds = refusals.resets_in(answer.headers)
        self._pace.hold(route, seconds=seconds)
        return seconds

    def _get(self, maker: Callable[[values.Row], Made], template: str, *parts: str, **query: Any) -> Made:
        return values.read(maker, self._ask("GET", template, *parts, params=query or None).get("data"))

    def _post(self, maker: Callable[[values.Row], Made], template: str, *parts: str, **body: Any) -> Made:
        return values.read(maker, self._ask("POST", template, *parts, json=body).get("data"))

    def _find(self, maker: Callable[[values.Row], Made], template: str, *parts: str) -> Made | None:
        """What is there, or None when Paystack does not know it."""
        if not NOTHING_THERE.isdisjoint(parts):
            return None
        try:
            return self._get(maker, template, *parts)
        except refusals.Refused as refusal:
            # "not found" comes as 404, for charges also as 400 with a code or only words (contract, section 1)
            if refusal.status == HTTPStatus.NOT_FOUND or isinstance(refusal, refusals.TransactionNotFound):
                return None
            raise

    def _list(
        self,
        maker: Callable[[values.Row], Made],
        template: str,
        *parts: str,
        query: Mapping[str, str | None] | None = None,
        cursor: bool = False,
    ) -> Iterator[Made]:
        """Every row, page by page, each once: what is new meanwhile pushes others onto the next page.

        `cursor` asks for the form that does not shift; the answer says which form it is, whatever was asked.
        """
        asked = {"perPage": PAGE_SIZE, **{name: value for name, value in (query or {}).items() if value is not None}}
        turn: dict[str, Any] = {"use_cursor": "true"} if cursor else {"page": 1}
        seen: set[str] = set()
        for page in range(1, PAGES_MAX + 1):
            answer = self._ask("GET", template, *parts, params={**asked, **turn})
            rows = answer.get("data")
            if not isinstance(rows, list):
                raise Unreadable
            for row in rows:
                key = _key(row)
                if key not in seen:
                    yield values.read(maker, row)
                seen.add(key)
            following = _next(answer.get("meta"), page, full=len(rows) >= PAGE_SIZE)
            if following is None:
                return
            if following == turn:
                raise Unreadable(f"{template} goes round in a circle")
            turn = following
        raise Unreadable(f"{template} has more than {PAGES_MAX} pages")

    def _export(self, template: str, *, since: datetime | None, until: datetime | None) -> bytes:
        """A file of rows. Its address lives for a minute, so it is fetched at once, without our key."""
        query = {name: value for name, value in between(since, until).items() if value is not None}
        address = self._get(lambda row: values.must(row, "path"), template, **query)
        return self._http.elsewhere("GET", address, bytes_max=EXPORT_BYTES_MAX, seconds=FILE_SECONDS)


def between(since: datetime | None, until: datetime | None) -> dict[str, str | None]:
    """The query for what was made between two times."""
    return {"from": values.written(since) if since else None, "to": values.written(until) if until else None}


def _opened(answer: Answer, template: str) -> dict[str, Any]:
    body = answer.read()
    if body is not None and answer.ok and body.get("status") in (True, "success"):
        return body
    if not answer.ok and body is not None and body.get("status") is False:
        raise refusals.named(answer.status, answer.headers, body)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:  # (whoever says so did not let the call through)
        raise refusals.too_many(answer.headers)
    log.warning("vendor is unreadable", extra={"facts": {"path": template, "http_status": answer.status}})
    raise Unreadable


def _key(row: Any) -> str:
    """What tells a row from the others of its list."""
    if not isinstance(row, dict):
        raise Unreadable
    return str(values.either(row, "id", "reference", "code", "transfer_code") or row)


def _next(meta: Any, page: int, *, full: bool) -> dict[str, Any] | None:
    """What to ask for after a page, None at the end: by the form of the meta; without one, until a short page."""
    if not isinstance(meta, dict):
        return {"page": page + 1} if full else None
    following = meta.get("next")
    if following and following != "null":  # (one recorded sample has the word for none)
        return {"use_cursor": "true", "next": str(following)}
    pages = str(meta.get("pageCount") or 0)
    return {"page": page + 1} if pages.isascii() and pages.isdigit() and page < int(pages) else None
