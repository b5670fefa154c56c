"""Sealed values open for their own row only; tokens, codes and signatures are what they say."""

import hashlib
import re

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import crypto
from app.core.crypto import Unsealable


@pytest.fixture(autouse=True)
def _keyed(app: Flask) -> None:
    """The house's data key is installed by assembling it."""


class TestSeal:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(), st.text(max_size=20))
    def test_opens_again_in_its_own_context(self, plain: str, context: str) -> None:
        assert crypto.unseal(crypto.seal(plain, context=context), context=context) == plain

    def test_looks_different_every_time(self) -> None:
        assert crypto.seal("123456", context="ec_1") != crypto.seal("123456", context="ec_1")

    def test_hides_the_text(self) -> None:
        assert b"123456" not in crypto.seal("123456", context="ec_1")

    def test_names_its_key_in_the_first_byte(self) -> None:
        assert crypto.seal("123456", context="ec_1")[0] == 1


class TestBlindIndex:
    def test_is_the_same_for_the_same_text_and_kind_alone(self) -> None:
        index = crypto.blind_index("+2348031234567", kind="phone")
        assert index == crypto.blind_index("+2348031234567", kind="phone")
        assert index != crypto.blind_index("+2348031234568", kind="phone")
        assert index != crypto.blind_index("+2348031234567", kind="email")

    def test_is_no_plain_hash(self) -> None:
        index = crypto.blind_index("+2348031234567", kind="phone")
        plain = (b"+2348031234567", b"phone:+2348031234567")
        assert index not in {hashlib.sha256(each).digest() for each in plain}

    def test_is_of_this_house_and_outlives_a_newer_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = crypto.blind_index("+2348031234567", kind="phone")
        # The keys are the process's: they are put back, for the tests that come after.
        monkeypatch.setattr(crypto, "_KEYS", dict(crypto._KEYS))
        monkeypatch.setattr(crypto, "_INDEX_KEYS", dict(crypto._INDEX_KEYS))
        crypto.use_key(bytes(32), key_id=2)
        assert crypto.blind_index("+2348031234567", kind="phone") == before
        crypto.use_key(bytes(32), key_id=1)
        assert crypto.blind_index("+2348031234567", kind="phone") != before


class TestUnseal:
    def test_refuses_a_value_moved_to_another_row(self) -> None:
        with pytest.raises(Unsealable):
            crypto.unseal(crypto.seal("123456", context="ec_1"), context="ec_2")

    @pytest.mark.parametrize("position", [0, 1, 12, 13, -1])
    def test_refuses_altered_bytes(self, position: int) -> None:
        altered = bytearray(crypto.seal("123456", context="ec_1"))
        altered[position] ^= 0x80
        with pytest.raises(Unsealable):
            crypto.unseal(bytes(altered), context="ec_1")

    @pytest.mark.parametrize("length", [0, 1, 5, 12, 13, 20, 34])
    def test_refuses_what_was_cut_short(self, length: int) -> None:
        with pytest.raises(Unsealable):
            crypto.unseal(crypto.seal("123456", context="ec_1")[:length], context="ec_1")

    def test_refuses_a_key_that_this_house_does_not_have(self) -> None:
        with pytest.raises(Unsealable):
            crypto.unseal(bytes([99]) + crypto.seal("123456", context="ec_1")[1:], context="ec_1")

    def test_refuses_a_value_under_another_key(self) -> None:
        strange = b"fedcba9876543210fedcba9876543210"
        crypto.use_key(strange, key_id=200)
        try:
            sealed = crypto.seal("123456", context="ec_1")
        finally:
            del crypto._KEYS[200]
        assert sealed[0] == 200
        with pytest.raises(Unsealable):
            crypto.unseal(bytes([1]) + sealed[1:], context="ec_1")

    def test_opens_old_values_after_a_newer_key_came(self) -> None:
        old = crypto.seal("123456", context="ec_1")
        crypto.use_key(b"fedcba9876543210fedcba9876543210", key_id=200)
        try:
            assert crypto.unseal(old, context="ec_1") == "123456"
            assert crypto.seal("123456", context="ec_1")[0] == 200
        finally:
            del crypto._KEYS[200]


class TestTokens:
    def test_carry_256_bits_and_go_into_a_url(self) -> None:
        token = crypto.new_token()
        assert re.fullmatch(r"[\w-]{43}", token)
        assert token != crypto.new_token()

    def test_are_kept_as_a_sha_256(self) -> None:
        assert crypto.token_hash("abc") == hashlib.sha256(b"abc").digest()


def test_codes_have_six_digits() -> None:
    codes = [crypto.new_code() for _ in range(300)]
    assert all(re.fullmatch(r"[0-9]{6}", code) for code in codes)
    assert len(set(codes)) > 200
    assert len({code[0] for code in codes}) == 10  # a code may begin with a zero


def test_hmac_is_lower_case_hex_of_the_raw_bytes() -> None:
    # RFC 4231, test case 2
    expected = (
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
    )
    assert crypto.hmac_sha512(b"what do ya want for nothing?", key="Jefe") == expected


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [("a", "a", True), ("a", "b", False), ("a", "aa", False), ("", "", True), ("é", "é", True)],
)
def test_same_compares_whole_texts(one: str, other: str, *, equal: bool) -> None:
    assert crypto.same(one, other) is equal
