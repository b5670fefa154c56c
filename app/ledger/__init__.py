"""The books: accounts, journals, entries, balances, holds. The only room that writes entries; it owns schema `ledger`.

Promise: every journal balances in every asset, is written once, and never changes; no account falls through its floor.
"""
