"""Nigerian banks as the vendor lists them: name and the vendor's own code, which is not always the clearing code.

`001` is the vendor's test bank, the one that its test mode resolves without limit.
"""

from dataclasses import dataclass
from typing import Any

_LISTED_AT = "2020-12-07T16:19:09.000Z"


@dataclass(frozen=True, slots=True)
class Bank:
    """One line of the list."""

    id: int
    code: str
    name: str
    slug: str

    def view(self) -> dict[str, Any]:
        """The bank as `GET /bank` prints it."""
        return {
            "name": self.name, "slug": self.slug, "code": self.code, "longcode": "", "gateway": None,
            "pay_with_bank": False, "supports_transfer": True, "available_for_direct_debit": False, "active": True,
            "is_deleted": False, "country": "Nigeria", "currency": "NGN", "type": "nuban", "id": self.id,
            "createdAt": _LISTED_AT, "updatedAt": _LISTED_AT,
        }  # fmt: skip


_NAMED = (
    ("044", "Access Bank"),
    ("063", "Access Bank (Diamond)"),
    ("035A", "ALAT by WEMA"),
    ("565", "Carbon"),
    ("023", "Citibank Nigeria"),
    ("050", "Ecobank Nigeria"),
    ("070", "Fidelity Bank"),
    ("011", "First Bank of Nigeria"),
    ("214", "First City Monument Bank"),
    ("058", "Guaranty Trust Bank"),
    ("301", "Jaiz Bank"),
    ("082", "Keystone Bank"),
    ("50211", "Kuda Bank"),
    ("303", "Lotus Bank"),
    ("50515", "Moniepoint MFB"),
    ("999992", "OPay Digital Services Limited (OPay)"),
    ("999991", "PalmPay"),
    ("104", "Parallex Bank"),
    ("076", "Polaris Bank"),
    ("101", "Providus Bank"),
    ("51310", "Sparkle Microfinance Bank"),
    ("221", "Stanbic IBTC Bank"),
    ("068", "Standard Chartered Bank"),
    ("232", "Sterling Bank"),
    ("302", "TAJ Bank"),
    ("001", "Test Bank"),
    ("032", "Union Bank of Nigeria"),
    ("033", "United Bank For Africa"),
    ("215", "Unity Bank"),
    ("566", "VFD Microfinance Bank Limited"),
    ("035", "Wema Bank"),
    ("057", "Zenith Bank"),
)


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


BANKS = tuple(Bank(id=number, code=code, name=name, slug=_slug(name)) for number, (code, name) in enumerate(_NAMED, 1))
BY_CODE = {bank.code: bank for bank in BANKS}
