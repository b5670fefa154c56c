"""Bank accounts: who holds which number. Everybody is invented, except where control has named a holder."""

import re
import sqlite3
from typing import Any

from sandbox import amounts, answers, people
from sandbox.banks import BY_CODE, Bank

ACCOUNT_NUMBER = re.compile(r"[0-9]{10}", re.ASCII)


def asked(sent: dict[str, Any]) -> tuple[str, str]:
    """The account number and bank code of a call, both checked for shape and the bank for being listed."""
    account_number = amounts.required_text(sent, "account_number")
    bank_code = amounts.required_text(sent, "bank_code")
    if not ACCOUNT_NUMBER.fullmatch(account_number):
        raise answers.invalid("Account number should be 10 digits")
    if bank_code not in BY_CODE:
        raise answers.invalid(f"Unknown bank code: {bank_code}")
    return account_number, bank_code


def holder(db: sqlite3.Connection, account_number: str) -> str | None:
    """The holder's name, or None where nobody holds the number."""
    named = db.execute("SELECT account_name FROM accounts WHERE account_number = ?", (account_number,)).fetchone()
    if named:
        return str(named["account_name"])
    return people.name_of(account_number) if people.exists(account_number) else None


def resolve(db: sqlite3.Connection, sent: dict[str, Any]) -> tuple[str, str, Bank]:
    """Account number, holder and bank; refused as the vendor refuses an account it cannot find."""
    account_number, bank_code = asked(sent)
    name = holder(db, account_number)
    if name is None:
        raise answers.cannot_resolve()
    return account_number, name, BY_CODE[bank_code]


def name_holder(db: sqlite3.Connection, *, account_number: str, account_name: str) -> None:
    """Say who holds a number, so that a demo customer's own account carries the customer's name."""
    db.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?)", (account_number, account_name.upper()))
