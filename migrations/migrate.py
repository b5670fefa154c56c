"""Bring the database at MIGRATIONS_DATABASE_URL to HEAD: roles first, then every migration that it lacks."""

import os
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool

HERE = Path(__file__).parent

# Roles belong to the whole server and databases share them, so this is safe to run again and beside another run.
ROLES = """
DO $$ DECLARE r text; BEGIN
    FOREACH r IN ARRAY ARRAY['bursar_owner', 'bursar_app'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', r);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
    IF NOT pg_has_role(current_user, 'bursar_owner', 'MEMBER') THEN
        EXECUTE format('GRANT bursar_owner TO %I', current_user);
    END IF;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO bursar_owner', current_database());
    GRANT USAGE, CREATE ON SCHEMA public TO bursar_owner;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO bursar_app;
END $$
"""


def upgrade(url: str) -> None:
    """Create the roles `bursar_owner` and `bursar_app` where they lack, then run what is new. Idempotent."""
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.execution_options(no_parameters=True).exec_driver_sql(ROLES)
    command.upgrade(_config(url), "head")


def head() -> str:
    """The newest revision this code knows."""
    return str(ScriptDirectory.from_config(_config("")).get_current_head())


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def main() -> int:
    """The command: exit code 0, or 2 with one sentence when the URL is missing."""
    url = os.environ.get("MIGRATIONS_DATABASE_URL")
    if not url:
        sys.stderr.write("MIGRATIONS_DATABASE_URL is not set: give the URL of the database's owner.\n")
        return 2
    upgrade(url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
