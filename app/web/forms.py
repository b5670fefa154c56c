"""Forms: named fields only, parsed into the house's types. One that does not validate is shown again (422)."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation

from app.core import crypto
from app.core.errors import InvalidAmount
from app.core.money import NGN, Money, parse

TEXT_MAX = 200


class MoneyField(StringField):
    """An amount of naira as people write it; `money` after validation."""

    money: Money

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 (the library's signature)
        """Read the amount, or say what is wrong with it."""
        try:
            self.money = parse(self.data or "", asset=NGN)
        except InvalidAmount as refused:
            raise StopValidation(refused.message) from refused


def text(label: str, *, length: int = TEXT_MAX) -> Field:
    """A required line of text."""
    return StringField(label, [InputRequired(f"{label} is missing."), Length(max=length, message="That is too long.")])


def password(label: str) -> Field:
    """A required password; its rule is identity's."""
    return PasswordField(label, [InputRequired(f"{label} is missing.")])


def paragraph(label: str) -> Field:
    """A required text of several lines."""
    return TextAreaField(label, [InputRequired(f"{label} is missing."), Length(max=500, message="That is too long.")])


class KeyedForm(FlaskForm):
    """A form whose submission counts once: `key` is made with the page and comes back with it."""

    key = HiddenField(default=crypto.new_token)


def errors_of(form: FlaskForm) -> dict[str, str]:
    """The first error of each field, for the template."""
    return {name: str(found[0]) for name, found in form.errors.items() if name and found}
