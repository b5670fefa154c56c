"""What a file does not say about itself and finance says once per source."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.statements.formats.errors import Unreadable


class Unit(StrEnum):
    """What a plain number counts."""

    MAJOR = "major"  # naira
    MINOR = "minor"  # kobo: hundredths


class DateOrder(StrEnum):
    """How a date of three numbers is read; one that starts with the year needs no telling."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


@dataclass(frozen=True)
class Profile:
    """How a bank's CSV file is laid out: columns by the name in the header. Empty means that there is no such column.

    Either `amount` is signed, or unsigned with `direction`, or `debit` and `credit` stand apart.
    """

    date: str
    narration: str = ""
    reference: str = ""
    amount: str = ""
    direction: str = ""  # a column that says DR or CR
    debit: str = ""
    credit: str = ""
    balance: str = ""
    currency: str = ""
    counterparty: str = ""
    value_date: str = ""
    decimal_comma: bool = False  # 1.234,56 instead of 1,234.56
    opening_label: str = "opening balance"  # rows above the header that begin so tell the balances
    closing_label: str = "closing balance"
    account_label: str = "account number"


@dataclass(frozen=True)
class Settings:
    """A format says which of these it takes; the others are not looked at."""

    zone: str = "UTC"  # IANA; where days begin and times without a zone are meant
    unit: Unit | None = None  # None: found by looking, and refused where that does not tell
    date_order: DateOrder = DateOrder.DAY_FIRST
    asset: str = ""  # of the account, where the file names none
    account: str = ""  # of the file, where it names none
    bank_reference_is_id: bool = False  # this bank never gives one reference to two lines
    profile: Profile | None = None

    def tz(self) -> tzinfo:
        """The zone. Raises Unreadable for a name that is none."""
        if self.zone == "UTC":
            return UTC
        try:
            return ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError) as unknown:
            raise Unreadable(f"{self.zone} is no time zone.", column="the setting zone") from unknown
