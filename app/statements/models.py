"""Tables of statements. Amounts are in whole coins (naira, bitcoin), exact: each teller has a smallest unit."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Text,
    Time,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.statements import rules
from app.statements.formats.lines import EXACT


class Source(Model):
    """An account that somebody else keeps for us, or several of one teller, and how its files are read."""

    __tablename__ = "statement_sources"
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    lag_days: Mapped[int] = mapped_column(Integer)
    cut_off: Mapped[time] = mapped_column(Time)
    pull_every: Mapped[int | None] = mapped_column(Integer)
    pull_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    pulled_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    continues: Mapped[str | None] = mapped_column(Text, ForeignKey("statement_sources.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str | None] = mapped_column(Text)

    @property
    def zone(self) -> str:
        """Where its days begin and end, by the name of the IANA."""
        return str(self.settings.get("zone") or "UTC")

    @property
    def tz(self) -> ZoneInfo:
        """The same, to reckon with."""
        return ZoneInfo(self.zone)

    def expected_through(self, at: datetime) -> date:
        """The last day whose statement should be there at `at`."""
        return rules.expected_through(at, zone=self.zone, lag_days=self.lag_days, cut_off=self.cut_off)


class SourceAccount(Model):
    """The account of the books that stands for what a source tells of an asset."""

    __tablename__ = "statement_accounts"
    source_id: Mapped[str] = mapped_column(Text, ForeignKey("statement_sources.id"), primary_key=True)
    asset: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(Text)
    tolerance: Mapped[Decimal] = mapped_column(Numeric, default=Decimal(0))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    request_id: Mapped[str | None] = mapped_column(Text)


class Import(Model):
    """A file that was read. `sha256` is of its bytes.

    One that `reads_again` is about the rows alone that were rejected before; that names the file's first import.
    """

    __tablename__ = "statement_imports"
    __table_args__ = (
        Index(
            "uq_statement_imports_file",
            "source_id",
            "sha256",
            unique=True,
            postgresql_where=text("reads_again IS NULL"),
        ),
        Index("ix_statement_imports_reads_again", "reads_again", postgresql_where=text("reads_again IS NOT NULL")),
        Index("ix_statement_imports_source", "source_id", "imported_at"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    source_id: Mapped[str] = mapped_column(Text, ForeignKey("statement_sources.id"))
    name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    format: Mapped[str] = mapped_column(Text)
    format_version: Mapped[int] = mapped_column(Integer)
    rows_total: Mapped[int] = mapped_column(Integer)
    rows_lines: Mapped[int] = mapped_column(Integer)
    rows_ignored: Mapped[int] = mapped_column(Integer)
    rows_rejected: Mapped[int] = mapped_column(Integer)
    lines_total: Mapped[int] = mapped_column(Integer)
    lines_added: Mapped[int] = mapped_column(Integer)
    lines_known: Mapped[int] = mapped_column(Integer)
    lines_restated: Mapped[int] = mapped_column(Integer)
    notes: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    tells_all: Mapped[bool] = mapped_column(Boolean, server_default="true", default=True)
    reads_again: Mapped[str | None] = mapped_column(Text, ForeignKey("statement_imports.id"))
    imported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class StatementFile(Model):
    """A file that somebody brought, and what became of it. `rows_about` are its ends of lines; `size` is in bytes.

    `covers_from` and `covers_to` are the days of which it tells everything, where whoever brought it knows. One that
    `reads_again` reads the rejected rows of that one once more, and has no bytes of its own.
    """

    __tablename__ = "statement_files"
    __table_args__ = (
        Index(
            "uq_statement_files_file",
            "source_id",
            "sha256",
            unique=True,
            postgresql_where=text("state <> 'refused' AND reads_again IS NULL"),
        ),
        Index("uq_statement_files_reads_again", "reads_again", unique=True, postgresql_where=text("state = 'waiting'")),
        Index("ix_statement_files_again", "reads_again", "id", postgresql_where=text("reads_again IS NOT NULL")),
        Index("ix_statement_files_source", "source_id", "id"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    source_id: Mapped[str] = mapped_column(Text, ForeignKey("statement_sources.id"))
    name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(BigInteger)
    rows_about: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    trouble: Mapped[str] = mapped_column(Text, default="")
    trouble_row: Mapped[int] = mapped_column(Integer, default=0)
    trouble_column: Mapped[str] = mapped_column(Text, default="")
    import_id: Mapped[str | None] = mapped_column(Text, ForeignKey("statement_imports.id"))
    reads_again: Mapped[str | None] = mapped_column(Text, ForeignKey("statement_files.id"))
    covers_from: Mapped[date | None] = mapped_column(Date)
    covers_to: Mapped[date | None] = mapped_column(Date)
    brought_by: Mapped[str] = mapped_column(Text)
    brought_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Pull(Model):
    """What we asked a teller for ourselves: everything from `since` until `until`, that one left out."""

    __tablename__ = "statement_pulls"
    __table_args__ = (
        Index("uq_statement_pulls_asked", "source_id", unique=True, postgresql_where=text("state = 'asked'")),
        Index("ix_statement_pulls_source", "source_id", "id"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    source_id: Mapped[str] = mapped_column(Text, ForeignKey("statement_sources.id"))
    state: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    rows_told: Mapped[int] = mapped_column(Integer, default=0)
    files: Mapped[int] = mapped_column(Integer, default=0)
    trouble: Mapped[str] = mapped_column(Text, default="")
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Piece(Model):
    """Some of a file's bytes, compressed."""

    __tablename__ = "statement_pieces"
    file_id: Mapped[str] = mapped_column(Text, ForeignKey("statement_files.id"), primary_key=True)
    nth: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Download(Model):
    """Somebody took a file out."""

    __tablename__ = "statement_downloads"
    __table_args__ = (Index("ix_statement_downloads_file", "file_id", "id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    file_id: Mapped[str] = mapped_column(Text, ForeignKey("statement_files.id"))
    downloaded_by: Mapped[str] = mapped_column(Text)
    downloaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SaidDays(Model):
    """Days of which somebody says that a file tells everything. Of a file the newest counts."""

    __tablename__ = "statement_said_days"
    __table_args__ = (Index("ix_statement_said_days_file", "file_id", "id"),)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    file_id: Mapped[str] = mapped_column(Text, ForeignKey("statement_files.id"))
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
    said_by: Mapped[str] = mapped_column(Text)
    said_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Part(Model):
    """One account and asset over a period, as a file has it. Balances are None where it tells none."""

    __tablename__ = "statement_parts"
    import_id: Mapped[str] = mapped_column(Text, ForeignKey("statement_imports.id"), primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True)
    ref: Mapped[str] = mapped_column(Text)
    account: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    opening: Mapped[Decimal | None] = mapped_column(Numeric)
    closing: Mapped[Decimal | None] = mapped_column(Numeric)
    moved: Mapped[Decimal] = mapped_column(Numeric)
    period_from: Mapped[date | None] = mapped_column(Date)
    period_to: Mapped[date | None] = mapped_column(Date)
    closes_on: Mapped[date | None] = mapped_column(Date)
    closes_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    gaps: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    untied: Mapped[str] = mapped_column(Text)

    @property
    def difference(self) -> Decimal | None:
        """Closing less opening and movements: what the file does not explain. None where it tells no balances."""
        if self.opening is None or self.closing is None:
            return None
        return EXACT.subtract(self.closing, EXACT.add(self.opening, self.moved))


class StatementLine(Model):
    """A movement as told, above zero where we have more. Never changed.

    Where it is told otherwise later, one takes it back and another stands in its place. What an account had before the
    first of its statements is a line, too.
    """

    __tablename__ = "statement_lines"
    __table_args__ = (
        UniqueConstraint("source_id", "identity", "occurrence", name="uq_statement_lines_identity"),
        Index("ix_statement_lines_source", "source_id", "asset", "at", "id"),
        Index("ix_statement_lines_opening", "source_id", "asset", postgresql_where=text("basis = 'opening'")),
        Index(
            "uq_statement_lines_restates",
            "restates",
            "basis",
            "occurrence",
            unique=True,
            postgresql_where=text("restates IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    source_id: Mapped[str] = mapped_column(Text)
    import_id: Mapped[str] = mapped_column(Text)
    part: Mapped[int] = mapped_column(Integer)
    row_no: Mapped[int] = mapped_column(Integer)
    external_id: Mapped[str | None] = mapped_column(Text)
    identity: Mapped[bytes] = mapped_column(LargeBinary)
    occurrence: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    booked_on: Mapped[date] = mapped_column(Date)
    account: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    delta: Mapped[Decimal] = mapped_column(Numeric)
    fee: Mapped[Decimal] = mapped_column(Numeric)
    fee_asset: Mapped[str] = mapped_column(Text)
    balance_after: Mapped[Decimal | None] = mapped_column(Numeric)
    kind: Mapped[str] = mapped_column(Text)
    group_key: Mapped[str | None] = mapped_column(Text)
    refs: Mapped[list[str]] = mapped_column(ARRAY(Text))
    counterparty: Mapped[str] = mapped_column(Text)
    narration: Mapped[str] = mapped_column(Text)
    raw: Mapped[dict[str, str]] = mapped_column(JSON)
    basis: Mapped[str] = mapped_column(Text, server_default="row")
    restates: Mapped[int | None] = mapped_column(BigInteger)


class OtherRow(Model):
    """A row that is no line, with the reason; or a line that was told otherwise before."""

    __tablename__ = "statement_rows"
    __table_args__ = (
        Index("ix_statement_rows_import", "import_id", "outcome", "id"),
        Index("ix_statement_rows_restated", "line_id", postgresql_where=text("line_id IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    import_id: Mapped[str] = mapped_column(Text)
    row_no: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    column_name: Mapped[str] = mapped_column(Text)
    line_id: Mapped[int | None] = mapped_column(BigInteger)
    delta: Mapped[Decimal | None] = mapped_column(Numeric)
    fee: Mapped[Decimal | None] = mapped_column(Numeric)
    at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    booked_on: Mapped[date | None] = mapped_column(Date)
    raw: Mapped[dict[str, str]] = mapped_column(JSON)
