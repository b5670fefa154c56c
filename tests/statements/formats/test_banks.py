"""Banks and Paystack: signs of reversals, batches, what is not booked yet, columns by profile, kobo and naira."""

import json
from datetime import date
from decimal import Decimal

import pytest

from app.statements.formats import registry
from app.statements.formats.bank_csv import proposed
from app.statements.formats.errors import Unreadable
from app.statements.formats.lines import Kind, Parsed
from app.statements.formats.paystack import disagreements
from app.statements.formats.reading import open_file
from app.statements.formats.settings import DateOrder, Profile, Settings, Unit
from tests.makers.statements import BANK, PAYSTACK_BALANCE, sample

CAMT = sample("bank_camt/bsp_camt.053.001.02.xml").decode()
HEADED = Profile(date="Date", narration="Narration", amount="Amount")
VERSION = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"


def mt940(*entries: str, opening: str = "C260101NGN100,00", closing: str = "C260102NGN100,00") -> Parsed:
    """A statement of these :61: fields."""
    body = "\n".join([":20:REF", ":25:0123", ":28C:1/1", f":60F:{opening}", *entries, f":62F:{closing}", "-"])
    return registry.parse("mt940", body.encode(), BANK)


def camt(old: str = "", new: str = "", *, bank_reference_is_id: bool = False) -> Parsed:
    """The sample with something else in it."""
    assert old in CAMT
    return registry.parse(
        "camt053", CAMT.replace(old, new).encode(), Settings(bank_reference_is_id=bank_reference_is_id)
    )


def csv(text: str, **settings: object) -> Parsed:
    """A bank's CSV file."""
    return registry.parse("bank-csv", text.encode(), Settings(asset="NGN", **settings))  # type: ignore[arg-type]


class TestMt940:
    def test_signs_reversals(self) -> None:
        told = mt940(":61:2601020102RC5,00NTRFA", ":61:2601020102RD5,00NTRFB")
        assert [(line.delta, line.kind) for line in told.lines] == [
            (Decimal("-5.00"), Kind.REVERSAL),
            (Decimal("5.00"), Kind.REVERSAL),
        ]

    def test_puts_an_entry_of_january_into_its_year(self) -> None:
        (line,) = mt940(":61:2512310102C5,00NTRFA").lines
        assert line.booked_on == date(2026, 1, 2)

    def test_takes_a_reference_for_an_id_only_where_told(self) -> None:
        body = sample("scenario_a/bank_ngn.mt940")
        assert {line.external_id for line in registry.parse("mt940", body, BANK).lines} == {""}
        told = registry.parse("mt940", body, Settings(bank_reference_is_id=True))
        assert [line.external_id for line in told.lines] == [
            *("B00100000", "B00100001", "B00200002", "B00200003"),
            *("B00300004", "B00300005", "B00300006", "B00400007"),
        ]

    def test_leaves_the_closing_words_out_of_the_last_line(self) -> None:
        told = registry.parse("mt940", sample("bank_mt940/jejik_ing.sta"))
        assert told.lines[-1].narration.startswith("0111111111 Hr S Marechal")
        assert told.lines[-1].delta == Decimal("1.00")

    def test_marks_charges(self) -> None:
        assert [line.kind for line in mt940(":61:2601020102D5,00NCHGNONREF").lines] == [Kind.FEE]

    @pytest.mark.parametrize(
        ("entry", "tag"),
        [
            (":61:26010201XX", ":61:"),
            (":61:2601020102C5,0,0NTRFA", ":61:"),
            (":61:2699990102C5,00NTRFA", ":61:"),
            (":62F:C26", ":62F:"),
        ],
    )
    def test_names_the_field_that_cannot_be_read(self, entry: str, tag: str) -> None:
        with pytest.raises(Unreadable) as refused:
            mt940(entry)
        assert (refused.value.row, refused.value.column) == (5, tag)

    def test_refuses_a_statement_that_is_cut(self) -> None:
        body = sample("scenario_a/bank_ngn.mt940")
        with pytest.raises(Unreadable, match="it is cut") as refused:
            registry.parse("mt940", body[: body.rindex(b":62F:")], BANK)
        assert refused.value.column == ":62F:"

    def test_takes_no_filler_for_an_id(self) -> None:
        told = registry.parse("mt940", sample("bank_mt940/jejik_postfinance.sta"), Settings(bank_reference_is_id=True))
        assert {line.external_id for line in told.lines} == {""}
        assert told.lines[0].refs == ("01916",)

    def test_logs_nothing_of_what_it_cannot_read(self, caplog: pytest.LogCaptureFixture) -> None:
        with pytest.raises(Unreadable):
            registry.parse("mt940", sample("scenario_a/bank_ngn.mt940").replace(b":28C:1/1", b":28C:Ada Obi"), BANK)
        assert "Ada Obi" not in caplog.text

    def test_never_opens_a_file_that_the_text_names(self) -> None:
        with pytest.raises(Unreadable):
            registry.parse("mt940", b"/etc/hostname")


class TestCamt:
    @pytest.mark.parametrize("version", [f"{VERSION[:-2]}{number:02}" for number in range(2, 15)])
    def test_reads_every_version(self, version: str) -> None:
        assert len(camt(VERSION, version).lines) == 3

    def test_reads_one_without_a_namespace(self) -> None:
        assert [each.ties for each in camt(f' xmlns="{VERSION}"').statements] == [True]

    def test_ignores_what_is_not_booked(self) -> None:
        told = camt("<Sts>BOOK</Sts>", "<Sts><Cd>PDNG</Cd></Sts>")
        assert [row.reason for row in told.ignored] == ["not booked: PDNG"] * 3
        assert told.whole
        assert len(camt("<Sts>BOOK</Sts>", "<Sts>WHAT</Sts>").rejected) == 3

    def test_keeps_the_sign_of_a_reversal(self) -> None:
        told = camt("<Sts>BOOK</Sts>", "<RvslInd>true</RvslInd><Sts>BOOK</Sts>")
        assert {line.kind for line in told.lines} == {Kind.REVERSAL}
        assert told.statements[0].ties is True

    def test_tells_a_batch_one_by_one(self) -> None:
        parts = [
            f'<TxDtls><Refs><EndToEndId>E{nth}</EndToEndId></Refs><Amt Ccy="SEK">{size}</Amt></TxDtls>'
            for nth, size in enumerate(("150000", "49999.99999", "0.00001"))
        ]
        told = camt("</Btch>", "</Btch>" + "".join(parts), bank_reference_is_id=True)
        batch = [line for line in told.lines if line.row == 2]
        assert [line.delta for line in batch] == [Decimal(-150000), Decimal("-49999.99999"), Decimal("-0.00001")]
        assert [line.refs[0] for line in batch] == ["E0", "E1", "E2"]
        assert [line.external_id for line in batch] == [f"AAAASESS-FP-ACCR-01/{nth}" for nth in (1, 2, 3)]
        assert told.rows_total == 3
        assert told.whole
        assert told.statements[0].ties is True

    def test_refuses_a_batch_that_does_not_add_up(self) -> None:
        part = '<TxDtls><Amt Ccy="SEK">1</Amt></TxDtls>'
        with pytest.raises(Unreadable) as refused:
            camt("</Btch>", "</Btch>" + part + part)
        assert (refused.value.row, refused.value.column) == (2, "Ntry/NtryDtls")

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn", "an advice (054)"),
            ("BkToCstmrStmt", "BkToCstmrAcctRpt", "an interim report (052)"),
            ("<Document", '<!DOCTYPE a [<!ENTITY b "c">]><Document', "a document type"),
            ("<Document", '<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><Document', "a document type"),
            ("</Stmt>", "", "this is no XML"),
            ('<Amt Ccy="SEK">30000<', '<Amt Ccy="SEK">30,000.0,0<', "is no amount"),
            ("<CdtDbtInd>DBIT<", "<CdtDbtInd>BOTH<", "neither credit nor debit"),
        ],
    )
    def test_refuses(self, old: str, new: str, says: str) -> None:
        with pytest.raises(Unreadable, match=says.replace("(", r"\(").replace(")", r"\)")):
            camt(old, new)


class TestBankCsv:
    def test_proposes_a_profile(self) -> None:
        found = proposed(open_file(sample("scenario_a/bank_ngn.csv")))
        assert (found.date, found.debit, found.credit, found.amount) == ("Trans. Date", "Debits", "Credits", "")
        assert proposed(open_file(sample("bank_csv/bsp_split_amounts.csv"))).decimal_comma

    def test_reads_an_amount_with_a_direction(self) -> None:
        profile = Profile(date="When", amount="Sum", direction="Way", narration="What", reference="Ref")
        told = csv(
            "Ref;When;Sum;Way;What\nA;01/02/2026;1,000.50;DR;x\nB;02/02/2026;5;CR;y\nC;03/02/2026;5;??;z\n",
            profile=profile,
            zone="Africa/Lagos",
        )
        assert [(line.delta, line.booked_on) for line in told.lines] == [
            (Decimal("-1000.50"), date(2026, 2, 1)),
            (Decimal(5), date(2026, 2, 2)),
        ]
        assert [(row.row, row.column) for row in told.rejected] == [(4, "Way")]
        american = csv(
            "Ref;When;Sum;Way;What\nA;01/02/2026;1;DR;x\n", profile=profile, date_order=DateOrder.MONTH_FIRST
        )
        assert american.lines[0].booked_on == date(2026, 1, 2)

    def test_says_by_how_much_a_heading_does_not_tie(self) -> None:
        body = (
            sample("scenario_a/bank_ngn.csv")
            .decode()
            .replace('Closing Balance,,,,,"8,776', 'Closing Balance,,,,,"8,777')
        )
        (statement,) = csv(body).statements
        assert (statement.ties, statement.difference) == (False, Decimal("1000.00"))

    def test_ignores_balances_among_the_rows(self) -> None:
        told = csv(
            "Date,Description,Debit,Credit,Balance\n,Opening Balance,,,100.00\n2026-03-01,x,1.00,,99.00\n"
            ",Closing Balance,,,99.00\n"
        )
        assert [row.reason for row in told.ignored] == ["a balance, not a movement"] * 2
        assert told.statements[0].opening == Decimal("100.00")

    def test_gives_rows_without_a_currency_to_the_one_there_is(self) -> None:
        body = b"Date,Details,Amount,Balance,CCY\n,Opening balance,,5.00,\n2026-03-01,x,1.00,6.00,EUR\n"
        (statement,) = registry.parse("bank-csv", body).statements
        assert (statement.asset, statement.rows_total, statement.ties) == ("EUR", 2, True)

    def test_keeps_two_equal_purchases(self) -> None:
        told = csv("Date,Description,Amount\n2026-03-01,coffee,-10.00\n2026-03-01,coffee,-10.00\n")
        assert [line.delta for line in told.lines] == [Decimal("-10.00")] * 2

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            ("Date,Description\n2026-03-01,x\n", "no column of amounts is known"),
            ("Date,Description,Amount\n,x,1.00\n", "is no date or time"),
            ('Date,Description,Amount\n2026-03-01,x,1.00\n2026-03-02,y,"1,50"\n', "say which is the decimal mark"),
        ],
    )
    def test_refuses(self, body: str, says: str) -> None:
        with pytest.raises(Unreadable, match=says):
            csv(body)

    def test_asks_for_the_currency(self) -> None:
        with pytest.raises(Unreadable, match="setting asset"):
            registry.parse("bank-csv", b"Date,Amount\n2026-03-01,1.00\n")


class TestPaystack:
    HEADER = "Reference,Transaction Date,Amount Paid,Paystack Fee,Amount Due,Transaction ID,Currency,Status\n"

    def read(self, *rows: str, unit: Unit | None = None) -> Parsed:
        body = self.HEADER + "".join(f"r{nth},2026-03-01,{row}\n" for nth, row in enumerate(rows))
        return registry.parse("paystack-transactions", body.encode(), Settings(unit=unit))

    def test_finds_the_unit_or_asks(self) -> None:
        assert self.read("1000.00,15,985.00,1,NGN,success").lines[0].delta == Decimal(985)
        assert self.read("100000,1500,98500,1,NGN,success", unit=Unit.MINOR).lines[0].delta == Decimal(985)
        with pytest.raises(Unreadable, match="naira or kobo"):
            self.read("100000,1500,98500,1,NGN,success")
        with pytest.raises(Unreadable, match="kobo have no point"):
            self.read("1000.00,15.00,985.00,1,NGN,success", unit=Unit.MINOR)

    def test_tells_apart_what_was_paid(self) -> None:
        told = self.read(
            "10.00,1,9.00,1,NGN,success",
            "10.00,1,9.00,2,NGN,reversed",
            "10.00,1,9.00,3,NGN,abandoned",
            "10.00,1,9.00,4,NGN,mystery",
            "10.00,1,8.00,5,NGN,success",
        )
        assert [line.external_id for line in told.lines] == ["1", "2"]
        assert [row.reason for row in told.ignored] == ["not paid: abandoned"]
        assert [row.column for row in told.rejected] == ["Status", "Amount Due"]

    def test_holds_a_file_against_the_api(self) -> None:
        answer = [{
            "id": 1, "reference": "r0", "amount": 100000, "fees": 1500, "status": "success", "currency": "NGN",
            "created_at": "2026-03-01T00:00:00.000Z", "paid_at": None, "customer": {"email": "a@example.com"},
        }]  # fmt: skip
        api = registry.parse("paystack-transactions", json.dumps(answer).encode())
        assert disagreements(self.read("1000.00,15.00,985.00,1,NGN,success"), api) == ()
        wrong = self.read("100000,1500,98500,1,NGN,success", unit=Unit.MAJOR)
        assert disagreements(wrong, api) == (("1", Decimal(98500), Decimal(985)),)
        assert api.lines[0].counterparty == "a@example.com"

    def test_reads_the_balance_as_a_chain(self) -> None:
        (statement,) = registry.parse("paystack-balance", PAYSTACK_BALANCE).statements
        assert (statement.opening, statement.closing) == (Decimal("9015.00"), Decimal("9500.00"))
        assert (statement.ties, statement.gaps) == (True, ())
        assert [line.group for line in statement.lines] == ["transaction/71", "transfer/56"]
        gap = PAYSTACK_BALANCE.replace(b'"balance": 950000', b'"balance": 940000')
        (statement,) = registry.parse("paystack-balance", gap).statements
        assert (statement.ties, statement.gaps) == (False, (1,))

    def test_rejects_a_payout_that_does_not_add_up(self) -> None:
        body = sample("scenario_a/paystack_payouts.csv").replace(b",2500.00,", b",2400.00,")
        told = registry.parse("paystack-payouts", body)
        assert [(row.row, row.column) for row in told.rejected] == [(4, "Net Amount")]

    def test_ignores_what_is_still_under_way(self) -> None:
        body = sample("scenario_a/paystack_transfers.csv").replace(b"NGN,reversed", b"NGN,otp")
        assert [row.reason for row in registry.parse("paystack-transfers", body).ignored] == ["still under way: otp"]


def test_a_file_without_lines_tells_its_balances() -> None:
    head = "Opening Balance,,100.00\nClosing Balance,,{}\n\nDate,Narration,Amount\n"
    for closing, ties in (("100.00", True), ("500.00", False)):
        body, settings = head.format(closing).encode(), Settings(asset="NGN", profile=HEADED)
        (one,) = registry.parse("bank-csv", body, settings).statements
        telling = registry.stream("bank-csv", body, settings)
        assert list(telling.told) == []
        assert (telling.summaries, one.ties, one.period_from) == ((one.summary,), ties, None)
        with pytest.raises(Unreadable, match="names no currency"):
            registry.parse("bank-csv", body, Settings(profile=HEADED))


@pytest.mark.parametrize(
    ("begins", "ends", "last"),
    [
        ("2010-10-01T00:00:00", "2010-11-01T00:00:00", date(2010, 10, 31)),
        ("2010-10-01T00:00:00+01:00", "2010-11-01T00:00:00.000+01:00", date(2010, 10, 31)),
        ("2010-10-01T00:00:00", "2010-11-01T00:00:01", date(2010, 11, 1)),
        ("2010-10-01T00:00:00", "2010-10-31", date(2010, 10, 31)),
        ("2010-10-18T00:00:00", "2010-10-18T00:00:00", date(2010, 10, 18)),
    ],
)
def test_an_end_at_midnight_is_that_of_the_day_before(begins: str, ends: str, last: date) -> None:
    said = {"2010-10-18T08:00:00+01:00</FrDtTm>": begins, "2010-10-18T17:00:00+01:00</ToDtTm>": ends}
    body = CAMT
    for old, new in said.items():
        body = body.replace(old, new + old[old.index("<") :])
    assert registry.parse("camt053", body.encode(), BANK).statements[0].period_to == last
