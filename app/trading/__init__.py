"""Buy, sell, swap: quotes that are kept, orders that are made of them, orders that come again, alerts on prices.

It owns `quotes`, `orders`, `recurring_orders` with their `recurring_runs`, and `price_alerts`.

Promise: a customer pays at most what the quote said and gets exactly what it said; one quote becomes one order at most,
whole and at once in the books, or nothing happens; the spread, the fee and what rounding left are legs of their own.
"""
