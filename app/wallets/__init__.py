"""What a customer holds: one wallet per asset, each an account in the books. It owns table `wallets`.

Promise: a customer's balance is read from the books, never kept beside them.
"""
