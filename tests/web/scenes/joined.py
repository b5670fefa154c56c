"""A call of each door through which finance asks that accounts be counted together, or not any more."""

from werkzeug.test import TestResponse

from app.core.permissions import Role
from tests.makers import books, browse, joining
from tests.makers.matching import Outside
from tests.web.scenes.stage import Call, Scene

WHY = {"reason": "The bank keeps them as one."}


def join(scene: Scene) -> TestResponse:
    place = f"/console/breaks/of/{Outside().account}/accounts"
    said = {"account": books.account("asset"), "key": books.fresh(), **WHY}
    return browse.send(scene.staff(Role.FINANCE), place, form_at=place, **said)


def leave(scene: Scene) -> TestResponse:
    both = joining.Both(Outside())
    both.join()
    place = f"/console/breaks/of/{both.outside.account}/accounts"
    client = scene.staff(Role.FINANCE)
    return browse.send(client, f"{place}/leave", form_at=place, account=both.second, key=books.fresh(), **WHY)


CALLS: dict[str, Call] = {
    "console.ask_to_join": join,
    "console.ask_to_leave": leave,
}
