"""Phone numbers: said at sign-up, confirmed by a code in a text message, changed.

Whether a number is somebody else's already is looked up away from the door: the door answers the same for each, the
code of such a number is never sent, and it stays unconfirmed.
"""

from contextlib import suppress
from datetime import timedelta

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    format_number,
    is_valid_number,
    number_type,
    parse,
)
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app.core import clock, crypto, ids, outbox
from app.core.db import db
from app.core.errors import NotFound
from app.identity import codes, errors, events, queries, rules, security
from app.identity.models import Code, Login, Phone

REGION = "NG"  # of numbers that do not say their country
TYPED_MAX = 40
_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


def canonical(typed: str) -> str:
    """One spelling per number, `+234…`. Raises BadPhone for what is no mobile number."""
    try:
        number = parse(typed[:TYPED_MAX], REGION)
    except NumberParseException as error:
        raise errors.BadPhone from error
    if number.extension or not is_valid_number(number) or number_type(number) not in _MOBILE:
        raise errors.BadPhone
    return str(format_number(number, PhoneNumberFormat.E164))


def login_for_system(number: str) -> str | None:
    """The login whose confirmed number this is (in its one spelling), if it is somebody's."""
    same = Phone.number_index == crypto.blind_index(number, kind="phone")
    counting = select(Phone.login_id).where(same, Phone.confirmed_at.is_not(None), Phone.replaced_at.is_(None))
    return db.session.scalars(counting).one_or_none()


def put(login_id: str, *, number: str) -> str:
    """Note a number (in its one spelling) that waits for its code, in place of an earlier one that waits: its id.

    A confirmed number counts until this one is confirmed.
    """
    phone_id, moment = ids.new("ph"), clock.now()
    waiting = (Phone.login_id == login_id) & Phone.confirmed_at.is_(None) & Phone.replaced_at.is_(None)
    db.session.execute(update(Phone).where(waiting).values(replaced_at=moment))
    db.session.add(
        Phone(
            id=phone_id,
            login_id=login_id,
            number_sealed=crypto.seal(number, context=phone_id),
            number_index=crypto.blind_index(number, kind="phone"),
            created_at=moment,
        )
    )
    db.session.flush()
    return phone_id


def change(login_id: str, *, number: str) -> None:
    """As `put`, for a login that others may be at work on."""
    _one_at_a_time(login_id)
    put(login_id, number=number)


def issue_code(login_id: str) -> None:
    """Make a code for the number that waits, and have it sent. Raises NotFound, CodesTooFast, CodesSpent."""
    _one_at_a_time(login_id)  # (both cannot be the last of the day)
    phone = queries.waiting_phone(owner=login_id)
    if phone is None:
        raise NotFound
    if not codes.may_follow(login_id, to_phone=True):
        raise errors.CodesTooFast
    if codes.of_today(login_id) >= rules.PHONE_CODES_OF_A_LOGIN:
        raise errors.CodesSpent
    code_id = codes.make(login_id, phone_id=phone.id)
    outbox.emit(events.PhoneCodeIssued(code_id=code_id, phone_id=phone.id))


def may_be_sent(code_id: str) -> bool:
    """Whether this code may go out: its number waits still, is nobody's yet, and was not written to too often today.

    The limit of a number is not told at the door, where it would say that somebody else asked.
    """
    code = db.session.get_one(Code, code_id)
    phone = db.session.get_one(Phone, code.phone_id)
    if phone.confirmed_at is not None or phone.replaced_at is not None or _is_taken(phone):
        return False
    lately = Code.created_at > clock.now() - timedelta(days=1)
    before = (Phone.number_index == phone.number_index) & lately & (Code.id < code.id)
    sent = select(func.count()).select_from(Code).join(Phone, Phone.id == Code.phone_id).where(before)
    return (db.session.scalar(sent) or 0) < rules.PHONE_CODES_TO_A_NUMBER


def confirm(login_id: str, *, code: str) -> bool:
    """Use the newest code of the number that waits. False for a wrong, spent or old one, and for another's number.

    A wrong try is counted, so the caller commits either way.
    """
    _one_at_a_time(login_id)
    phone = queries.waiting_phone(owner=login_id)
    row = codes.live(login_id, phone_id=phone.id) if phone else None
    if phone is None or row is None:
        return False
    row.tries += 1
    db.session.flush()
    if not codes.matches(row, typed=code) or _is_taken(phone):
        return False
    row.used_at = clock.now()
    # Of two who confirm one number at the same time the database lets one: for the other the code is wrong.
    with suppress(IntegrityError), db.session.begin_nested():
        _count(phone)
        return True
    return False


def _one_at_a_time(login_id: str) -> None:
    """Who changes a login's numbers waits for whoever does so; rows that point to the login may be written beside."""
    db.session.execute(select(Login.id).where(Login.id == login_id).with_for_update(key_share=True))


def _count(phone: Phone) -> None:
    moment = clock.now()
    before = queries.counting_phone(owner=phone.login_id)
    if before is not None:
        before.replaced_at = moment
        db.session.flush()
        security.note_change(phone.login_id, of=security.CONTACT)
        outbox.emit(events.PhoneChanged(old_phone_id=before.id, login_id=phone.login_id))
    phone.confirmed_at = moment
    outbox.emit(events.PhoneConfirmed(phone_id=phone.id, login_id=phone.login_id))
    db.session.flush()


def _is_taken(phone: Phone) -> bool:
    same = (Phone.number_index == phone.number_index) & Phone.confirmed_at.is_not(None) & Phone.replaced_at.is_(None)
    others = select(Phone.id).where(same, Phone.login_id != phone.login_id)
    return db.session.scalars(others.limit(1)).first() is not None
