"""Tables of documents."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model
from app.documents import rules

_PURPOSES = (
    "purpose IN ('id_front', 'id_back', 'selfie', 'proof_of_address', 'source_of_funds', 'company_registration',"
    " 'other')"
)


class Document(Model):
    """What a customer sent. `refusal` is a key of rules.REASONS, `waits_for` what does not answer at the moment."""

    __tablename__ = "documents"
    __table_args__ = (
        Index(None, "customer_id", "received_at"),
        Index(None, "received_at", postgresql_where=text("state = 'received'")),
        CheckConstraint(_PURPOSES, name="purpose_known"),
        CheckConstraint("length(name) BETWEEN 1 AND 120", name="name_short"),
        CheckConstraint("kind IN ('jpeg', 'png', 'pdf')", name="kind_known"),
        CheckConstraint("size_bytes > 0", name="size_positive"),
        CheckConstraint("state IN ('received', 'ready', 'refused', 'discarded')", name="state_known"),
        CheckConstraint("state <> 'ready' OR (checked_at IS NOT NULL AND pages > 0)", name="ready_with_pages"),
        CheckConstraint("state <> 'refused' OR (checked_at IS NOT NULL AND refusal <> '')", name="refused_with_reason"),
        CheckConstraint("(state = 'discarded') = (discarded_at IS NOT NULL)", name="discarded_in_time"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    purpose: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    refusal: Mapped[str] = mapped_column(Text, default="")
    waits_for: Mapped[str] = mapped_column(Text, default="")
    tries: Mapped[int] = mapped_column(Integer, default=0)
    tried_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    pages: Mapped[int] = mapped_column(Integer, default=0)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    checked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    discarded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def ready(self) -> bool:
        """Whether it can be looked at."""
        return self.state == rules.State.READY

    @property
    def reason(self) -> str:
        """Why it was refused, in words for its owner; nothing when it was not."""
        return rules.REASONS.get(self.refusal, "")


class DocumentFile(Model):
    """One sealed file of a document: page 0 is what was sent, the others are what we made of it."""

    __tablename__ = "document_files"
    __table_args__ = (
        Index(None, "digest"),
        Index(None, "likeness_bands", postgresql_using="gin"),
        Index(None, "key_id", postgresql_where=text("key_id IS NOT NULL")),
        CheckConstraint("page >= 0", name="page_counted"),
        CheckConstraint(
            "(storage_name IS NULL) = (data_key IS NULL) AND (key_id IS NULL) = (data_key IS NULL)", name="whole"
        ),
    )
    document_id: Mapped[str] = mapped_column(Text, ForeignKey("documents.id"), primary_key=True)
    page: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    customer_id: Mapped[str] = mapped_column(Text, ForeignKey("customers.id"))
    media_type: Mapped[str] = mapped_column(Text)
    width: Mapped[int] = mapped_column(Integer, default=0)
    height: Mapped[int] = mapped_column(Integer, default=0)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    likeness: Mapped[int | None] = mapped_column(BigInteger)
    likeness_bands: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    storage_name: Mapped[str | None] = mapped_column(Text, unique=True)
    key_id: Mapped[str | None] = mapped_column(Text)
    data_key: Mapped[bytes | None] = mapped_column(LargeBinary)

    @property
    def context(self) -> str:
        """What it is sealed together with."""
        return rules.sealed_as(self.document_id, customer_id=self.customer_id, page=self.page)


class DocumentView(Model):
    """A member of staff looked at a document, or was refused."""

    __tablename__ = "document_views"
    __table_args__ = (
        Index(None, "operator_id", "viewed_at"),
        Index(None, "document_id", "viewed_at"),
        CheckConstraint("what IN ('preview', 'file')", name="what_known"),
    )
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    document_id: Mapped[str] = mapped_column(Text, ForeignKey("documents.id"))
    operator_id: Mapped[str] = mapped_column(Text, ForeignKey("operators.id"))
    what: Mapped[str] = mapped_column(Text)
    page: Mapped[int] = mapped_column(Integer)
    session_id: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text)
    refused: Mapped[bool] = mapped_column(Boolean)
    told: Mapped[bool] = mapped_column(Boolean)
    viewed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
