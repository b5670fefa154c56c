"""What a customer has in common with others: devices, addresses of the network, accounts, numbers, files."""

from collections import defaultdict
from dataclasses import dataclass

from app.core.db import rows
from app.customers import queries as customers
from app.documents.queries import Same
from app.identification import queries as identification

OTHERS_MAX = 50  # behind one address of a mobile network there may be thousands; nobody looks at them all


@dataclass(frozen=True)
class Shared:
    """One thing in common: what (one of _ORDER; `number` is of a register), and with whom."""

    what: str
    others: tuple[tuple[str, str], ...]  # ids and names
    more: bool


# (A device is told by what its browser calls itself from the same address: by the first alone it is everybody's.)
_SAME = """
WITH mine AS (
    SELECT DISTINCT s.ip, s.device FROM customers c JOIN sessions s ON s.login_id = c.login_id
     WHERE c.id = :customer AND s.ip <> '' AND s.audience = 'customer' LIMIT 200
), near AS (
    SELECT c.id, bool_or(s.device = mine.device) AS device FROM mine JOIN sessions s ON s.ip = mine.ip
      JOIN customers c ON c.login_id = s.login_id WHERE c.id <> :customer AND s.audience = 'customer'
     GROUP BY c.id LIMIT 200
), alike AS (
    SELECT CASE WHEN device THEN 'device' ELSE 'ip' END AS what, id FROM near
    UNION
    SELECT 'bank', theirs.customer_id FROM bank_accounts mine JOIN bank_accounts theirs
        ON theirs.bank_code = mine.bank_code AND theirs.account_number = mine.account_number
       AND theirs.customer_id <> mine.customer_id WHERE mine.customer_id = :customer
    UNION
    SELECT 'phone', c.id FROM customers me JOIN phones mine ON mine.login_id = me.login_id
      JOIN phones theirs ON theirs.number_index = mine.number_index AND theirs.login_id <> mine.login_id
      JOIN customers c ON c.login_id = theirs.login_id WHERE me.id = :customer
)
SELECT alike.what, c.id, c.name FROM alike JOIN customers c ON c.id = alike.id ORDER BY alike.what, c.name, c.id
"""
_ORDER = ("number", "bank", "phone", "file", "pixels", "alike", "device", "ip")


def of_customer(customer_id: str, *, files: Same | None = None) -> list[Shared]:
    """Everything that this customer has in common with others, these files among it; what tells the most first."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows(_SAME, customer=customer_id):
        found[row.what][row.id] = row.name
    same = [other for others in (files or {}).values() for other in others]
    for check in identification.latest_for_system(customer_id):
        same += [("", other, "number") for other in identification.shared_for_operators(check.id)]
    names = customers.names_for_operators({other for _, other, _ in same})
    for _, other, how in same:
        found[how][other] = names[other]
    return [
        Shared(what, tuple(found[what].items())[:OTHERS_MAX], len(found[what]) > OTHERS_MAX)
        for what in _ORDER
        if what in found
    ]
