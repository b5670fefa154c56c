"""Work of matching: what is new in each account that somebody else keeps for us, and all of it once a night."""

from collections.abc import Iterable
from datetime import timedelta

from app.core.actor import Actor
from app.core.db import atomically
from app.matching import flows, queries, service
from jobs.work import Work, each


def new(work: Work) -> timedelta | None:
    """Match what was told or booked since the last time: everywhere, or in the accounts that were heard of."""
    source, account = work.facts.get("source_id"), work.facts.get("account")
    heard_of = queries.accounts_of_source_for_system(source) if source else [account] if account else None
    _match_each(queries.accounts_for_system() if heard_of is None else heard_of, work)
    return None


def whole(work: Work) -> timedelta | None:
    """Match everything that is open anew: rules that look far have all before them."""
    _match_each(queries.accounts_for_system(), work, whole=True)
    return None


def try_rules(work: Work) -> timedelta | None:
    """Try rules on an account, and keep what they would change there."""
    flows.try_rules(work.facts["trial_id"], actor=work.actor)
    return None


def _match_each(accounts: Iterable[str], work: Work, *, whole: bool = False) -> None:
    each(accounts, lambda one: atomically(lambda: _match(one, whole=whole, actor=work.actor), actor=work.actor))


def _match(account: str, *, whole: bool, actor: Actor) -> None:
    rules, version = queries.rules_for_operators(account)
    why = "everything" if whole else "what is new"
    service.run(account, rules=rules, version=version, whole=whole, why=why, actor=actor)
