"""Commands about passkeys: ask a device to sign, add the key it answers with, prove a factor by a signature.

What is to be signed is a row that works once, soon, in the session that asked; origin and site are compared exactly.
Operators' devices must have recognised them, by a finger or a PIN. A counter that goes back means that there is a copy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import webauthn
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from app.core import clock, crypto, ids, logs, outbox
from app.core.db import db
from app.core.errors import NotFound
from app.identity import errors, events, factors, queries, rules, security
from app.identity.models import Login, Passkey, PasskeyChallenge, SignedIn

log = logs.get("identity.passkeys")

Verified = TypeVar("Verified")
Credential = dict[str, Any]
TIMEOUT_MS = int(rules.CHALLENGE_LIVES.total_seconds()) * 1000
# What a malformed answer makes of the library: its own refusals, and what its readers of bytes and keys stumble over.
MALFORMED = (WebAuthnException, InvalidSignature, UnsupportedAlgorithm, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True)
class Site:
    """Where passkeys are good: this host, from pages of this origin alone."""

    host: str
    origin: str
    name: str

    @classmethod
    def at(cls, public_url: str, *, name: str) -> "Site":
        """The site behind the address that people use."""
        parts = urlsplit(public_url)
        return cls(parts.hostname or "", f"{parts.scheme}://{parts.netloc}", name)


def begin_to_add(session_id: str, *, site: Site) -> str:
    """What the browser is told to make a key for, as JSON. Raises FactorStale, TooManyPasskeys."""
    session = factors.changing(session_id)
    known = queries.passkeys_of(owner=session.login_id)
    if len(known) >= rules.PASSKEYS_MAX:
        raise errors.TooManyPasskeys
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_name=db.session.get_one(Login, session.login_id).email,
        user_id=crypto.token_hash(session.login_id),
        challenge=_challenge(session_id, "add"),
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=_wanted(session)
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in known],
    )
    return webauthn.options_to_json(options)


def add(session_id: str, *, credential: Credential, name: str, site: Site) -> str | None:
    """Keep the key that a device made: the session's new token, None when the answer is not right.

    The challenge is used up either way, so the caller commits. Raises FactorStale, PasskeyRefused without a challenge.
    """
    session = factors.changing(session_id)
    challenge = _used(session_id, "add")
    made = _verified(
        credential,
        lambda: webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=_must_recognise(session),
        ),
    )
    further = queries.enrolled(owner=session.login_id)
    if made is None or not _kept(made, login_id=session.login_id, name=name):
        return None
    if further:
        security.note_change(session.login_id, of=security.CONTACT)
    outbox.emit(events.FactorAdded(login_id=session.login_id, kind="passkey"))
    return factors.proved(session)


def begin_to_prove(session_id: str, *, site: Site) -> str:
    """What one of the login's keys is to sign, as JSON. Raises NotFound when it has none that may."""
    session = factors.live(session_id)
    usable = [key for key in queries.passkeys_of(owner=session.login_id) if key.suspect_at is None]
    if not usable:
        raise NotFound
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=_challenge(session_id, "prove"),
        timeout=TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in usable],
        user_verification=_wanted(session),
    )
    return webauthn.options_to_json(options)


def prove(session_id: str, *, credential: Credential, site: Site) -> str | None:
    """Prove a factor by a key's signature: the session's new token, None when it is not right.

    The challenge is used up and a copied key is marked either way, so the caller commits. Raises PasskeyRefused without
    a challenge.
    """
    session = factors.live(session_id)
    challenge, key = _used(session_id, "prove"), _signer(session, credential)
    if key is None:
        return None
    seen = _verified(
        credential,
        lambda: webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=0,  # the signature first: nobody marks a key that they cannot sign with
            require_user_verification=_must_recognise(session),
        ),
    )
    if seen is None:
        return None
    if rules.went_back(before=key.sign_count, now=seen.new_sign_count):
        log.warning("a passkey counted backwards", extra={"facts": {"credential": key.id, "login": session.login_id}})
        key.suspect_at = clock.now()
        outbox.emit(events.PasskeySuspected(login_id=session.login_id, passkey_id=key.id))
        db.session.flush()
        return None
    key.sign_count, key.used_at = seen.new_sign_count, clock.now()
    return factors.proved(session)


def _challenge(session_id: str, purpose: str) -> bytes:
    """Bytes to be signed; those asked for before, for the same purpose, are worthless."""
    moment = clock.now()
    earlier = (
        (PasskeyChallenge.session_id == session_id)
        & (PasskeyChallenge.purpose == purpose)
        & PasskeyChallenge.used_at.is_(None)
    )
    db.session.execute(update(PasskeyChallenge).where(earlier).values(used_at=moment))
    challenge = base64url_to_bytes(crypto.new_token())
    db.session.add(
        PasskeyChallenge(
            id=ids.new("ch"),
            session_id=session_id,
            purpose=purpose,
            challenge=challenge,
            created_at=moment,
            expires_at=moment + rules.CHALLENGE_LIVES,
        )
    )
    db.session.flush()
    return challenge


def _used(session_id: str, purpose: str) -> bytes:
    """Use the challenge up, whatever comes of it."""
    moment = clock.now()
    open_ = (
        (PasskeyChallenge.session_id == session_id)
        & (PasskeyChallenge.purpose == purpose)
        & PasskeyChallenge.used_at.is_(None)
        & (PasskeyChallenge.expires_at > moment)
    )
    used = update(PasskeyChallenge).where(open_).values(used_at=moment).returning(PasskeyChallenge.challenge)
    challenge = db.session.scalars(used).one_or_none()
    if challenge is None:
        raise errors.PasskeyRefused
    return challenge


def _signer(session: SignedIn, credential: Credential) -> Passkey | None:
    """The login's own key that the answer names; locked, so that its counter is compared with the newest."""
    try:
        credential_id = base64url_to_bytes(str(credential.get("id", "")))
    except ValueError:
        return None
    mine = select(Passkey).where(
        Passkey.login_id == session.login_id,
        Passkey.credential_id == credential_id,
        Passkey.removed_at.is_(None),
        Passkey.suspect_at.is_(None),
    )
    return db.session.scalars(mine.with_for_update().execution_options(populate_existing=True)).one_or_none()


def _kept(made: VerifiedRegistration, *, login_id: str, name: str) -> bool:
    """Write the key down. False when somebody has it: of two who come with it at once, too."""
    written = (
        insert(Passkey)
        .values(
            id=ids.new("pk"),
            login_id=login_id,
            name=" ".join(name.split())[: rules.PASSKEY_NAME_MAX] or "Passkey",
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=[Passkey.credential_id])
        .returning(Passkey.id)
    )
    return db.session.scalar(written) is not None


def _verified(credential: Credential, check: Callable[[], Verified]) -> Verified | None:
    try:
        told = parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        if told.cross_origin:
            raise ValueError("signed inside another site's page")
        return check()
    except MALFORMED as error:
        facts = {"why": type(error).__name__, "key": bytes_to_base64url(crypto.token_hash(str(credential.get("id"))))}
        log.info("a passkey's answer was refused", extra={"facts": facts})
        return None


def _must_recognise(session: SignedIn) -> bool:
    return session.audience == rules.Audience.OPERATOR


def _wanted(session: SignedIn) -> UserVerificationRequirement:
    operator = _must_recognise(session)
    return UserVerificationRequirement.REQUIRED if operator else UserVerificationRequirement.PREFERRED
