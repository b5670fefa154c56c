"""django-hordak as its documentation has it: `transfer_to` between random accounts, each in a transaction.

Runs on the packages of requirements-bench.txt: `make ACCOUNTS` brings its tables up and opens accounts, `serve ACCOUNTS
NUMBER` takes turns. The database is the one that libpq's variables name.
"""

import os
import random
import sys

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "USER": os.environ.get("PGUSER", ""),
            "PASSWORD": os.environ.get("PGPASSWORD", ""),
            "HOST": os.environ.get("PGHOST", ""),
            "PORT": os.environ.get("PGPORT", ""),
            "CONN_MAX_AGE": None,
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
    DEFAULT_CURRENCY="NGN",
    HORDAK_DEFAULT_CURRENCY="NGN",
    CURRENCIES=["NGN"],
)
django.setup()

from django.core.management import call_command  # noqa: E402 (Django wants its settings first)
from django.db import transaction  # noqa: E402
from hordak.models import Account  # noqa: E402
from moneyed import Money  # noqa: E402

from bench.turns import serve  # noqa: E402


def make(accounts: int) -> None:
    """Bring the tables up and open so many accounts."""
    call_command("migrate", verbosity=0)
    with transaction.atomic(), Account.objects.delay_mptt_updates():
        for number in range(accounts):
            Account.objects.create(name=f"customer {number}", type="LI", currencies=["NGN"])


def take_turns(number: int) -> None:
    """Move money between random pairs for as long as stdin says."""
    draw = random.Random(number)  # noqa: S311 (which accounts meet is no secret)
    accounts = list(Account.objects.all())

    def once(_done: int) -> None:
        giver, taker = draw.sample(accounts, 2)
        with transaction.atomic():
            giver.transfer_to(taker, Money(draw.randint(1, 100_000), "NGN"))

    serve(once)


if __name__ == "__main__":
    make(int(sys.argv[2])) if sys.argv[1] == "make" else take_turns(int(sys.argv[2]))
