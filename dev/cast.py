"""Who is in the demo business, and what they usually pay in."""

from app.core.money import NGN, Money
from app.core.permissions import Role
from app.customers.rules import Tier

STAFF = (
    ("Adaeze Obi", "treasury", Role.TREASURY),
    ("Emeka Danjuma", "treasury2", Role.TREASURY),
    ("Ibrahim Musa", "compliance", Role.COMPLIANCE_MANAGER),
    ("Ladi Pam", "officer", Role.COMPLIANCE_OFFICER),
    ("Funke Adeyemi", "finance", Role.FINANCE),
    ("Chidi Eze", "admin", Role.ADMIN),
    ("Bisi Alade", "admin2", Role.ADMIN),
    ("Ngozi Bello", "auditor", Role.AUDITOR),
    ("Sani Garba", "support", Role.SUPPORT),
)
FIRST = (
    "Tunde", "Aisha", "Emeka", "Folake", "Kelechi", "Zainab", "Yusuf", "Bukola", "Chinedu", "Halima",
    "Segun", "Amaka", "Musa", "Ifeoma", "Kunle", "Hauwa", "Obinna", "Temitope", "Bashir", "Nkechi",
)  # fmt: skip
LAST = ("Bakare", "Okafor", "Abdullahi", "Adeyinka", "Nwosu", "Sule", "Balogun", "Eze", "Mohammed", "Ojo",
        "Umar", "Chukwu", "Lawal")  # fmt: skip
BANKS = ("058", "044", "011", "033", "057")
TIERS = {7: Tier.T1, 8: Tier.T2}  # of every ten; the others have shown everything
AT_A_TIME = Money(NGN, 1_000_000_00)  # what their tier lets go to a bank in one piece
DEPOSIT_NAIRA = (5_000, 10_000, 15_000, 20_000, 25_000, 50_000, 75_000, 100_000, 150_000, 250_000, 600_000, 1_200_000)
DEPOSIT_WEIGHTS = (10, 14, 8, 12, 8, 14, 8, 10, 6, 5, 3, 2)
