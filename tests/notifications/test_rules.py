"""The words of every mail: the facts stand in them, and none asks for a secret."""

from datetime import datetime

import pytest

from app.core.clock import WAT
from app.notifications import rules
from app.notifications.rules import Words
from tests.makers.books import kobo

AMOUNT = kobo(125_000_00)
TO = "Zenith Bank, account ending in 6789"
UNTIL = datetime(2026, 11, 21, 18, 5, tzinfo=WAT)
MAILS = {
    "code": rules.code("042917"),
    "sign-up repeated": rules.sign_up_repeated(),
    "app added": rules.factor_added("app"),
    "codes added": rules.factor_added("codes"),
    "passkey removed": rules.factor_removed("passkey"),
    "recovery code used": rules.recovery_code_used(9),
    "passkey suspected": rules.passkey_suspected(),
    "recovered from": rules.recovered_from(),
    "bank account added": rules.bank_account_added("Zenith Bank, account ending in 1234"),
    "deposit credited": rules.deposit_credited(AMOUNT),
    "withdrawal requested": rules.withdrawal_requested(AMOUNT, destination=TO),
    "withdrawal settled": rules.withdrawal_settled(AMOUNT, destination=TO),
    "withdrawal rejected": rules.withdrawal_ended(AMOUNT, state="rejected", reason="The name differs."),
    "phone changed": rules.phone_changed(),
    "glass broken": rules.glass_broken(
        "Chidi Eze",
        role="treasury",
        until=datetime(2026, 11, 21, 18, 5, tzinfo=WAT),
        reason="No answer.",
        review="grq_1",
    ),
    "withdrawal cancelled": rules.withdrawal_ended(AMOUNT, state="cancelled", reason=""),
}


@pytest.mark.parametrize("mail", MAILS.values(), ids=MAILS)
class TestEveryMail:
    def test_has_a_subject_of_one_short_line(self, mail: Words) -> None:
        assert 0 < len(mail.subject) <= 80
        assert len(mail.subject.splitlines()) == 1

    def test_greets_and_is_signed(self, mail: Words) -> None:
        assert mail.body.startswith("Hello,\n\n")
        assert mail.body.endswith("\n\nBursar")

    def test_asks_for_no_secret_and_has_no_link_to_click(self, mail: Words) -> None:
        text = mail.body.lower()
        assert not any(word in text for word in ("password", "http", "bvn", "{", "}"))


class TestMails:
    @pytest.mark.parametrize(("minutes", "said"), [(15, "15 minutes"), (60, "60 minutes"), (1440, "24 hours")])
    def test_of_guessed_codes_say_how_long_none_is_looked_at(self, minutes: int, said: str) -> None:
        mail = rules.factor_guessed(minutes)
        assert f"No code is looked at for {said}." in mail.body
        assert "change your password at once" in mail.body

    def test_an_invitation_carries_the_link_and_says_how_long_it_works(self) -> None:
        mail = rules.invitation("https://bursar.example/console/join/token")
        assert "\n\nhttps://bursar.example/console/join/token\n\n" in mail.body
        assert "once, for 72 hours" in mail.body
        assert "join/token" not in mail.subject

    def test_those_who_watch_read_who_what_until_when_and_why(self) -> None:
        mail = MAILS["glass broken"]
        for words in ("Chidi Eze", "treasury", "18:05 WAT on 21 November 2026", "No answer.", "grq_1"):
            assert words in mail.body, words

    def test_the_code_stands_in_the_text_and_not_in_the_subject(self) -> None:
        mail = MAILS["code"]
        assert "042917" in mail.body
        assert "042917" not in mail.subject
        assert "ten minutes" in mail.body

    def test_the_owner_of_a_used_address_is_told_to_sign_in(self) -> None:
        assert "sign in instead" in MAILS["sign-up repeated"].body

    @pytest.mark.parametrize("name", [name for name in MAILS if name.startswith(("deposit", "withdrawal"))])
    def test_money_is_named_in_subject_and_text(self, name: str) -> None:
        assert "₦125,000.00" in MAILS[name].subject
        assert "₦125,000.00" in MAILS[name].body

    @pytest.mark.parametrize("name", ["withdrawal requested", "withdrawal settled"])
    def test_the_destination_is_named(self, name: str) -> None:
        assert TO in MAILS[name].body

    def test_who_did_not_ask_is_told_what_to_do(self) -> None:
        assert "If this was not you, sign in and cancel it now." in MAILS["withdrawal requested"].body

    @pytest.mark.parametrize("name", ["app added", "passkey removed", "recovery code used"])
    def test_who_did_not_do_it_is_told_to_write(self, name: str) -> None:
        assert "If this was not you, somebody is in your account: write to us at once." in MAILS[name].body

    def test_a_refused_withdrawal_says_why(self) -> None:
        mail = MAILS["withdrawal rejected"]
        assert mail.subject == "Your withdrawal of ₦125,000.00 was rejected"
        assert "was rejected. Reason: The name differs." in mail.body
        assert "available in your wallet again" in mail.body

    def test_a_cancelled_withdrawal_says_who(self) -> None:
        assert "was cancelled. You cancelled it." in MAILS["withdrawal cancelled"].body
