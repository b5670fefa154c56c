"""A call of each door through which reports become files, are taken out, and are made by themselves."""

from werkzeug.test import TestResponse

from app.core.db import leave
from app.core.permissions import Role
from app.exports import queries
from tests.makers import browse, people
from tests.web.scenes.stage import Call, Scene

REPORTS = "/console/reports"


def make_report(scene: Scene) -> TestResponse:
    place = f"{REPORTS}/volumes"
    return browse.send(scene.staff(Role.FINANCE), f"{place}/files", form_at=place, format="csv")


def schedule_report(scene: Scene) -> TestResponse:
    reader = people.operator(Role.AUDITOR)[0]
    leave()
    fields = {"report": "revenue", "rhythm": "weekly", "format": "xlsx", "asset": "NGN", "readers": reader}
    return browse.send(scene.staff(Role.FINANCE), f"{REPORTS}/schedules", **fields)


def end_schedule(scene: Scene) -> TestResponse:
    schedule_report(scene)
    schedule = queries.schedules_for_operators()[-1].id
    leave()
    where = f"{REPORTS}/schedules"
    return browse.send(scene.staff(Role.FINANCE), f"{where}/{schedule}/end", form_at=where)


CALLS: dict[str, Call] = {
    "console.make_report": make_report,
    "console.schedule_report": schedule_report,
    "console.end_schedule": end_schedule,
}
