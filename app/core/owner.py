"""Whose rows this context may see. PostgreSQL's row-level security is told at the beginning of every transaction.

The second wall: queries name the owner they read for; where one forgets, the database shows nobody else's rows. A door
narrows it to the customer who came; jobs, commands and the console see everyone's.
"""

from contextvars import ContextVar, Token

EVERYONE = "*"

_owner: ContextVar[str] = ContextVar("owner", default=EVERYONE)


def present() -> str:
    """A customer's id, or EVERYONE."""
    return _owner.get()


def narrow(customer_id: str) -> Token[str]:
    """See this customer's rows alone, from the next transaction on. `widen` ends it."""
    return _owner.set(customer_id)


def widen(token: Token[str]) -> None:
    """See what was seen before."""
    _owner.reset(token)
