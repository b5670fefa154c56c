"""The bundle of clients that the factory and the worker build once. A vendor is an address; the sandbox is another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.clients.anchors import Anchor
from app.clients.feeds import Source
from app.clients.kyc import Registry
from app.clients.mailer import Mailer
from app.clients.paystack import Paystack
from app.clients.sms import Sms
from app.clients.storage import Storage
from app.clients.venue_orders import VenueOrders
from app.clients.virus import Scanner


class Teller(Protocol):
    """Who lists what moved in an account of ours, as it comes in its files, too."""

    def as_told(self, since: datetime, until: datetime) -> Iterable[Mapping[str, Any]]:
        """Every movement between two times, as the teller wrote it. Raises Silent, Refused."""
        ...


@dataclass(frozen=True)
class Clients:
    """Everyone in the world whom we talk to."""

    paystack: Paystack
    mailer: Mailer
    sms: Sms
    kyc: Registry
    anchors: tuple[Anchor, ...]
    documents: Storage
    scanner: Scanner | None
    venue: VenueOrders
    feeds: Mapping[str, Source]  # who tells prices, by the names that the market has for them
    tellers: Mapping[str, Teller]  # exchanges that we only read and have a key of, by the format of what they tell
