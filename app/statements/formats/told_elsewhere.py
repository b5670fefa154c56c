"""Files that venues offer beside their statements and that tell the same movements again.

They are known, so that nobody wonders; their rows are read and ignored, because otherwise they would count twice.
"""

from collections.abc import Iterable

from app.statements.formats import formats
from app.statements.formats.formats import Format, Tell
from app.statements.formats.lines import Told
from app.statements.formats.reading import Column, Layout, Row
from app.statements.formats.settings import Settings


def _again(asset: str, instead: str) -> Tell:
    def tell(row: Row, settings: Settings) -> Told:
        return formats.ignored(row, f"told in the {instead}", account=settings.account, asset=row.text(asset))

    return tell


def _format(name: str, title: str, header: Iterable[str], asset: str, instead: str) -> Format:
    names = tuple(header)
    layout = Layout(tuple(Column(each) for each in (each.casefold() for each in names)))
    return formats.tabular(
        name=name, title=title, headers=(",".join(names),), layout=layout, tell=_again(asset, instead)
    )


BINANCE_AUTOINVEST: Format = _format(
    "binance-auto-invest",
    "Binance auto-invest plan",
    ("Auto-Invest Date(UTC)", "Holding Coin", "Amount per period", "Trading Fee", "Units", "From", "Status"),
    "holding coin",
    "transaction history",
)
KRAKEN_TRADES: Format = _format(
    "kraken-trades",
    "Kraken trades",
    ("txid", "ordertxid", "pair", "time", "type", "ordertype", "price", "cost", "fee", "vol", "margin", "misc"),
    "pair",
    "ledgers",
)
