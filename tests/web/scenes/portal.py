"""A call of each door through which a customer moves money or comes in and out."""

import secrets

from werkzeug.test import TestResponse

from app.core.db import leave, transaction
from app.payments import deposits
from tests.makers import browse, paying, people
from tests.makers.people import naira
from tests.web.scenes.stage import Call, Scene


def sign_up(scene: Scene) -> TestResponse:
    email = f"new-{secrets.token_hex(4)}@test.example"
    return browse.send(
        scene.app.test_client(), "/sign-up", name="Ngozi Eze", email=email, phone=people.PHONE, password=people.PASSWORD
    )


def confirm_email(scene: Scene) -> TestResponse:
    client, login_id = scene.claimant()
    code = people.newest_code(login_id)
    leave()
    return browse.send(client, "/confirm-email", code=code)


def resend_code(scene: Scene) -> TestResponse:
    client, login_id = scene.claimant()
    scene.owner_does("UPDATE codes SET created_at = created_at - interval '5 min' WHERE login_id = :i", i=login_id)
    browse.let_code_age(client)
    return browse.send(client, "/confirm-email/again", form_at="/confirm-email")


def confirm_phone(scene: Scene) -> TestResponse:
    customer = people.customer()
    client = scene.at_home(customer)
    browse.send(client, "/phone/again", form_at="/phone")
    code = people.newest_phone_code(customer.login_id)
    leave()
    return browse.send(client, "/phone", code=code)


def resend_phone_code(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer()), "/phone/again", form_at="/phone")


def change_phone(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer()), "/phone/change", phone=people.phone_number())


def portal_sign_in(scene: Scene) -> TestResponse:
    return browse.sign_in(scene.app.test_client(), people.customer().email)


def portal_sign_out(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer()), "/sign-out", form_at="/deposit")


def portal_deposit(scene: Scene) -> TestResponse:
    client = scene.at_home(people.customer())
    page = client.get("/deposit")
    return client.post(
        "/deposit", data={"csrf_token": browse.token_of(page), "key": browse.key_of(page), "amount": "5000"}
    )


def reopen_checkout(scene: Scene) -> TestResponse:
    customer = people.customer()
    with transaction(customer.actor):
        deposit_id = deposits.start(customer.id, amount=naira(5_000), actor=customer.actor).id
    leave()
    return browse.send(scene.at_home(customer), f"/deposits/{deposit_id}/checkout", form_at="/deposit")


def ask_account_number(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer()), "/deposit/account")


def look_for_transfer(scene: Scene) -> TestResponse:
    customer = people.customer()
    paying.account_number(customer)
    return browse.send(scene.at_home(customer), "/deposit/account/look", form_at="/deposit/account")


def close_account_number(scene: Scene) -> TestResponse:
    customer = people.customer()
    paying.account_number(customer)
    return browse.send(scene.at_home(customer), "/deposit/account/close", form_at="/deposit/account")


def remove_card(scene: Scene) -> TestResponse:
    customer = people.customer()
    card_id = paying.kept_card(customer)
    return browse.send(scene.at_home(customer), f"/cards/{card_id}/remove", form_at="/cards")


def request_withdrawal(scene: Scene) -> TestResponse:
    customer, account = scene.rich()
    client = scene.at_home(customer)
    page = client.get("/withdraw")
    fields = {"csrf_token": browse.token_of(page), "key": browse.key_of(page), "amount": "1000"}
    return client.post("/withdraw", data={**fields, "account": account})


def portal_bank_account(scene: Scene) -> TestResponse:
    customer, _ = scene.rich()  # (the banks are known by then)
    number = str(secrets.randbelow(8_000_000_000) + 1_000_000_000)
    return browse.send(scene.at_home(customer), "/withdraw/account", bank=people.ZENITH, number=number)


def remove_beneficiary(scene: Scene) -> TestResponse:
    customer, account = scene.rich()
    return browse.send(scene.at_home(customer), f"/withdraw/accounts/{account}/remove", form_at="/withdraw/accounts")


def cancel(scene: Scene) -> TestResponse:
    customer, one = scene.asked()
    return browse.send(scene.at_home(customer), f"/withdrawals/{one.id}/cancel", form_at="/deposit")


def open_wallet(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer()), "/wallets/open", form_at="/wallets", asset="BTC")


def close_wallet(scene: Scene) -> TestResponse:
    client = scene.at_home(people.customer())
    browse.send(client, "/wallets/open", form_at="/wallets", asset="BTC")
    return browse.send(client, "/wallets/close", form_at="/wallets", asset="BTC")


CALLS: dict[str, Call] = {
    "portal.open_wallet": open_wallet,
    "portal.close_wallet": close_wallet,
    "portal.sign_up": sign_up,
    "portal.confirm_email": confirm_email,
    "portal.resend_code": resend_code,
    "portal.phone": confirm_phone,
    "portal.resend_phone_code": resend_phone_code,
    "portal.change_phone": change_phone,
    "portal.sign_in": portal_sign_in,
    "portal.sign_out": portal_sign_out,
    "portal.deposit": portal_deposit,
    "portal.ask_account_number": ask_account_number,
    "portal.look_for_transfer": look_for_transfer,
    "portal.close_account_number": close_account_number,
    "portal.remove_card": remove_card,
    "portal.reopen_checkout": reopen_checkout,
    "portal.request_withdrawal": request_withdrawal,
    "portal.remove_beneficiary": remove_beneficiary,
    "portal.bank_account": portal_bank_account,
    "portal.cancel": cancel,
}
