"""What every migration does: run the SQL file that bears its name."""

from pathlib import Path

from alembic import op

SQL = Path(__file__).parent / "sql"


def run(name: str) -> None:
    """Execute one file of migrations/sql as it stands (its percent signs too), in the migration's transaction."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql((SQL / name).read_text())
