"""Reading what strangers send, and writing what spreadsheets must not compute."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from cohortmgr.base.errors import Refused
from cohortmgr.base.sheets.tables import column_letters, is_formula, read_limited, read_table
from cohortmgr.base.sheets.writing import Sheet, may_be_formula, write_csv, write_xlsx

TEXT = "Nom;Ville\nBénali;Fès\nÉmilie;Salé\n"


def cells(data: bytes) -> list[tuple[str, ...]]:
    return [record.cells for record in read_table(data).rows]


def refusal(data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        read_table(data)
    (problem,) = caught.value.problems
    return problem.what


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_each_encoding_and_delimiter_reads_the_same(encoding: str, delimiter: str) -> None:
    table = read_table(TEXT.replace(";", delimiter).encode(encoding))
    assert table.header == ("Nom", "Ville")
    assert [record.cells for record in table.rows] == [("Bénali", "Fès"), ("Émilie", "Salé")]


def test_a_record_is_named_by_the_line_where_it_begins() -> None:
    data = b'a,b\r\n"x\r\ny",1\r\n\r\n"z\n\nt",2\r\nu,3\r\n'
    assert [(r.line, r.cells[1]) for r in read_table(data).rows] == [(2, "1"), (5, "2"), (8, "3")]


def test_the_line_that_excel_writes_for_itself_is_no_header() -> None:
    table = read_table(b"sep=;\r\na;b\r\n1;2\r\n")
    assert table.header == ("a", "b")
    assert table.rows[0].line == 3


def test_headers_are_unique_and_never_empty() -> None:
    assert read_table(b"a,,a,a\n1,2,3,4\n").header == ("a", "B", "a (2)", "a (3)")
    assert [column_letters(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "vide"),
        (b"\xef\xbb\xbf \r\n \r\n", "vide"),
        (b"%PDF-1.7 a,b", "ni un CSV ni un XLSX"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "ancien classeur"),
        (bytes(range(256)) * 20, "encodage"),
        (b"PK\x03\x04 and then nothing", "abîmé"),
        (b'a,b\n"never closed,1\n2,3\n', "guillemet"),
        (b"a,b\n" + b"1,2\n" * 50_001, "lignes"),
        (b",".join([b"a"] * 201) + b"\n", "colonnes"),
        (b"a" * (20 * 1024 * 1024 + 1), "Mo"),
    ],
)
def test_each_thing_that_is_no_table_gets_one_clear_message(data: bytes, part: str) -> None:
    assert part in refusal(data)


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in parts.items():
            file.writestr(name.replace("__", "/") + ".xml", part)
    return out.getvalue()


def test_a_zip_that_is_no_workbook_is_told_apart() -> None:
    assert "ni un CSV ni un XLSX" in refusal(archive(word__document=b"<w/>"))


def test_a_zip_bomb_is_refused_before_it_is_read() -> None:
    assert "décompressé" in refusal(archive(xl__workbook=b" " * (80 * 1024 * 1024)))


def test_a_zip_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(write_xlsx([Sheet("x", ["a"], [["b"] for _ in range(500)])]))
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = (3).to_bytes(4, "little")
    assert "abîmé" in refusal(bytes(data))


def far_cell(place: str) -> bytes:
    """A workbook whose only data cell claims to stand somewhere else."""

    def move(part: bytes) -> bytes:
        row = place.lstrip("XFD").encode()
        return part.replace(b'<row r="2"', b'<row r="%s"' % row).replace(
            b'r="A2"', b'r="%s"' % place.encode()
        )

    return rewritten(write_xlsx([Sheet("x", ["a"], [["b"]])]), {"sheet1.xml": move})


@pytest.mark.parametrize(("place", "part"), [("XFD1048576", "colonnes"), ("D1048576", "lignes")])
def test_a_cell_at_the_far_corner_costs_no_memory(place: str, part: str) -> None:
    assert part in refusal(far_cell(place))


def rewritten(data: bytes, changes: dict[str, Callable[[bytes], bytes]]) -> bytes:
    """The workbook with some of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            change = changes.get(entry.filename.rpartition("/")[2], bytes)
            new.writestr(entry.filename, change(old.read(entry)))
    return out.getvalue()


def test_one_long_text_in_every_cell_is_refused_before_it_is_read() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.add_worksheet().write_column(0, 0, ["long"] * 20_000)
    book.close()
    data = out.getvalue()
    longer = {"sharedStrings.xml": lambda part: part.replace(b"long", b"x" * 20_000)}
    assert "décompressé" in refusal(rewritten(data, longer))
    zeros = longer | {"sheet1.xml": lambda part: part.replace(b"<v>", b"<v>+&#48;0" + b"0" * 90)}
    assert "décompressé" in refusal(rewritten(data, zeros))
    assert "abîmé" in refusal(rewritten(data, {"sharedStrings.xml": lambda _: b"<sst/>"}))
    hidden = {"sheet1.xml": lambda part: part.replace(b"<v>", b"<v><!-- -->")}
    assert "abîmé" in refusal(rewritten(data, hidden))


def test_a_workbook_gives_iso_dates_whole_numbers_and_named_formulas() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    page.write_row(0, 0, ["jour", "année", "note", "calcul"])
    page.write_datetime(1, 0, date(2003, 2, 28), book.add_format({"num_format": "dd/mm/yyyy"}))  # type: ignore[arg-type]
    page.write_number(1, 1, 2025)
    page.write_number(1, 2, 12.34)
    page.write_formula(1, 3, "=1+1", value=2)
    book.close()
    (record,) = read_table(out.getvalue()).rows
    assert record.line == 2
    assert record.cells == ("2003-02-28", "2025", "12.34", "2")
    assert record.formulas == {3}


@pytest.mark.parametrize("cell", ["=1+1", '=HYPERLINK("x")', " =1", "\t=1", "\u200e=1", "＝1"])
def test_what_begins_with_an_equals_sign_is_a_formula(cell: str) -> None:
    assert is_formula(cell)
    assert read_table(f'a,b\n"{cell.replace(chr(34), chr(34) * 2)}",1\n'.encode()).rows[0].formulas == {0}
    assert read_table(write_csv(["a", "b"], [[cell, 1]])).rows[0].formulas == frozenset()


@pytest.mark.parametrize(
    "cell", ["+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(A1)", "-Motivée", "+2 ans", "@INPT", "－cmd"]
)
def test_what_a_spreadsheet_would_compute_is_read_as_text_and_neutralised_when_written(cell: str) -> None:
    assert not is_formula(cell)
    (row,) = read_table(f'a,b\n"{cell}",1\n'.encode()).rows
    assert (row.cells[0], row.formulas) == (cell, frozenset())
    assert may_be_formula(cell)
    assert read_table(write_csv(["a", "b"], [[cell, 1]])).rows[0].cells[0] == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["+212 6 12 34 56 78", "-12,50", "+3", "- une liste", "-", "---", "a=b", "", "12.5"]
)
def test_numbers_telephones_and_dashes_are_no_formulas(cell: str) -> None:
    assert not is_formula(cell)


UNSEEN = ("", " ", "\t", "\n", "\x0b", "\x00", "\x1f", "\x85", "\u00a0", "\u200b", "\u200c", "\u200d", "\u202e",
          "\u2028", "\u2066", "\u3000", "\ufeff", "\u00ad", "\u061c", " \u3000\x0b\u200c ")  # fmt: skip


@pytest.mark.parametrize("before", UNSEEN, ids=ascii)
@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "- cmd|' /C calc'!A0",
        "+ 1+1",
        "-",
        "---",
        "- une liste",
        "+cmd",
        "@SUM(A1)",
        "\uff1d1+1",
        "\ufe661+1",
        "\u22121+cmd",
        "-1-1+cmd|' /C calc'!A0",
        "+212600000000+cmd|x",
    ],
)
def test_what_is_written_is_computed_by_no_spreadsheet_whatever_stands_before_it(
    before: str, cell: str
) -> None:
    written = write_csv(["a", "b"], [[before + cell, 1]]).decode("utf-8-sig")
    assert f'"\'{before}{cell}"' in written


@pytest.mark.parametrize(
    "cell", ["-12,50", "+3", "-7 %", "+212 6 12 34 56 78", "+212612345678", "a=b", "", " ", "1"]
)
def test_numbers_and_telephones_are_written_as_they_are(cell: str) -> None:
    assert f'"{cell}"' in write_csv(["a", "b"], [[cell, 1]]).decode("utf-8-sig")


def test_a_stream_is_not_read_beyond_its_limit() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1, /) -> bytes:
            self.given += size
            return b"x" * size

    stream = Endless()
    with pytest.raises(Refused):
        read_limited(stream, 1_000_000)
    assert stream.given == 1_000_001
    assert read_limited(io.BytesIO(b"abc"), 3) == b"abc"


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(alphabet=st.sampled_from(list('ab,;\t"\n\r=+é')), max_size=60).map(str.encode),
        st.binary(max_size=200).map(lambda b: b"PK\x03\x04" + b),
        st.binary(max_size=200).map(lambda b: archive(xl__workbook=b, xl__worksheets__sheet1=b)),
    )
)
def test_reading_any_bytes_gives_a_table_or_a_refusal(data: bytes) -> None:
    try:
        table = read_table(data)
    except Refused as refused:
        assert len(refused.problems) == 1
    else:
        assert len(set(table.header)) == len(table.header)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_a_damaged_workbook_gives_a_table_or_a_refusal(at: int, junk: bytes) -> None:
    data = bytearray(write_xlsx([Sheet("x", ["a", "b"], [["é", 1.5], ["ش", date(2025, 1, 2)]])]))
    at %= len(data)
    data[at : at + len(junk)] = junk
    try:
        read_table(bytes(data))
    except Refused as refused:
        assert len(refused.problems) == 1


CELLS = st.text(
    alphabet=st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co"), include_characters='\n,;"\t'),
    max_size=12,
)


@settings(deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=12)
    )
)
def test_what_is_written_as_csv_reads_the_same(rows: list[list[str]]) -> None:
    header = [f"colonne {n}" for n in range(len(rows[0]))]
    expected = [
        tuple(f"'{c}" if may_be_formula(c) else c for c in row) for row in rows if any(c.strip() for c in row)
    ]
    assert cells(write_csv(header, rows)) == expected


def test_a_workbook_written_holds_text_numbers_and_dates_but_no_formula() -> None:
    sheet = Sheet(
        "Liste: 1/2", ["nom", "note", "jour"], [["=1+1", 12.5, date(2025, 7, 1)], ["سلمى", None, None]], True
    )
    data = write_xlsx([sheet, Sheet("Liste: 1/2", ["x"], [])])
    assert cells(data) == [("=1+1", "12.5", "2025-07-01"), ("سلمى", "", "")]
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        page = book.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in page
    assert b'rightToLeft="1"' in page
