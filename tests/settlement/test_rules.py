"""What adds up and what does not, the days banks work, and Paystack's price list against every pair it has printed."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.risk import rules as risk
from app.risk.rules import Band
from app.settlement import partner_fees, working_days
from app.settlement.partner_fees import Service
from app.settlement.rules import Settled, Told, trouble_of

PRINTED = Path(__file__).parents[1] / "vectors" / "paystack" / "fee_vectors.json"
VECTORS: dict[str, Any] = json.loads(PRINTED.read_text())
LOCAL = (Band(0, 0, 150, cap=200_000), Band(249_999, 10_000, 150, cap=200_000))
TRANSFER = (Band(0, 1_000), Band(500_000, 2_500), Band(5_000_000, 5_000))
CHARGES = (Settled("a", 500_000, 17_500, 482_500), Settled("b", 100_000, 1_500, None))
TOLD = Told(gross=600_000, fees=19_000, total=581_000, deducted=1_000, effective=580_000)


class TestAddingUp:
    def test_what_ties_has_no_trouble(self) -> None:
        assert trouble_of(TOLD, CHARGES) == ""

    @pytest.mark.parametrize(
        ("told", "charges", "words"),
        [
            (Told(600_000, 19_000, 581_001, 1_000, 580_001), CHARGES, "less the fees"),
            (Told(600_000, 19_000, 581_000, 1_000, 581_000), CHARGES, "less the deductions"),
            (Told(600_000, 19_000, 581_000, 582_000, -1_000), CHARGES, "below nothing"),
            (TOLD, CHARGES[:1], "1 charges do not add up"),
            (TOLD, (CHARGES[0], Settled("b", 100_000, 1_501, None)), "do not add up"),
            (Told(1_000_000, 35_000, 965_000, 0, 965_000), (CHARGES[0], CHARGES[0]), "twice"),
            (Told(0, 0, 0, 0, 0), (), "below nothing"),
        ],
    )
    def test_what_does_not_says_why(self, told: Told, charges: tuple[Settled, ...], words: str) -> None:
        assert words in trouble_of(told, charges)

    @pytest.mark.parametrize(
        ("booked", "more"), [(482_500, 0), (482_600, 100), (482_000, -500), (None, 0), (200_000, 0), (500_001, 0)]
    )
    def test_a_difference_is_a_fee_up_to_the_fees_own_size(self, booked: int | None, more: int) -> None:
        assert Settled("a", 500_000, 17_500, booked).fee_difference == more


class TestWorkingDays:
    @pytest.mark.parametrize(
        ("taken", "due"),
        [
            ("2026-11-18", "2026-11-19"),
            ("2026-11-20", "2026-11-23"),  # a Friday
            ("2026-11-21", "2026-11-23"),  # a Saturday
            ("2026-09-30", "2026-10-02"),  # National Day
            ("2026-04-02", "2026-04-07"),  # Good Friday to Easter Monday
            ("2026-12-24", "2026-12-29"),  # Christmas, Boxing Day on a Saturday and the Monday for it
        ],
    )
    def test_the_next_one_that_is_no_weekend_and_no_holiday(self, taken: str, due: str) -> None:
        assert working_days.after(date.fromisoformat(taken)) == date.fromisoformat(due)

    def test_a_day_ends_at_midnight_in_lagos(self) -> None:
        assert working_days.due_on(datetime(2026, 11, 18, 22, 59, tzinfo=UTC)) == date(2026, 11, 19)
        assert working_days.due_on(datetime(2026, 11, 18, 23, 0, tzinfo=UTC)) == date(2026, 11, 20)


class TestPrices:
    @pytest.mark.parametrize("pair", VECTORS["observed_local_standard"])
    def test_of_local_charges(self, pair: dict[str, int]) -> None:
        assert partner_fees.expected(LOCAL, amount=pair["amount"]) == pair["fees"]

    @pytest.mark.parametrize("pair", VECTORS["observed_nonstandard"])
    def test_of_another_plan_differ_from_the_list(self, pair: dict[str, int]) -> None:
        assert partner_fees.expected(LOCAL, amount=pair["amount"]) != pair["fees"]

    @pytest.mark.parametrize(("net", "on_top"), VECTORS["gross_up"]["vectors"])
    def test_what_a_payer_pays_on_top(self, net: int, on_top: int) -> None:
        assert risk.added(LOCAL, net=net) == on_top
        whole = net + on_top
        assert whole - partner_fees.expected(LOCAL, amount=whole) >= net

    @pytest.mark.parametrize(
        ("amount", "fee"), [(1, 1_000), (500_000, 1_000), (500_001, 2_500), (5_000_000, 2_500), (5_000_001, 5_000)]
    )
    def test_of_transfers(self, amount: int, fee: int) -> None:
        assert partner_fees.expected(TRANSFER, amount=amount) == fee

    def test_of_a_dedicated_account_and_a_foreign_card(self) -> None:
        dva, abroad = VECTORS["observed_dva"][0], VECTORS["observed_nonstandard"][0]
        assert partner_fees.expected([Band(0, 0, 100, cap=30_000)], amount=dva["amount"]) == dva["fees"]
        assert partner_fees.expected([Band(0, 0, 390)], amount=abroad["amount"]) == abroad["fees"]

    @pytest.mark.parametrize(
        ("channel", "country", "service"),
        [
            ("card", "NG", Service.CARD),
            ("card", "", Service.CARD),
            ("card", "KE", Service.FOREIGN_CARD),
            ("bank_transfer", "", Service.CARD),
            ("dedicated_nuban", "", Service.DEDICATED),
            ("direct_debit", "", Service.DIRECT_DEBIT),
        ],
    )
    def test_what_a_charge_is_billed_as(self, channel: str, country: str, service: Service) -> None:
        assert partner_fees.service_of(channel, country=country) is service
