"""The world: one vendor a file, plain dataclasses out, timeouts explicit, no database."""
