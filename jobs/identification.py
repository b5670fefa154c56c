"""Work of identification: ask, compare the name on a bank account, end the waiting for what never came."""

from datetime import timedelta

from app.applications import looking
from app.core.actor import Actor
from app.core.db import atomically
from app.customers import queries as customers
from app.identification import flows, service
from app.payments import queries as payments
from jobs.work import Work


def answer(work: Work) -> timedelta | None:
    """Ask whose number it is."""
    return flows.answer(work.subject, kyc=work.clients.kyc, paystack=work.clients.paystack, actor=work.actor)


def record_bank(work: Work) -> timedelta | None:
    """A bank account was added under the name its bank gave: compare it with the customer's.

    That is what they said in their profile; until there is one, under what they signed up.
    """
    account = payments.accounts_for_operators({work.subject})[work.subject]
    name = looking.name_of(account.customer_id)
    name = name or customers.names_for_operators({account.customer_id})[account.customer_id]
    atomically(lambda: compare(work.subject, name, actor=work.actor), actor=work.actor)
    return None


def compare(account_id: str, name: str, *, actor: Actor) -> None:
    """Write down how the name on a bank account compares with this one; nothing when there is no such account."""
    account = payments.accounts_for_operators({account_id}).get(account_id)
    if account is not None:
        service.record_bank(
            account.customer_id,
            account_ref=account.id,
            bank_code=account.bank_code,
            number=account.account_number,
            given_name=name,
            found_name=account.account_name,
            actor=actor,
        )


def resume(work: Work) -> timedelta | None:
    """End the waiting for answers that should have come a day ago: they may be asked for again."""
    atomically(lambda: service.give_up_overdue(actor=work.actor), actor=work.actor)
    return None
