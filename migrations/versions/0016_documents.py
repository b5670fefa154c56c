"""Customers' documents: what they sent, where its sealed copies are, who looked.

Why: who a customer is, is proved with papers, and each is an attack until it was made anew.
Undo: `DROP TABLE document_views, document_files, documents`; nothing else depends on them. The store keeps sealed files
that nothing opens any more; empty it.
"""

from migrations import steps

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0016_documents.sql")
