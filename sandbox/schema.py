"""The book's tables, and how a file written by an earlier sandbox is brought up to them."""

import sqlite3

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS customers (
    id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, code TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL,
    risk_action TEXT NOT NULL DEFAULT 'default');
CREATE TABLE IF NOT EXISTS settlements (
    id INTEGER PRIMARY KEY, settlement_date TEXT NOT NULL, status TEXT NOT NULL, gross INTEGER NOT NULL,
    fees INTEGER NOT NULL, deductions INTEGER, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS transactions (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, access_code TEXT NOT NULL UNIQUE,
    customer_id INTEGER NOT NULL REFERENCES customers, requested_amount INTEGER NOT NULL CHECK (requested_amount > 0),
    amount INTEGER NOT NULL CHECK (amount > 0), fees INTEGER, status TEXT NOT NULL, channel TEXT NOT NULL,
    gateway_response TEXT NOT NULL, metadata TEXT, channels TEXT NOT NULL, callback_url TEXT, entry_point TEXT NOT NULL,
    authorization TEXT NOT NULL, created_at TEXT NOT NULL, paid_at TEXT, settlement_id INTEGER REFERENCES settlements);
CREATE INDEX IF NOT EXISTS transactions_by_date ON transactions (created_at);
CREATE TABLE IF NOT EXISTS recipients (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, account_number TEXT NOT NULL,
    account_name TEXT NOT NULL, bank_code TEXT NOT NULL, email TEXT, description TEXT, metadata TEXT,
    created_at TEXT NOT NULL, UNIQUE (account_number, bank_code));
CREATE TABLE IF NOT EXISTS transfers (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, code TEXT NOT NULL UNIQUE,
    recipient_id INTEGER NOT NULL REFERENCES recipients, amount INTEGER NOT NULL CHECK (amount > 0),
    fee INTEGER NOT NULL, reason TEXT, status TEXT NOT NULL, outcome TEXT NOT NULL, due_at REAL, session_id TEXT,
    gateway_response TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, transferred_at TEXT);
CREATE INDEX IF NOT EXISTS transfers_due ON transfers (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS ledger (
    id INTEGER PRIMARY KEY, difference INTEGER NOT NULL, balance INTEGER NOT NULL, reason TEXT NOT NULL,
    model TEXT NOT NULL, model_row INTEGER NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (account_number TEXT PRIMARY KEY, account_name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, event TEXT NOT NULL, subject TEXT NOT NULL, body BLOB NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY, event_id INTEGER NOT NULL REFERENCES events, copy INTEGER NOT NULL, due_at REAL NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, losses_left INTEGER NOT NULL DEFAULT 0,
    last_result TEXT, delivered_at TEXT);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS identities (
    customer_id INTEGER PRIMARY KEY REFERENCES customers, first_name TEXT, last_name TEXT, phone TEXT,
    identification TEXT);
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, number TEXT NOT NULL, name TEXT NOT NULL, birth_date TEXT, PRIMARY KEY (kind, number));
CREATE TABLE IF NOT EXISTS texts (
    id TEXT PRIMARY KEY, number TEXT NOT NULL, text TEXT NOT NULL, times INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, method TEXT NOT NULL, path TEXT NOT NULL, reference TEXT, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deductions (
    id INTEGER PRIMARY KEY, model TEXT NOT NULL, model_row INTEGER NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0),
    pocket TEXT NOT NULL CHECK (pocket IN ('payout', 'balance')), settlement_id INTEGER REFERENCES settlements,
    created_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS deductions_by_subject ON deductions (model, model_row);
CREATE TABLE IF NOT EXISTS refunds (
    id INTEGER PRIMARY KEY, transaction_id INTEGER NOT NULL REFERENCES transactions,
    amount INTEGER NOT NULL CHECK (amount > 0), status TEXT NOT NULL, outcome TEXT NOT NULL, due_at REAL,
    reference TEXT, customer_note TEXT NOT NULL, merchant_note TEXT NOT NULL, account TEXT, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, refunded_at TEXT);
CREATE INDEX IF NOT EXISTS refunds_by_transaction ON refunds (transaction_id);
CREATE INDEX IF NOT EXISTS refunds_due ON refunds (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS disputes (
    id INTEGER PRIMARY KEY, transaction_id INTEGER NOT NULL REFERENCES transactions, category TEXT NOT NULL,
    status TEXT NOT NULL, resolution TEXT, refund_amount INTEGER, answer_by TEXT, resolved_at TEXT, evidence TEXT,
    attachments TEXT, history TEXT NOT NULL, messages TEXT NOT NULL, remind_at REAL, expires_at REAL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS dedicated_accounts (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers, account_number TEXT NOT NULL UNIQUE,
    account_name TEXT NOT NULL, bank_code TEXT NOT NULL, active INTEGER NOT NULL, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, requeried_at REAL);
CREATE TABLE IF NOT EXISTS one_off_accounts (
    account_number TEXT PRIMARY KEY, transaction_id INTEGER NOT NULL REFERENCES transactions, expires_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS unnoticed (
    id INTEGER PRIMARY KEY, account_number TEXT NOT NULL, amount INTEGER NOT NULL, sender TEXT NOT NULL,
    created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS exports (
    token TEXT PRIMARY KEY, body TEXT NOT NULL, expires_at REAL NOT NULL);
"""

# What a table of an earlier file lacks: the column's name, and how it is added.
_COLUMNS = (
    ("SELECT 1 FROM pragma_table_info('customers') WHERE name = 'risk_action'",
     "ALTER TABLE customers ADD COLUMN risk_action TEXT NOT NULL DEFAULT 'default'"),
    ("SELECT 1 FROM pragma_table_info('transactions') WHERE name = 'settlement_id'",
     "ALTER TABLE transactions ADD COLUMN settlement_id INTEGER REFERENCES settlements"),
)  # fmt: skip
_LATER_INDEXES = """
CREATE INDEX IF NOT EXISTS transactions_unsettled ON transactions (paid_at)
    WHERE settlement_id IS NULL AND paid_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS calls_by_reference ON calls (reference) WHERE reference IS NOT NULL;
CREATE INDEX IF NOT EXISTS transactions_settled ON transactions (settlement_id) WHERE settlement_id IS NOT NULL;
"""

FORGET = (
    "DELETE FROM exports",
    "DELETE FROM unnoticed",
    "DELETE FROM one_off_accounts",
    "DELETE FROM dedicated_accounts",
    "DELETE FROM disputes",
    "DELETE FROM refunds",
    "DELETE FROM deductions",
    "DELETE FROM texts",
    "DELETE FROM calls",
    "DELETE FROM deliveries",
    "DELETE FROM events",
    "DELETE FROM accounts",
    "DELETE FROM ledger",
    "DELETE FROM transfers",
    "DELETE FROM recipients",
    "DELETE FROM transactions",
    "DELETE FROM settlements",
    "DELETE FROM records",
    "DELETE FROM identities",
    "DELETE FROM customers",
    "DELETE FROM facts",
)


def bring_up(db: sqlite3.Connection) -> None:
    """Make what is not there yet; what is there stays."""
    db.executescript(_TABLES)
    for present, add in _COLUMNS:
        if db.execute(present).fetchone() is None:
            db.execute(add)
    db.executescript(_LATER_INDEXES)
