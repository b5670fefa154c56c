"""How wallets says no."""

from app.core.errors import Conflict, NotFound, Unprocessable


class NoSuchWallet(NotFound):
    code = "no_such_wallet"
    message = "You have no such wallet."


class WalletNotEmpty(Conflict):
    code = "wallet_not_empty"
    message = "Something is in this wallet, or set aside in it. Empty it first."


class NairaStays(Unprocessable):
    code = "naira_stays"
    message = "Your naira wallet stays open: what you add and withdraw goes through it."


class NotOffered(Unprocessable):
    code = "not_offered"
    message = "This cannot be held here at present."
