"""What a customer's program may be given: never more than its owner has, and usually less."""

from enum import StrEnum


class Scope(StrEnum):
    """What a door of the API asks of a program."""

    BALANCES_READ = "balances:read"
    ACTIVITY_READ = "activity:read"
    DEPOSITS_READ = "deposits:read"
    DEPOSITS_WRITE = "deposits:write"
    BANK_ACCOUNTS_READ = "bank_accounts:read"
    VERIFICATION_READ = "verification:read"
    WITHDRAWALS_READ = "withdrawals:read"
    WITHDRAWALS_WRITE = "withdrawals:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    TRANSFERS_READ = "transfers:read"
    TRANSFERS_WRITE = "transfers:write"


WORDS: dict[Scope, str] = {
    Scope.BALANCES_READ: "See what you hold",
    Scope.ACTIVITY_READ: "See your activity",
    Scope.DEPOSITS_READ: "See your deposits",
    Scope.DEPOSITS_WRITE: "Begin deposits",
    Scope.BANK_ACCOUNTS_READ: "See your bank accounts, by their last four digits",
    Scope.VERIFICATION_READ: "See how far you are verified, and what is missing",
    Scope.WITHDRAWALS_READ: "See your withdrawals",
    Scope.WITHDRAWALS_WRITE: "Withdraw to your bank accounts",
    Scope.ORDERS_READ: "See what you bought, sold and swapped",
    Scope.ORDERS_WRITE: "Buy, sell and swap",
    Scope.TRANSFERS_READ: "See what you sent to other customers and got from them",
    Scope.TRANSFERS_WRITE: "Send money to other customers",
}
