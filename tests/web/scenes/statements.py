"""A call of each door through which finance says where statements come from, and brings them."""

import io

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.db import leave, transaction
from app.core.permissions import Role
from app.statements import flows, queries
from app.statements import service as statements
from tests.makers import books, browse
from tests.makers.statements import sample
from tests.web.scenes.stage import TEST, Call, Scene

PAGE = "/console/statements"
SEE_OTHER = 303


def source(scene: Scene, format_name: str = "bank-csv") -> tuple[FlaskClient, str]:
    """Somebody of finance, and the address of a source."""
    name = books.fresh("src")
    with transaction(TEST):
        made = statements.add_source(name, title="A teller", format_name=format_name, settings={"asset": "NGN"})
    leave()
    return scene.staff(Role.FINANCE), f"{PAGE}/sources/{made.id}"


def add(scene: Scene) -> TestResponse:
    said = {"format": "kraken-ledgers", "name": books.fresh("src"), "title": "Kraken", "zone": "UTC"}
    form = f"{PAGE}/new?format=kraken-ledgers"
    due = {"lag_days": "1", "cut_off": "12:00"}
    return browse.send(scene.staff(Role.FINANCE), f"{PAGE}/sources", form_at=form, **said, **due)


def change(scene: Scene) -> TestResponse:
    client, place = source(scene)
    said = {"title": "Another", "zone": "UTC", "lag_days": "2", "cut_off": "09:00"}
    return browse.send(client, place, form_at=f"{place}/edit", **said)


def name_account(scene: Scene) -> TestResponse:
    client, place = source(scene)
    return browse.send(client, f"{place}/accounts", form_at=place, asset="NGN", account="asset:paystack:NGN")


def retire(scene: Scene) -> TestResponse:
    client, place = source(scene)
    return browse.send(client, f"{place}/retire", form_at=place)


def save_columns(scene: Scene) -> TestResponse:
    client, place = source(scene)
    told = {"date": "Day", "amount": "Amount", "sample": "Day,Amount\n01/03/2026,2.50\n", "act": "save"}
    return browse.send(client, f"{place}/columns", **told)


def bring(scene: Scene) -> TestResponse:
    client, place = source(scene, "kraken-ledgers")
    ledgers = (io.BytesIO(sample("scenario_a/kraken_ledgers.csv")), "ledgers.csv")
    sent = {"csrf_token": browse.token_of(client.get(place)), "file": ledgers}
    return client.post(f"{place}/files", data=sent, content_type="multipart/form-data")


def kept(scene: Scene) -> tuple[FlaskClient, str]:
    """Somebody of finance, and the address of a file of a row that was rejected."""
    client, place = source(scene, "kraken-ledgers")
    head = "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance\n"
    body = f"{head}LD,RD,2026-03-03 11:00:00,airdrop,,currency,NGN,1,0,1\n".encode()
    source_name = queries.one_source_for_operators(place.rpartition("/")[2]).name
    leave()
    flows.bring(source_name, name="ledgers.csv", body=body, actor=TEST)
    file = queries.files_for_operators(place.rpartition("/")[2])[0][0].id
    leave()
    return client, f"{PAGE}/files/{file}"


def read_again(scene: Scene) -> TestResponse:
    client, place = kept(scene)
    return browse.send(client, f"{place}/again", form_at=place)


def say_days(scene: Scene) -> TestResponse:
    client, place = kept(scene)
    said = {"from": "2026-03-01", "to": "2026-03-31", "reason": "The period on its first page."}
    return browse.send(client, f"{place}/days", form_at=place, **said)


def propose_columns(scene: Scene) -> TestResponse:
    client, place = source(scene)
    march = (io.BytesIO(sample("scenario_a/bank_ngn.csv")), "march.csv")
    sent = {"csrf_token": browse.token_of(client.get(f"{place}/columns")), "file": march}
    return client.post(f"{place}/columns/sample", data=sent, content_type="multipart/form-data")


def asked(scene: Scene) -> tuple[FlaskClient, str]:
    """The same of one whose teller may be asked."""
    client, place = source(scene, "paystack-balance")
    said = {"every": "3600", "since": "2026-01-31"}
    assert browse.send(client, f"{place}/rhythm", form_at=place, **said).status_code == SEE_OTHER
    return client, place


def set_rhythm(scene: Scene) -> TestResponse:
    client, place = asked(scene)
    return browse.send(client, f"{place}/rhythm", form_at=place, every="", since="2026-01-30")


def pull(scene: Scene) -> TestResponse:
    client, place = asked(scene)
    return browse.send(client, f"{place}/pulls", form_at=place)


CALLS: dict[str, Call] = {
    "console.add_statement_source": add,
    "console.change_statement_source": change,
    "console.name_statement_account": name_account,
    "console.retire_statement_source": retire,
    "console.save_statement_columns": save_columns,
    "console.bring_statement": bring,
    "console.read_statement_again": read_again,
    "console.say_statement_days": say_days,
    "console.set_statement_rhythm": set_rhythm,
    "console.pull_statement": pull,
}
