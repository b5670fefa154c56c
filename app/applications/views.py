"""Who opened an application is written down; and everybody keeps their own ways to look at a queue, this or another."""

from collections.abc import Mapping
from urllib.parse import urlencode

from sqlalchemy import func, select

from app.applications import errors
from app.applications.models import SavedView, View
from app.core import clock, ids
from app.core.db import db
from app.core.errors import NotFound

SAVED_MAX = 20
NAME_MAX = 40
FILTERS_MAX = 500
APPLICATIONS, WITHDRAWALS = "applications", "withdrawals"  # the queues


def note_view(application_id: str, *, operator_id: str) -> None:
    """Write down that somebody opens it, with everything personal that stands in it."""
    db.session.add(
        View(id=ids.new("apv"), application_id=application_id, operator_id=operator_id, viewed_at=clock.now())
    )
    db.session.flush()


def save(name: str, filters: Mapping[str, str], *, operator_id: str, queue: str = APPLICATIONS) -> SavedView:
    """Keep a way to look at the queue; under a name that there is, in its place. Raises BadViewName, TooManySaved."""
    words, wanted = _named(name), urlencode(filters)[:FILTERS_MAX]
    # Of two clicks at the same time the second sees what the first has left.
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"saved_views:{operator_id}"))))
    kept = saved(owner=operator_id, queue=queue)
    there = next((one for one in kept if one.name == words), None)
    if there is not None:
        there.filters = wanted
        return there
    if len(kept) >= SAVED_MAX:
        raise errors.TooManySaved
    view = SavedView(
        id=ids.new("svw"),
        operator_id=operator_id,
        queue=queue,
        name=words,
        filters=wanted,
        created_at=clock.now(),
    )
    db.session.add(view)
    db.session.flush()
    return view


def rename(view_id: str, name: str, *, owner: str) -> None:
    """Call a kept one otherwise. Raises NotFound, BadViewName."""
    view, words = _one(view_id, owner=owner), _named(name)
    if any(other.name == words and other.id != view_id for other in saved(owner=owner, queue=view.queue)):
        raise errors.BadViewName("You have one of that name.")
    view.name = words
    db.session.flush()


def forget(view_id: str, *, owner: str) -> None:
    """Keep it no longer. Raises NotFound."""
    db.session.delete(_one(view_id, owner=owner))
    db.session.flush()


def saved(*, owner: str, queue: str = APPLICATIONS) -> list[SavedView]:
    """What somebody keeps of a queue, by name."""
    theirs = select(SavedView).filter_by(operator_id=owner, queue=queue)
    return list(db.session.scalars(theirs.order_by(SavedView.name)))


def _one(view_id: str, *, owner: str) -> SavedView:
    found = db.session.scalars(select(SavedView).filter_by(id=view_id, operator_id=owner)).one_or_none()
    if found is None:
        raise NotFound
    return found


def _named(name: str) -> str:
    words = " ".join(name.split())
    if not 1 <= len(words) <= NAME_MAX or not words.isprintable():
        raise errors.BadViewName
    return words
