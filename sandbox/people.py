"""Invented account holders: the same account number always belongs to the same invented person.

Names are put together from common Nigerian surnames and given names by a hash of the number, surname first and in
capitals as the interbank name enquiry prints them. No real account was looked up.
"""

import hashlib

# Numbers of this family belong to nobody: resolving one is answered as the vendor answers an unknown account.
NOBODY_PREFIX = "999"

_SURNAMES = (
    "Abdullahi", "Abiodun", "Abubakar", "Adebayo", "Adeleke", "Adewale", "Adeyemi", "Afolabi", "Agbaje", "Ajayi",
    "Akande", "Akpan", "Aliyu", "Amadi", "Aminu", "Anyanwu", "Awolowo", "Ayodele", "Babangida", "Balogun",
    "Bello", "Chukwu", "Danjuma", "Edet", "Effiong", "Ekwueme", "Emenike", "Eze", "Fashola", "Garba", "Ibrahim",
    "Idowu", "Igwe", "Iroha", "Kalu", "Lawal", "Madu", "Mohammed", "Musa", "Nnamdi", "Nwachukwu", "Nwosu", "Obi",
    "Odili", "Ogunleye", "Ojo", "Okafor", "Okeke", "Okonkwo", "Okoro", "Okoye", "Oladipo", "Olatunji", "Omotola",
    "Onuoha", "Onyeka", "Opara", "Osagie", "Sani", "Suleiman", "Uche", "Udo", "Umar", "Usman", "Uzoma", "Yakubu",
    "Yusuf", "Zubairu",
)  # fmt: skip

_GIVEN_NAMES = (
    "Aisha", "Amaka", "Amina", "Bola", "Bukola", "Chiamaka", "Chidi", "Chidinma", "Chike", "Chinedu", "Chioma",
    "Chukwuemeka", "Damilola", "Ebere", "Efe", "Ejiro", "Emeka", "Esther", "Fatima", "Folake", "Funke", "Gbenga",
    "Grace", "Habiba", "Halima", "Hauwa", "Ibrahim", "Ifeanyi", "Ifeoma", "Ikechukwu", "Jide", "Kelechi", "Kemi",
    "Kunle", "Ladi", "Maryam", "Musa", "Ngozi", "Nkechi", "Nneka", "Obinna", "Olumide", "Oluwaseun", "Osaze",
    "Rukayat", "Sade", "Salisu", "Segun", "Sola", "Tamuno", "Temitope", "Tobi", "Tunde", "Uchenna", "Uju", "Wale",
    "Yemi", "Yetunde", "Zainab", "Zara",
)  # fmt: skip


def exists(account_number: str) -> bool:
    """Whether anybody holds this number."""
    return not account_number.startswith(NOBODY_PREFIX)


def name_of(account_number: str) -> str:
    """The holder's name, such as `OKAFOR CHIDINMA GRACE`."""
    drawn = int.from_bytes(hashlib.sha256(account_number.encode()).digest()[:12])
    drawn, surname = divmod(drawn, len(_SURNAMES))
    drawn, first = divmod(drawn, len(_GIVEN_NAMES))
    # The step between the given names is never zero, so nobody is called Grace Grace.
    second = (first + 1 + drawn % (len(_GIVEN_NAMES) - 1)) % len(_GIVEN_NAMES)
    return " ".join((_SURNAMES[surname], _GIVEN_NAMES[first], _GIVEN_NAMES[second])).upper()
