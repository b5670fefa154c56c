"""A call of each door through which finance tries rules of matching, and asks that they count."""

from werkzeug.test import TestResponse

from app.core.permissions import Role
from tests.makers import books, browse, ruled
from tests.makers.matching import Outside
from tests.web.scenes.stage import Call, Scene


def try_rules(scene: Scene) -> TestResponse:
    place = f"/console/matching-rules/of/{Outside().account}"
    said = {"name-0": "our reference", "step-0": "key", "line-0": "ref", "entry-0": "ref", "confidence-0": "100"}
    return browse.send(scene.staff(Role.FINANCE), f"{place}/trials", form_at=f"{place}/new", **said)


def request_rules(scene: Scene) -> TestResponse:
    place = f"/console/matching-rules/trials/{ruled.trial()}"
    said = {"reason": "The bank writes otherwise.", "key": books.fresh()}
    return browse.send(scene.staff(Role.FINANCE), f"{place}/ask", form_at=place, **said)


CALLS: dict[str, Call] = {
    "console.try_matching_rules": try_rules,
    "console.request_matching_rules": request_rules,
}
