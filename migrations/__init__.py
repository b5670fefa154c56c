"""Schema changes, numbered, as plain SQL. `python -m migrations.migrate` brings a database to HEAD."""
