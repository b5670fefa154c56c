"""Assets that the books begin with, for tests that name one before there is a database. They equal the rows."""

from app.core.money import Asset

USD = Asset("USD", 2, "$")
BTC = Asset("BTC", 8)
ETH = Asset("ETH", 18)
USDT = Asset("USDT.TRC20", 6)
TRX = Asset("TRX", 6)
TON = Asset("TON", 9)
