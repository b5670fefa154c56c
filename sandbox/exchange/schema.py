"""The book's tables. Amounts are whole units of their asset, times are microseconds since 1970, prices are text."""

import sqlite3

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS nonces (nonce INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, reference TEXT, error TEXT, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS prices (
    id INTEGER PRIMARY KEY, feed TEXT, pair TEXT NOT NULL, price TEXT, since INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, txid TEXT NOT NULL UNIQUE, cl_ord_id TEXT, userref INTEGER, pair TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')), kind TEXT NOT NULL CHECK (kind IN ('market', 'limit')),
    volume INTEGER NOT NULL CHECK (volume > 0), limit_price TEXT, held_at TEXT NOT NULL, described TEXT NOT NULL,
    oflags TEXT NOT NULL, fee_in TEXT NOT NULL CHECK (fee_in IN ('base', 'quote')), rested INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'closed', 'canceled')), reason TEXT, opened_at INTEGER NOT NULL,
    closed_at INTEGER, executed INTEGER NOT NULL DEFAULT 0, cost INTEGER NOT NULL DEFAULT 0,
    fee INTEGER NOT NULL DEFAULT 0, parts INTEGER NOT NULL, parts_done INTEGER NOT NULL DEFAULT 0,
    every INTEGER NOT NULL, stop_after INTEGER, rest TEXT NOT NULL, hidden INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS orders_by_client ON orders (cl_ord_id) WHERE status = 'open';
CREATE INDEX IF NOT EXISTS orders_open ON orders (id) WHERE status = 'open';
CREATE TABLE IF NOT EXISTS trades (
    id INTEGER PRIMARY KEY, txid TEXT NOT NULL UNIQUE, order_id INTEGER NOT NULL REFERENCES orders,
    pair TEXT NOT NULL, side TEXT NOT NULL, kind TEXT NOT NULL, price TEXT NOT NULL,
    volume INTEGER NOT NULL CHECK (volume > 0), cost INTEGER NOT NULL, fee INTEGER NOT NULL, maker INTEGER NOT NULL,
    at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS trades_by_order ON trades (order_id);
CREATE TABLE IF NOT EXISTS ledger (
    id INTEGER PRIMARY KEY, txid TEXT NOT NULL UNIQUE, refid TEXT NOT NULL, kind TEXT NOT NULL,
    subkind TEXT NOT NULL DEFAULT '', asset TEXT NOT NULL, amount INTEGER NOT NULL, fee INTEGER NOT NULL,
    balance INTEGER NOT NULL CHECK (balance >= 0), at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS ledger_by_asset ON ledger (asset, id);
CREATE INDEX IF NOT EXISTS ledger_by_reference ON ledger (refid);
CREATE TABLE IF NOT EXISTS addresses (
    id INTEGER PRIMARY KEY, asset TEXT NOT NULL, method TEXT NOT NULL, address TEXT NOT NULL UNIQUE,
    made_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS withdrawal_keys (
    key TEXT PRIMARY KEY, asset TEXT NOT NULL, method TEXT NOT NULL, address TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS transfers (
    id INTEGER PRIMARY KEY, refid TEXT NOT NULL UNIQUE, kind TEXT NOT NULL CHECK (kind IN ('deposit', 'withdrawal')),
    asset TEXT NOT NULL, method TEXT NOT NULL, network TEXT, key TEXT, address TEXT, txid TEXT,
    amount INTEGER NOT NULL CHECK (amount > 0), fee INTEGER NOT NULL, status TEXT NOT NULL, prop TEXT,
    outcome TEXT NOT NULL, at INTEGER NOT NULL, due_at INTEGER, ended_at INTEGER);
CREATE TABLE IF NOT EXISTS exports (
    id TEXT PRIMARY KEY, report TEXT NOT NULL, description TEXT NOT NULL, since INTEGER, until INTEGER,
    made_at INTEGER NOT NULL);
"""
FORGET = (
    "DELETE FROM facts",
    "DELETE FROM nonces",
    "DELETE FROM calls",
    "DELETE FROM prices",
    "DELETE FROM trades",
    "DELETE FROM ledger",
    "DELETE FROM orders",
    "DELETE FROM addresses",
    "DELETE FROM withdrawal_keys",
    "DELETE FROM transfers",
    "DELETE FROM exports",
)


def bring_up(db: sqlite3.Connection) -> None:
    """Make what is not there yet."""
    db.executescript(_TABLES)
