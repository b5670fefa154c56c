"""Wallets on chains: a balance at a block, what each transaction moved, what it cost, and what moves nothing."""

import json
from decimal import Decimal

import pytest

from app.statements.formats import registry
from app.statements.formats.errors import Unreadable
from app.statements.formats.lines import Kind, Line, Parsed
from app.statements.formats.settings import Settings
from tests.makers import chains
from tests.makers.chains import OURS, THEIRS, bitcoin, etherscan, inner, output, token, transaction
from tests.makers.statements import OUR_ADDRESS, sample

BALANCES = sample("scenario_a/chain_balances.json")
A, B, C = "aa" * 32, "bb" * 32, "cc" * 32
LAGOS = "Africa/Lagos"


def told(name: str, body: bytes, account: str = "hot", zone: str = LAGOS) -> Parsed:
    """A file of a wallet."""
    return registry.parse(name, body, Settings(account=account, zone=zone))


def ethereum(*rows: tuple[object, ...]) -> Parsed:
    """An export of our address."""
    return told("etherscan", etherscan(*rows), OURS)


def sums(parsed: Parsed) -> list[tuple[Kind, Decimal, str]]:
    """What its lines say."""
    return [(line.kind, line.delta, line.external_id) for line in parsed.lines]


def reasons(parsed: Parsed) -> list[str]:
    """Why rows are no lines."""
    return [row.reason for row in parsed.ignored]


class TestBalances:
    def test_a_source_takes_its_own_address_and_counts_the_rest(self) -> None:
        parsed = told("chain-balances", BALANCES, OUR_ADDRESS)
        own, others = parsed.statements
        assert (own.account, own.asset, own.ref, own.closing) == (
            *(OUR_ADDRESS, "BTC", "block 881235"),
            Decimal("2.41985242"),
        )
        assert own.closes_at is not None
        assert own.closes_at.isoformat() == "2026-03-06T00:00:00+00:00"
        assert (own.opening, own.period_from, own.lines, own.ties) == (None, None, (), None)
        assert reasons(parsed) == ["a balance at block 881235, and no movement", "of another wallet than the source's"]
        assert (parsed.rows_total, parsed.whole, others.closing) == (2, True, None)

    def test_an_asset_names_its_network_as_ours_do(self) -> None:
        parsed = told("chain-balances", BALANCES, "Tb4xk4XRGEuyC6d5eNMpiN6iajZNQZt8oz")
        assert [(each.asset, each.closing) for each in parsed.statements if each.closes_at] == [
            ("USDT.TRC20", Decimal("28454.000000"))
        ]

    def test_kept_row_by_row_it_is_one_statement(self) -> None:
        telling = registry.stream("chain-balances", BALANCES, Settings(account=OUR_ADDRESS))
        assert [part for part, _ in telling.told] == [1, 2]
        assert (telling.rows_total, telling.rows_lines, len(telling.summaries)) == (2, 0, 1)

    def test_what_cannot_be_a_balance_is_refused(self) -> None:
        wallet = json.loads(BALANCES)[0]
        for changed, column in (
            ({"balance": "-1"}, "balance"),
            ({"block_height": "x"}, "block_height"),
            ({"as_of": "soon"}, "as_of"),
            ({"asset": "a coin"}, "asset"),
            ({"address": "another"}, "address"),
        ):
            with pytest.raises(Unreadable) as refused:
                told("chain-balances", json.dumps([wallet | changed]).encode(), OUR_ADDRESS)
            assert refused.value.column.endswith(column)

    def test_several_wallets_of_an_asset_need_an_address(self) -> None:
        wallet = json.loads(BALANCES)[0]
        with pytest.raises(Unreadable, match="whose address is meant"):
            told("chain-balances", json.dumps([wallet, wallet | {"address": "bc1qother"}]).encode(), "")

    def test_capitals_of_a_hexadecimal_address_are_no_other_one(self) -> None:
        wallet = json.loads(BALANCES)[0] | {"asset": "ETH", "address": OURS.upper().replace("0X", "0x")}
        assert told("chain-balances", json.dumps([wallet]).encode(), OURS.lower()).statements[0].closing


class TestBitcoinCore:
    def test_a_fee_is_told_of_each_output_and_paid_once(self) -> None:
        parsed = told("bitcoin-core", chains.BITCOIN)
        assert sums(parsed) == [
            (Kind.DEPOSIT, Decimal("0.50000000"), f"{A}:0"),
            (Kind.WITHDRAWAL, Decimal("-0.10000000"), f"{B}:0"),
            (Kind.FEE, Decimal("-0.00001200"), f"{B}:fee"),
            (Kind.WITHDRAWAL, Decimal("-0.20000000"), f"{B}:1"),
        ]
        assert {line.group for line in parsed.lines} == {A, B}
        assert reasons(parsed) == ["in no block yet"]
        assert (parsed.rows_total, parsed.whole) == (4, True)

    def test_the_order_of_its_outputs_changes_no_identity(self) -> None:
        one, other = (
            output(B, 0, "send", "-0.1", fee="-0.00001"),
            output(B, 1, "send", "-0.2", fee="-0.00001"),
        )
        forth, back = told("bitcoin-core", bitcoin(one, other)), told("bitcoin-core", bitcoin(other, one))
        assert sorted(sums(forth)) == sorted(sums(back))

    def test_to_ourselves_it_moves_the_fee_alone(self) -> None:
        parsed = told(
            "bitcoin-core",
            bitcoin(output(B, 0, "send", "-0.3", fee="-0.00002"), output(B, 0, "receive", "0.3")),
        )
        assert sums(parsed) == [(Kind.FEE, Decimal("-0.00002"), f"{B}:fee")]
        assert reasons(parsed) == ["sent to ourselves"]

    def test_what_no_block_of_the_chain_holds_moves_nothing(self) -> None:
        parsed = told(
            "bitcoin-core",
            bitcoin(
                output(A, 0, "receive", "1", confirmations=-2),
                output(B, 0, "send", "-1", fee="-0.1", confirmations=0, abandoned=True),
                output(C, 0, "immature", "3.125", confirmations=12),
                output("dd" * 32, 0, "orphan", "3.125", confirmations=0),
                output("ee" * 32, 0, "generate", "3.125"),
                output("ff" * 32, 0, "send", "-0.0", fee="-0.00001"),
            ),
        )
        assert sums(parsed) == [
            (Kind.REWARD, Decimal("3.125"), f"{'ee' * 32}:0"),
            (Kind.FEE, Decimal("-0.00001"), f"{'ff' * 32}:fee"),
        ]
        assert len(set(reasons(parsed))) == len(parsed.ignored) == 4

    def test_what_was_taken_out_of_the_chain_is_looked_at_unless_a_block_holds_it_again(self) -> None:
        held, lost = output(A, 0, "receive", "1"), output(B, 0, "receive", "2", confirmations=0)
        parsed = told("bitcoin-core", bitcoin(held, lost, removed=(held, lost)))
        assert reasons(parsed) == ["in no block yet", "in another block now"]
        (row,) = parsed.rejected
        assert (row.row, row.column, parsed.whole, parsed.rows_total) == (4, "txid", True, 4)

    def test_a_kind_that_is_not_known_is_rejected(self) -> None:
        parsed = told("bitcoin-core", bitcoin(output(A, 0, "stake", "1")))
        assert [(row.column, parsed.lines) for row in parsed.rejected] == [("category", ())]

    @pytest.mark.parametrize("row", [output(A, 0, "send", "1"), output(A, 0, "receive", "1", fee="-0.1")])
    def test_signs_that_cannot_be_are_refused(self, row: str) -> None:
        with pytest.raises(Unreadable, match="below zero"):
            told("bitcoin-core", bitcoin(row))

    def test_the_bare_list_the_answer_and_an_empty_one_are_read(self) -> None:
        row = output(A, 0, "receive", "0.1")
        bare = told("bitcoin-core", f"[{row}]".encode())
        wrapped = told("bitcoin-core", b'{"result": %s, "error": null, "id": 1}' % bitcoin(row))
        assert sums(bare) == sums(wrapped) == [(Kind.DEPOSIT, Decimal("0.1"), f"{A}:0")]
        nothing = b'{"transactions": [], "removed": [], "lastblock": "00"}'
        assert registry.recognised(nothing)[0].name == "bitcoin-core"
        assert told("bitcoin-core", nothing).rows_total == 0

    def test_a_day_is_the_source_s(self) -> None:
        late = output(A, 0, "receive", "0.1", blocktime=1772407800)  # 23:30 in UTC, half past midnight in Lagos
        days = {zone: told("bitcoin-core", bitcoin(late), zone=zone).lines[0].booked_on for zone in (LAGOS, "UTC")}
        assert (days[LAGOS] - days["UTC"]).days == 1


class TestEtherscan:
    def test_who_sends_pays_also_for_what_failed_and_for_tokens(self) -> None:
        parsed = told("etherscan", chains.ETHERSCAN, OURS)
        ids = ["0x" + digit * 64 for digit in "1234"]
        assert sums(parsed) == [
            (Kind.DEPOSIT, Decimal("1.5"), ids[0]),
            (Kind.WITHDRAWAL, Decimal("-0.25"), ids[1]),
            (Kind.FEE, Decimal("-0.00042"), f"{ids[1]}:fee"),
            (Kind.FEE, Decimal("-0.0007"), f"{ids[2]}:fee"),
            (Kind.FEE, Decimal("-0.00042"), f"{ids[3]}:fee"),
        ]
        assert {(line.asset, line.account) for line in parsed.lines} == {("ETH", OURS)}
        assert (parsed.whole, parsed.rejected) == (True, ())

    def test_to_ourselves_it_moves_the_fee_alone(self) -> None:
        parsed = ethereum(transaction("0x1", to=OURS, came="0.5", went="0.5"))
        assert sums(parsed) == [(Kind.FEE, Decimal("-0.00042"), "0x1:fee")]

    def test_what_failed_on_its_way_to_us_moves_nothing(self) -> None:
        parsed = ethereum(transaction("0x1", sender=THEIRS, to=OURS, came="0.5", status="Error(0)"))
        assert reasons(parsed) == ["it failed"]

    def test_what_does_not_add_up_or_is_not_known_is_rejected(self) -> None:
        parsed = ethereum(
            transaction("0x1", came="0.5"),
            transaction("0x2", went="0.5", status="Perhaps"),
            transaction("0x3", sender=THEIRS, to=OURS, went="1"),
        )
        assert [row.column for row in parsed.rejected] == ["Value_IN(ETH)", "Status", "Value_OUT(ETH)"]

    def test_what_contracts_moved_on_is_told_apart_from_its_transaction(self) -> None:
        parsed = ethereum(inner("0x1", came="0.7"), inner("0x1", came="0.7"), inner("0x2", came="1", status="1"))
        assert sums(parsed) == [(Kind.DEPOSIT, Decimal("0.7"), "")] * 2
        assert (reasons(parsed), parsed.lines[0].refs) == (["it failed"], ("0x1",))

    def test_a_contract_and_not_its_name_says_which_token_it_is(self) -> None:
        fake = "0x" + "ee" * 20
        parsed = ethereum(
            token("0x1", "1,250.5"),
            token("0x2", "3", sender=THEIRS, to=OURS, contract=fake),
            token("0x3", "0"),
            token("0x4", "5", to=OURS),
            token("0x5", "5", sender=THEIRS, to=THEIRS),
        )
        assert [(line.asset, line.delta) for line in parsed.lines] == [
            ("USDT.ERC20", Decimal("-1250.5")),
            (fake, Decimal(3)),
        ]
        assert parsed.rows_total == 5
        assert reasons(parsed)[-1] == "of another address than the source's"

    def test_bscscan_is_the_same_with_another_coin(self) -> None:
        parsed = told("etherscan", chains.ETHERSCAN.replace(b"(ETH)", b"(BNB)"), OURS)
        assert {line.asset for line in parsed.lines} == {"BNB"}

    def test_without_an_address_nobody_can_say_which_way_it_went(self) -> None:
        with pytest.raises(Unreadable, match="whose address"):
            told("etherscan", chains.ETHERSCAN, "")

    def test_a_file_of_other_things_is_no_file_of_amounts(self) -> None:
        nfts = (
            b"Transaction Hash,Blockno,UnixTimestamp,DateTime (UTC),From,To,ContractAddress,TokenName,TokenSymbol,"
            b"Token ID\n0x1,1,1772362800,2026-03-01 11:00:00,0xa,0xb,0xc,Ape,APE,7\n"
        )
        with pytest.raises(Unreadable, match="no such column"):
            told("etherscan", nfts, OURS)


def test_lines_of_one_transaction_belong_together() -> None:
    every: list[Line] = [
        *told("bitcoin-core", chains.BITCOIN).lines,
        *told("etherscan", chains.ETHERSCAN, OURS).lines,
    ]
    assert all(line.group == line.refs[0] and line.external_id.startswith(line.group) for line in every)
