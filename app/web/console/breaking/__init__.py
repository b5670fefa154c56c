"""Doors of breaks: the accounts and their queues, one break and the work on it, many at once."""
