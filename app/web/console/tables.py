"""Tables for looking things up, by flask-admin: read-only views, each behind a permission, in our own page."""

from typing import Any

from flask import Flask, redirect, render_template, url_for
from flask_admin import Admin, AdminIndexView, expose
from flask_admin.contrib.sqla import ModelView
from flask_login import current_user
from werkzeug.wrappers import Response

from app.core.db import db
from app.core.permissions import Permission
from app.ledger.models import JournalRow
from app.web.filters import wat
from app.web.guards import OPERATOR, Door


class Table(ModelView):
    """A list to search, sort and page, and nothing else: no row is made, changed, deleted or exported here."""

    door: Door
    can_create = can_edit = can_delete = can_export = False
    can_view_details = True
    column_display_actions = False
    action_disallowed_list = ("delete",)
    list_template = "console/table.html"
    details_template = "console/table_row.html"
    page_size = 40
    simple_list_pager = True  # counting a ledger's rows takes longer than reading a page of them
    column_default_sort = ("id", True)
    title = pretitle = help_text = ""

    def is_accessible(self) -> bool:
        """The guard has asked already; this is the second lock."""
        return bool(current_user.is_authenticated and self.door.permission in current_user.permissions)

    def inaccessible_callback(self, name: str, **_kwargs: Any) -> Response:  # noqa: ARG002 (the library's signature)
        """Not for you."""
        return redirect(url_for("console.sign_in"), 303)

    def render(self, template: str, **context: Any) -> str:
        """Render one of our pages: the library's own way would put its `theme` over ours."""
        return render_template(template, admin_view=self, **context)


def _time(_view: object, _context: object, row: Any, name: str) -> str:
    return wat(getattr(row, name))


class Journals(Table):
    """Every journal, by what it was about or in whose name."""

    door = Door(OPERATOR, Permission.LEDGER_READ)
    title, pretitle, help_text = "Journals", "Books", "Search a reference, a kind or an actor."
    column_list = ("id", "kind", "ref", "legs", "actor", "effective_at", "booked_at")
    column_searchable_list = ("kind", "ref", "actor")
    column_sortable_list = ("id", "effective_at")
    column_formatters = {"effective_at": _time, "booked_at": _time}  # noqa: RUF012


class Index(AdminIndexView):
    """flask-admin wants a first page; ours is the overview."""

    door = Door(OPERATOR, Permission.OVERVIEW_READ)

    @expose("/")
    def index(self) -> Response:
        """Go to the overview."""
        return redirect(url_for("console.overview"), 303)


def register(app: Flask) -> None:
    """Hang the tables into the console."""
    admin = Admin(app, name="tables", url="/console/tables", index_view=Index(url="/console/tables"))
    admin.add_view(Journals(JournalRow, db, endpoint="journals", url="/console/journals"))
