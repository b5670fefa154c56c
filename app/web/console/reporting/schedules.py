"""Reports that are made by themselves: which, how often, and who is told by mail where they can be downloaded."""

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.clock import WAT
from app.core.db import atomically
from app.core.errors import Malformed, Refusal
from app.core.money import ASSETS
from app.core.permissions import Permission, Role, granted
from app.exports import queries, service
from app.exports.errors import NobodyToTell
from app.exports.rules import MADE_AT
from app.identity import queries as identity
from app.web import guards
from app.web.console.base import bp
from app.web.console.reporting.catalogue import FORMATS
from app.web.fragments import page
from reports import catalogue
from reports.catalogue import Format, Rhythm

RHYTHMS = {
    Rhythm.DAILY: "Every day, of the day before",
    Rhythm.WEEKLY: "Every Monday, of the week before",
    Rhythm.MONTHLY: "On the first of each month, of the month before",
}


@bp.get("/reports/schedules")
@guards.operator(Permission.REPORTS_READ)
def report_schedules() -> Response:
    """Those that stand, and a form for another."""
    return _schedules()


@bp.post("/reports/schedules")
@guards.operator(Permission.REPORTS_MAKE, fresh=True)
def schedule_report() -> Response | BaseResponse:
    """Have a report made by itself."""
    sent, actor = request.form, guards.actor()
    try:
        report = catalogue.one(sent.get("report", ""))
        if sent.get("format") not in set(Format) or sent.get("rhythm") not in set(Rhythm):
            raise Malformed("Choose what kind of file is made, and how often.")
        options = {name: text for name, text in sent.items() if name in report.options and text}
        catalogue.asked(report, options)
        readers = [each for each in sent.getlist("readers") if each in _who_may_read()]
        if not readers:
            raise NobodyToTell
        rhythm = Rhythm(sent["rhythm"])
        first = catalogue.next_day(rhythm, clock.now().astimezone(WAT).date())

        def deed() -> str:
            return service.schedule(
                report.name,
                options=options,
                format_=sent["format"],
                rhythm=rhythm,
                next_on=first,
                readers=readers,
                actor=actor,
            )

        atomically(deed, actor=actor)
    except Refusal as refused:
        return _schedules(fault=refused.message, status=422)
    flash(f"It is made for the first time on {first:%-d %B}, at {MADE_AT:%H:%M} West Africa Time.", "ok")
    return redirect(url_for("console.report_schedules"), 303)


@bp.post("/reports/schedules/<schedule_id>/end")
@guards.operator(Permission.REPORTS_MAKE)
def end_schedule(schedule_id: str) -> BaseResponse:
    """Have it made no more."""
    actor = guards.actor()
    atomically(lambda: service.end_schedule(schedule_id), actor=actor)
    flash("It is made no more. Files that were made are kept for their time.", "ok")
    return redirect(url_for("console.report_schedules"), 303)


def _schedules(*, fault: str = "", status: int = 200) -> Response:
    found = queries.schedules_for_operators()
    return page(
        "console/reports/schedules.html",
        status=status,
        fault=fault,
        sent=request.form,
        schedules=found,
        readers=queries.readers_for_operators(each.id for each in found),
        reports=catalogue.EVERY,
        titles={one.name: one.title for one in catalogue.EVERY},
        formats=FORMATS,
        rhythms=RHYTHMS,
        assets=list(ASSETS),
        made_at=MADE_AT,
        staff=identity.names_for_operators(),
        may_read=_who_may_read(),
        may_make=Permission.REPORTS_MAKE in current_user.permissions,
    )


def _who_may_read() -> dict[str, str]:
    """The names of staff who may read reports, by id."""
    roles = [str(role) for role in Role if Permission.REPORTS_READ in granted([role])]
    return {one.id: one.name for one in sorted(identity.holders_for_system(roles), key=lambda one: one.name)}
