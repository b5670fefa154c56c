"""Statements of outside accounts: where they come from, what they told, and the files behind them."""
