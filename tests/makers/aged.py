"""Rows whose time may be over: one of each class that retention knows, that ended at a moment, about a customer."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine, text

from app.core import crypto, ids
from app.core.db import leave, rows
from app.core.permissions import Role
from tests.makers import people
from tests.makers.bare import act_as
from tests.makers.people import Customer

SESSION = """INSERT INTO sessions (id, login_id, audience, token_hash, device, ip, created_at, seen_at, expires_at)
VALUES (:id, :login, 'customer', decode(md5(:id), 'hex'), 'Firefox', '198.51.100.7', :at, :at, :at)"""
_REVEAL = """INSERT INTO reveals (id, operator_id, field, object_id, reason, refused, revealed_at)
VALUES (:id, :operator, 'email', :customer, 'A review', false, :at)"""
_DOCUMENT = """INSERT INTO documents (id, customer_id, purpose, name, kind, size_bytes, state, refusal, waits_for,
tries, pages, received_at, checked_at)
VALUES ('doc_' || :id, :customer, 'id_front', 'a.jpg', 'jpeg', 9, 'ready', '', '', 1, 1, :at, :at)"""
_VIEWED = """INSERT INTO documents (id, customer_id, purpose, name, kind, size_bytes, state, refusal, waits_for, tries,
pages, received_at, discarded_at)
VALUES ('doc_' || :id, :customer, 'id_front', 'a.jpg', 'jpeg', 9, 'discarded', '', '', 1, 1, :at, :at)"""
_DOCUMENT_VIEW = """INSERT INTO document_views (id, document_id, operator_id, what, page, session_id, request_id,
refused, told, viewed_at) VALUES (:id, 'doc_' || :id, :operator, 'preview', 1, '', '', false, false, :at)"""
_APPLICATION_VIEW = """INSERT INTO application_views (id, application_id, operator_id, viewed_at)
VALUES (:id, :id, :operator, :at)"""
_VIEWING = """INSERT INTO viewings (id, customer_id, operator_id, session_id, token_hash, reason, ticket, began_at,
expires_at) VALUES (:id, :customer, :operator, '', decode(md5(:id), 'hex'), 'Help', 'T-1', :at, :at)"""
_MAIL = """INSERT INTO mails (id, cause, login_id, subject, body_sealed, created_at)
VALUES (:id, :id, :login, 'Hello', :sealed, :at)"""
_APPLICATION = """INSERT INTO applications (id, customer_id, subject, about, wanted, had, state, round, pep, country,
screening, identity, risk, created_at, queued_at, decided_at, reason_code) VALUES (:id, :customer, 'person', 'tier',
't1', 't0', :state, 0, false, '', 'unscreened', 'none', 'low', :at, :at, :at, :code)"""
_OPENED = _APPLICATION.replace(":state", "'abandoned'")  # (it has no answers: nothing of it is to go)
_STEP = """INSERT INTO application_steps (id, application_id, customer_id, step, place, state, answers_sealed,
again_words) VALUES ('s' || :id, :id, :customer, 'profile', 1, 'done', :sealed, '')"""
_ROUND = """INSERT INTO application_rounds (id, application_id, customer_id, step_id, round, answers_sealed)
VALUES (:id, :id, :customer, 's' || :id, 1, :sealed)"""
_CHECK = """INSERT INTO identity_checks (id, customer_id, subject, kind, provider, number_sealed, number_index, last4,
given_sealed, state, shared, trouble, vendor_reference, asks, attempts, asked_at) VALUES (:id, :customer, 'self', 'bvn',
'registry', :sealed, :sealed, '4711', :sealed, 'unavailable', false, '', '', 1, 1, :at)"""
_SUBJECT = """INSERT INTO screening_subjects (id, ref, customer_id, kind, names, born, countries, id_hashes, hash,
changed_at, screened_at) VALUES (:id, :id, :customer, 'person', '{Ada Obi}', '1990', '{NG}', '{}', 'x', :at, :at)"""
_KEYS = "INSERT INTO screening_subject_keys (subject_id, keys) VALUES (:id, '{1}')"
_MADE: dict[str, tuple[str, ...]] = {
    "sessions": (SESSION,),
    "reveals": (_REVEAL,),
    "document_views": (_VIEWED, _DOCUMENT_VIEW),
    "application_views": (_OPENED, _APPLICATION_VIEW),
    "viewings": (_VIEWING,),
    "messages": (_MAIL,),
    "applications": (_APPLICATION, _STEP, _ROUND),
    "identities": (_OPENED, _CHECK, _SUBJECT, _KEYS),
    "files_unattached": (_DOCUMENT,),
}
_THERE = {
    "sessions": "SELECT count(*) AS n FROM sessions WHERE id = :id",
    "reveals": "SELECT count(*) AS n FROM reveals WHERE id = :id",
    "document_views": "SELECT count(*) AS n FROM document_views WHERE id = :id",
    "application_views": "SELECT count(*) AS n FROM application_views WHERE id = :id",
    "viewings": "SELECT count(*) AS n FROM viewings WHERE id = :id",
    "webhooks": "SELECT count(*) AS n FROM inbox WHERE id = CAST(:id AS bigint) AND body <> ''",
    "messages": "SELECT count(*) AS n FROM mails WHERE id = :id AND body_sealed IS NOT NULL",
    "applications": "SELECT count(*) AS n FROM application_steps WHERE application_id = :id"
    " AND answers_sealed IS NOT NULL OR EXISTS (SELECT FROM application_rounds WHERE application_id = :id)",
    "identities": "SELECT (SELECT count(*) FROM identity_checks WHERE customer_id = :id) + (SELECT count(*)"
    " FROM screening_subjects WHERE customer_id = :id AND names <> '{}') AS n",
    "files_unattached": "SELECT count(*) AS n FROM documents WHERE id = :id AND state <> 'discarded'",
}
_THERE["applications_fraud"] = _THERE["applications"]
CLASSES = tuple(_THERE)

Maker = Callable[[str, Customer, datetime], str]


def maker(engine: Engine) -> Maker:
    """Writes a row of a class about a customer that ended at a moment, as the owner of the database: its id."""
    operator_id, _ = people.operator(Role.COMPLIANCE_OFFICER)
    leave()

    def made(data_class: str, owner: Customer, at: datetime) -> str:
        row_id, fraud = ids.new("old"), data_class == "applications_fraud"
        facts = {
            "id": row_id,
            "login": owner.login_id,
            "customer": owner.id,
            "operator": operator_id,
            "sealed": crypto.seal("secret", context=row_id),
            "at": at,
            "state": "rejected" if fraud else "abandoned",
            "code": "forged" if fraud else None,
        }
        with engine.begin() as connection:
            act_as(connection, "system:test")
            connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
            if data_class == "webhooks":
                body = f'{{"data": {{"customer": {{"email": "{owner.email}"}}}}}}'.encode()
                written = connection.execute(
                    text(
                        "INSERT INTO inbox (source, external_id, body, outcome, received_at)"
                        " VALUES ('paystack', :id, :body, '', :at) RETURNING id"
                    ),
                    {"id": row_id, "body": body, "at": at},
                )
                return str(written.scalar_one())
            connection.execute(text("ALTER TABLE applications DISABLE TRIGGER decided"))
            for statement in _MADE[data_class.removesuffix("_fraud")]:
                connection.execute(text(statement), facts)
            connection.execute(text("ALTER TABLE applications ENABLE ALWAYS TRIGGER decided"))
        return {"identities": owner.id, "files_unattached": f"doc_{row_id}"}.get(data_class, row_id)

    return made


def there(data_class: str, row_id: str) -> bool:
    """Whether what goes is still there."""
    leave()
    return bool(rows(_THERE[data_class], id=row_id)[0].n)


def cutoff(data_class: str, at: datetime) -> datetime:
    """When something must have ended to be due at a moment."""
    leave()
    found: datetime = rows("SELECT retention_cutoff(:data_class, :at) AS at", data_class=data_class, at=at)[0].at
    return found


SECOND = timedelta(seconds=1)
