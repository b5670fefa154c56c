"""What a step's form does: answers kept, numbers asked about, files taken."""

from collections.abc import Callable
from datetime import date

from flask import current_app
from flask_login import current_user

from app.applications import answers, queries, rules, service
from app.applications.errors import NoSuchStep, NotInYourHands
from app.applications.queries import StepView
from app.applications.rules import Step
from app.core.db import atomically
from app.core.errors import NotFound, Unprocessable
from app.documents import flows as documents
from app.documents.rules import Kind as FileKind
from app.documents.rules import admitted
from app.identification import rules as numbers
from app.identification import service as identification
from app.identification.errors import AsksSpent
from app.identification.rules import CheckState, Given, Kind
from app.identity import queries as identity
from app.payments import queries as payments
from app.web import guards
from app.web.portal import verification_words as words
from app.web.portal.verification import may_write
from app.web.portal.verification_summary import check_of
from app.web.throttle import throttle
from app.web.uploads import Upload

KINDS = {Step.BVN: Kind.BVN, Step.NIN: Kind.NIN}
# Where on the page a step's refusal stands.
FIELDS = {Step.BVN: "number", Step.NIN: "number", Step.BANK: "account", Step.SELFIE: "selfie"}
COMPANY = "company"  # whom a company's number is about, to identification


class PhoneMissing(Unprocessable):
    code = "phone_missing"
    message = "Confirm your phone number first."


class ProfileFirst(Unprocessable):
    code = "profile_first"
    message = "Fill in “About you” first: the number is compared with your name and date of birth."


class NotANumber(Unprocessable):
    code = "not_a_number"
    message = "This number has 11 digits."


class NoAccount(Unprocessable):
    code = "no_account"
    message = "Choose one of your bank accounts."


class PictureMissing(Unprocessable):
    code = "picture_missing"
    message = "Take the picture first."


class PhotoOnly(Unprocessable):
    code = "photo_only"
    message = "Send a photo here, not a PDF."


def save(application_id: str, step: Step, given: dict[str, str]) -> None:
    """Keep what the form of a step says. Raises BadAnswers and other refusals."""
    deed = _DEEDS.get(step, _fill)
    deed(application_id, step, given)


def look_up_again(view: StepView) -> None:
    """Ask once more about a number that nobody answered for. Raises NotFound, NotAskable, AsksSpent, TooMany."""
    check, actor = check_of(view), guards.actor()
    if check is None:
        raise NotFound
    throttle().asking("identity number", current_user.email)
    atomically(lambda: identification.ask_again(check.id, customer_id=current_user.id, actor=actor), actor=actor)


def take(application_id: str, step: Step, slot: str, sent: Upload) -> None:
    """Take a file in, and put it into its slot. Raises NoSuchStep, NotInYourHands, PhotoOnly, and as documents do."""
    if slot not in rules.SLOTS.get(step, {}):
        raise NoSuchStep
    if not may_write(
        queries.one(application_id, owner=current_user.id), queries.step(application_id, step, owner=current_user.id)
    ):
        raise NotInYourHands  # (before the store is asked)
    throttle().sending("verification file", current_user.email)
    if admitted(sent.body) is FileKind.PDF and words.SLOTS[slot].photo:
        raise PhotoOnly
    actor = guards.actor()
    document_id = documents.take(
        current_app.extensions["clients"].documents,
        customer_id=current_user.id,
        purpose=rules.PURPOSES[slot],
        name=sent.name,
        body=sent.body,
        actor=actor,
    )
    atomically(
        lambda: service.attach(application_id, step, slot, document_id=document_id, owner=current_user.id, actor=actor),
        actor=actor,
    )


def remove(application_id: str, step: Step, slot: str) -> None:
    """Empty a slot. Raises NotInYourHands, NoSuchStep."""
    actor = guards.actor()
    atomically(lambda: service.detach(application_id, step, slot, owner=current_user.id, actor=actor), actor=actor)


def _fill(application_id: str, step: Step, given: dict[str, str]) -> None:
    actor = guards.actor()
    atomically(lambda: service.fill(application_id, step, given, owner=current_user.id, actor=actor), actor=actor)


def _prove(application_id: str, step: Step, **facts: str) -> None:
    service.prove(application_id, step, facts=facts, owner=current_user.id, actor=guards.actor())


def _contact(application_id: str, step: Step, _given: dict[str, str]) -> None:
    if not identity.phones_of(owner=current_user.login_id)[0]:
        raise PhoneMissing
    atomically(lambda: _prove(application_id, step, codes="confirmed"), actor=guards.actor())


def _bank(application_id: str, step: Step, given: dict[str, str]) -> None:
    try:
        account = payments.bank_account(given.get("account", ""), customer_id=current_user.id)
    except NotFound as error:
        raise NoAccount from error
    account_id = account.id
    atomically(lambda: _prove(application_id, step, account=account_id), actor=guards.actor())
    _prove_account(application_id)


def _prove_account(application_id: str) -> None:
    """Have it found out whether the account of the bank's step belongs to the BVN, as soon as both are known."""
    steps = queries.steps(application_id, owner=current_user.id)
    view = next((each for each in steps if each.step is Step.BANK and "account" in each.answers), None)
    said = queries.latest_answers(Step.PROFILE, owner=current_user.id)
    if view is None or not said or not may_write(queries.one(application_id, owner=current_user.id), view):
        return
    account, actor = payments.bank_account(view.answers["account"], customer_id=current_user.id), guards.actor()
    number = account.account_number
    given = Given(answers.full_name(said), bank_code=account.bank_code, email=current_user.email)
    facts = {"account": account.id}

    def deed() -> None:
        check = identification.prove_account(current_user.id, number=number, given=given, actor=actor)
        if check is not None:
            _prove(application_id, Step.BANK, **facts, check=check)

    try:
        atomically(deed, actor=actor)
    except AsksSpent:  # the name at the bank was compared all the same, and reviewers see that nobody was asked
        return


def _selfie(application_id: str, step: Step, _given: dict[str, str]) -> None:
    """The picture is all that there is; where it is to be taken again, it was taken again by now."""
    view = queries.step(application_id, step, owner=current_user.id)
    if view.row.state != rules.StepState.DONE:
        raise PictureMissing


def _number(application_id: str, step: Step, given: dict[str, str]) -> None:
    """Have the number looked up: the step is done with the asking, whatever comes of it is for the reviewers too."""
    typed, kind = given.get("number", ""), KINDS[step]
    plain = numbers.canonical(kind, typed)
    if plain is None:
        raise NotANumber
    about, actor = _about_me(), guards.actor()
    throttle().asking("identity number", current_user.email)

    def deed() -> None:
        check = identification.ask(current_user.id, kind=kind, number=plain, given=about, actor=actor)
        _prove(application_id, step, check=check, last4=plain[-4:])

    atomically(deed, actor=actor)
    if step is Step.BVN:
        _prove_account(application_id)


def _company(application_id: str, step: Step, given: dict[str, str]) -> None:
    """Keep the answers, and have the number looked up unless the same was, and there was an answer."""
    me, actor = current_user.id, guards.actor()

    def deed() -> None:
        before = queries.step(application_id, step, owner=me)
        check = check_of(before)
        service.fill(application_id, step, given, owner=me, actor=actor)
        now = queries.step(application_id, step, owner=me).answers
        same = all(now[name] == before.answers.get(name) for name in ("name", "number"))
        check_id = check.id if check and same and check.state == CheckState.ANSWERED else identification.ask(
            me, kind=Kind.COMPANY, number=now["number"], given=Given(now["name"]), subject=COMPANY, actor=actor
        )  # fmt: skip
        service.note_check(application_id, step, check_id, owner=me)

    atomically(deed, actor=actor)


def _about_me() -> Given:
    said = queries.latest_answers(Step.PROFILE, owner=current_user.id)
    if not said:
        raise ProfileFirst
    return Given(answers.full_name(said), birth_date=date.fromisoformat(said["born"]))


_DEEDS: dict[Step, Callable[[str, Step, dict[str, str]], None]] = {
    Step.CONTACT: _contact,
    Step.BVN: _number,
    Step.NIN: _number,
    Step.BANK: _bank,
    Step.SELFIE: _selfie,
    Step.COMPANY: _company,
}
