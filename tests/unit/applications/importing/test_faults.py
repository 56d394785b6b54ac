"""Files that institutions sent and other systems misread: what each says, and its neighbours of the same kind.

`tests/data/faults/README.md` tells where each comes from and what is right."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from cohortmgr.accounts.bank import DAMAGED, DAMAGED_IN_FILE
from cohortmgr.applications.answers.composed import read_cell, read_given
from cohortmgr.applications.importing.mappings import names_counted
from cohortmgr.applications.importing.rules import ImportResult, parse_mapping, propose_mapping, read_records
from cohortmgr.base.errors import Problem, Refused
from cohortmgr.base.sheets.tables import read_table
from cohortmgr.programmes.definition.questions import Question, QuestionKind
from cohortmgr.programmes.definition.toml import read_known

FAULTS = Path(__file__).parents[3] / "data" / "faults"
MDIA = read_known("mdia")
TODAY = date(2026, 11, 22)
GOOD = (FAULTS / "same-cin-first-file.csv").read_text("utf-8").splitlines()
HEADER, ROW = (line.split(",") for line in GOOD[:2])


def read(data: bytes, mapping: str = "") -> ImportResult:
    given = parse_mapping(mapping)
    table = read_table(data, "f", given.place, names_counted(MDIA.form, MDIA.imports, given))
    found = propose_mapping(table.header, MDIA.form, MDIA.imports, given)
    return read_records(table, found, MDIA.form, MDIA.imports, TODAY)


def of_file(name: str) -> ImportResult:
    return read((FAULTS / name).read_bytes())


def row(number: int = 1, **cells: str) -> list[str]:
    """The good row with other cells; `b` stands for the birth date, `t` for the time of sending."""
    short = {"b": "Date de naissance", "t": "Horodateur", "cin": "CIN", "massar": "Code Massar", "s1": "S1"}
    short |= {
        "name": "Nom",
        "first": "Prénom",
        "mail": "Adresse e-mail",
        "phone": "Téléphone",
        "why": HEADER[-1],
    }
    short |= {"rib": "RIB (24 chiffres)", "name_ar": HEADER[3], "first_ar": HEADER[4]}
    found = list(ROW)
    found[HEADER.index("CIN")], found[HEADER.index("Code Massar")] = f"AB10000{number}", f"R10000000{number}"
    for key, value in cells.items():
        found[HEADER.index(short[key])] = value
    return found


def as_csv(*rows: list[str], delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    return "\r\n".join(delimiter.join(each) for each in (HEADER, *rows)).encode(encoding)


def answer(result: ImportResult, key: str, number: int = 0) -> object:
    return result.accepted[number].answers.get(key)


def told(result: ImportResult) -> list[tuple[int, str | None, str]]:
    return [
        (each.line, fault.column, str(fault.problem)) for each in result.rejected for fault in each.faults
    ]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("apostrophes.csv", (4, 0, 0)),
        ("excel-ansi-arabic.csv", (1, 0, 0)),
        ("excel-no-trailing-delimiter.csv", (2, 0, 0)),
        ("google-forms-timestamps.csv", (3, 0, 0)),
        ("idn-sharp-s.csv", (1, 0, 0)),
        ("lo-last-row.xlsx", (1, 0, 0)),
        ("phone-direction-marks.csv", (1, 0, 0)),
        ("rib-key-98.csv", (0, 0, 1)),
        ("rib-zeros.csv", (0, 0, 1)),
        ("same-cin-two-people.csv", (1, 0, 1)),
        ("scripts-swapped.csv", (0, 0, 1)),
        ("shared-email.csv", (2, 0, 0)),
        ("sheetjs-20s.xlsx", (1, 0, 0)),
        ("tabs-dragged.xlsx", (0, 0, 1)),
        ("text-dash.csv", (4, 0, 0)),
        ("title-row.xlsx", (1, 0, 0)),
        ("us-birth-dates.csv", (3, 0, 0)),
    ],
)
def test_each_file_is_read_as_its_sender_meant_it(name: str, counts: tuple[int, int, int]) -> None:
    result = of_file(name)
    assert (len(result.accepted), len(result.replaced), len(result.rejected)) == counts, told(result)


def test_what_the_files_say() -> None:
    assert answer(of_file("excel-ansi-arabic.csv"), "family_name_ar") == "بنعلي"
    assert answer(of_file("idn-sharp-s.csv"), "email") == "nom@straße.de"
    assert answer(of_file("phone-direction-marks.csv"), "phone") == "+212612345678"
    assert answer(of_file("sheetjs-20s.xlsx"), "birth_date") == "2002-02-26"
    assert [answer(of_file("us-birth-dates.csv"), "birth_date", n) for n in range(3)] == [
        "2002-02-26", "2002-03-04", "2001-12-11",
    ]  # fmt: skip
    names = [str(answer(of_file("apostrophes.csv"), "family_name", n)) for n in range(4)]
    assert names == ["N'Diaye", "N'Diaye", "N'Diaye", "Aït-Ben Ali"]
    moments = {each.sent_at for each in of_file("google-forms-timestamps.csv").accepted}
    assert moments == {datetime(2025, 6, 8, 17, 54, tzinfo=UTC)}


def test_the_formulas_of_another_sheet_are_nobodys_fault() -> None:
    assert [column for _line, column, _text in told(of_file("tabs-dragged.xlsx"))] == ["S1"]


def test_two_people_of_one_number_are_told_by_both_their_names() -> None:
    ((line, column, text),) = told(of_file("same-cin-two-people.csv"))
    assert (line, column) == (3, "Code Massar")
    assert "Salma ALAMI" in text and "Omar TAZI" in text


def test_whose_number_it_is_does_not_depend_on_the_order_of_the_rows() -> None:
    salma = row(1, t="10/06/2025 10:01:00")
    omar = row(1, t="10/06/2025 10:02:00", massar="R100000002", name="TAZI", first="Omar")
    again = row(1, t="10/06/2025 10:03:00")
    for rows in ((salma, omar, again), (again, omar, salma), (omar, again, salma)):
        result = read(as_csv(*rows))
        assert (len(result.accepted), len(result.replaced), len(result.rejected)) == (1, 1, 1)
        assert answer(result, "massar") == "R100000001"
        assert result.accepted[0].sent_at == datetime(2025, 6, 10, 9, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dates", "read_as", "how"),
    [
        (["02/26/2002", "03/04/2002"], ["2002-02-26", "2002-03-04"], ("month", "dates")),
        (["2-26-2002", "3-4-2002"], ["2002-02-26", "2002-03-04"], ("month", "dates")),
        (["02/26/2002 0:00", "03/04/2002 0:00"], ["2002-02-26", "2002-03-04"], ("month", "dates")),
        (["٠٢/٢٦/٢٠٠٢", "٠٣/٠٤/٢٠٠٢"], ["2002-02-26", "2002-03-04"], ("month", "dates")),
        (["26/02/2002", "03/04/2002"], ["2002-02-26", "2002-04-03"], ("day", "dates")),
        (["03/04/2002", "05/06/2002"], ["2002-04-03", "2002-06-05"], ("day", "default")),
        (["2002-02-26", "03/04/2002"], ["2002-02-26", "2002-04-03"], ("day", "default")),
    ],
)
def test_the_dates_of_a_column_say_together_which_is_the_day(
    dates: list[str], read_as: list[str], how: tuple[str, str]
) -> None:
    result = read(as_csv(*(row(number, b=text) for number, text in enumerate(dates, start=1))))
    assert [answer(result, "birth_date", n) for n in range(len(dates))] == read_as
    order = result.dates["Date de naissance"]
    assert (order.order, order.by) == how


def test_a_column_with_dates_of_both_kinds_has_the_day_first() -> None:
    result = read(as_csv(row(1, b="26/02/2002"), row(2, b="12/13/2003"), row(3, b="03/04/2002")))
    assert [answer(result, "birth_date", n) for n in range(2)] == ["2002-02-26", "2002-04-03"]
    assert [line for line, _column, _text in told(result)] == [3]


def test_a_mapping_says_the_order_of_dates() -> None:
    data = as_csv(row(1, b="03/04/2002"))
    result = read(data, '[dates]\n"Date de naissance" = "month"\n')
    assert answer(result, "birth_date") == "2002-03-04"
    assert result.dates["Date de naissance"].by == "choice"
    with pytest.raises(Refused):
        parse_mapping('[dates]\n"Date de naissance" = "year"\n')


@pytest.mark.parametrize(
    ("dates", "by"),
    [
        (["02/26/2002", "2002-04-03"], "doubt"),
        (["02/26/2002", "2002-04-03 00:00:00"], "doubt"),
        (["02/26/2002", "2002-04-23"], "dates"),
        (["26/02/2002", "2002-04-03", "2001-05-06", "2000-01-12"], "doubt"),
        (["26/02/2002", "2002-04-03", "2001-05-06", "2000-01-13"], "dates"),
        (["26/02/2002", "2002-04-03"], "dates"),
        (["2002-04-03", "2001-05-06", "2000-01-12"], "default"),
    ],
)
def test_dates_that_a_spreadsheet_may_have_exchanged_are_in_doubt(dates: list[str], by: str) -> None:
    result = read(as_csv(*(row(number, b=text) for number, text in enumerate(dates, start=1))))
    assert result.dates["Date de naissance"].by == by


def test_dates_that_a_spreadsheet_exchanged_are_put_right_when_somebody_says_so() -> None:
    dates = ["02/26/2002", "2002-04-03", "2002-04-23", "2001-01-12 00:00:00"]
    data = as_csv(*(row(number, b=text) for number, text in enumerate(dates, start=1)))
    result = read(data, '[dates]\n"Date de naissance" = "turned"\n')
    found = [answer(result, "birth_date", n) for n in range(4)]
    assert found == ["2002-02-26", "2002-03-04", "2002-04-23", "2001-12-01"]
    assert result.dates["Date de naissance"].is_turned


def test_another_column_with_the_month_first_is_a_hint() -> None:
    result = read(
        as_csv(row(1, t="06/18/2025 10:00:00", b="03/04/2002"), row(2, b="05/06/2002", t="06/08/2025"))
    )
    order = result.dates["Date de naissance"]
    assert (order.order, order.by, order.elsewhere) == ("day", "default", "Horodateur")


def test_a_row_for_the_tray_has_its_dates_day_first_as_people_write_them() -> None:
    result = read(as_csv(row(1, b="02/26/2002"), row(2, b="03/04/2002", s1="abc")))
    assert result.rejected[0].raw["Date de naissance"] == "04/03/2002"


def test_times_of_sending_have_an_order_of_their_own() -> None:
    result = read(as_csv(row(1, t="6/8/2025 18:54:00", b="26/02/2002"), row(2, t="6/18/2025 6:54 PM")))
    assert [each.sent_at for each in result.accepted] == [
        datetime(2025, 6, 8, 17, 54, tzinfo=UTC),
        datetime(2025, 6, 18, 17, 54, tzinfo=UTC),
    ]
    assert answer(result, "birth_date") == "2002-02-26"


def workbook(*rows: list[str], above: list[list[str]] | None = None, hidden: bool = False) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_numbers": False})
    if hidden:
        book.add_worksheet("Cachée").hide()
        book.worksheets()[0].write(0, 0, "rien")
    page = book.add_worksheet("Réponses")
    page.activate()
    page.set_first_sheet()
    for line, cells in enumerate([*(above or []), HEADER, *rows]):
        page.write_row(line, 0, cells)
    book.close()
    return out.getvalue()


def test_the_header_is_the_line_that_names_most_questions() -> None:
    titles = [["Université"], [], ["Liste arrêtée le 10/06/2025"], ["Identité", "", "", "CIN"]]
    for data in (
        workbook(row(1), above=titles),
        b"Candidatures 2025 ; liste provisoire\r\n;;;\r\n" + as_csv(row(1)),
        b"Candidatures 2025, liste provisoire\r\n" + as_csv(row(1)),
    ):
        assert len(read(data).accepted) == 1
    seven = workbook(row(1), row(2), above=[["x"]] * 9)
    assert len(read(seven).accepted) == 2


def test_the_first_sheet_that_people_see_is_read_and_another_can_be_named() -> None:
    data = workbook(row(1), hidden=True)
    assert len(read(data).accepted) == 1
    with pytest.raises(Refused):
        read(data, 'sheet = "Cachée"\n')
    assert len(read(data, 'sheet = "Réponses"\nline = 1\n').accepted) == 1


def test_a_row_that_lacks_what_it_must_hold_is_still_cut() -> None:
    data = as_csv(row(1), row(2)[:12])
    assert [(line, "coupée" in text) for line, _column, text in told(read(data))] == [(3, True)]


@pytest.mark.parametrize(
    ("cells", "key", "value"),
    [
        ({"phone": "\u2066+212 612‑345678\u2069"}, "phone", "+212612345678"),
        ({"phone": "+212 6 12 34 56 78 (WhatsApp)"}, "phone", "+212612345678"),
        ({"phone": "06\u200d12\u206012\xad34\u061c56"}, "phone", "+212612123456"),
        ({"mail": "\u202aNom@Exemple.ma\u202c"}, "email", "nom@exemple.ma"),
        ({"mail": "nom@bücher.example"}, "email", "nom@bücher.example"),
        ({"cin": "AB‑123\u200f456"}, "cin", "AB123456"),
        ({"s1": "\u200e12,5\u2009"}, "s1", "12.5"),
        ({"b": "26\u200f/02\u200f/2002"}, "birth_date", "2002-02-26"),
        ({"b": "26–02–2002"}, "birth_date", "2002-02-26"),
        ({"b": "2002-02-26T00:00:00.000Z"}, "birth_date", "2002-02-26"),
        ({"b": "25/02/2002 23:59:40"}, "birth_date", "2002-02-26"),
        ({"name": "O\u02bcNeil"}, "family_name", "O'Neil"),
        ({"name": "Ben\u2013Ali"}, "family_name", "Ben-Ali"),
        ({"name": "\u202bAlami\u202c"}, "family_name", "Alami"),
        ({"why": "–Motivée"}, "motivation", "–Motivée"),
        ({"why": "@INPT"}, "motivation", "@INPT"),
    ],
)
def test_what_programs_leave_in_a_cell_changes_nothing(cells: dict[str, str], key: str, value: str) -> None:
    result = read(as_csv(row(1, **cells)))
    assert told(result) == []
    assert answer(result, key) == value


@pytest.mark.parametrize(
    "cells", [{"name": "بنعلي"}, {"first": "سلمى"}, {"name_ar": "BENALI"}, {"first_ar": "Salma"}]
)
def test_a_name_in_the_other_script_waits_in_the_tray(cells: dict[str, str]) -> None:
    ((_line, _column, text),) = told(read(as_csv(row(1, **cells))))
    assert "lettres" in text


@pytest.mark.parametrize(
    ("rib", "part"),
    [
        ("007810000000000000003698", "clé"),
        ("000000000000000000000000", "zéros"),
        ("007810123456789000000000", "Excel"),
        ("7,81012E+21", "Excel"),
        ("7.81E+21", "Excel"),
        ("7810123456789010000000", "Excel"),
    ],
)
def test_what_is_no_bank_number_is_told_by_its_cause(rib: str, part: str) -> None:
    ((_line, column, text),) = told(read(as_csv(row(1, rib=rib))))
    assert column == "RIB (24 chiffres)" and part in text


@pytest.mark.parametrize("rib", ["007810123456789000000000", "7,81012E+21", "7810123456789010000000"])
def test_whoever_types_a_bank_number_in_the_form_is_told_nothing_of_a_spreadsheet(rib: str) -> None:
    asked = Question("rib", QuestionKind.RIB, {"fr": "RIB"})
    value, problems = read_given(asked, {"rib": rib}, date(2026, 11, 22))
    assert value is None and [each.what for each in problems] == [DAMAGED]
    in_cell = read_cell(asked, rib, date(2026, 11, 22))
    assert isinstance(in_cell, Problem) and in_cell.what == DAMAGED_IN_FILE and "Excel" not in DAMAGED
