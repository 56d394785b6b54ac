"""The file of 2025, row by row, and what must not change what it says: order, encoding, separator,
kind of file."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cohortmgr.applications.eligibility.rules import assess
from cohortmgr.applications.importing.rules import (
    ImportResult,
    Rejection,
    Sending,
    parse_mapping,
    propose_mapping,
    read_record,
    read_records,
    supersedes,
)
from cohortmgr.base.errors import Refused
from cohortmgr.base.sheets.tables import read_table
from cohortmgr.base.sheets.writing import Sheet, write_xlsx
from cohortmgr.programmes.definition.rules import Form
from cohortmgr.programmes.definition.toml import read_known

TODAY = date(2026, 11, 22)
FILE = Path(__file__).parents[3] / "data" / "mdia-2025-applications.csv"
MDIA = read_known("mdia")

# Found by reading the file with another program: line where the record begins, column, and a part
# of the reason.
REJECTED = [
    (79, "Nom", "manque"),
    (79, "Prénom", "manque"),
    (87, "Région", "coupée : 12 cellules au lieu de 26"),
    (293, "Adresse e-mail", "n’est pas valable"),
    (364, "S3", "145 n’est pas entre 0 et 20"),
    (383, "Adresse e-mail", "manque"),
    (486, "Date de naissance", "« 31/02/2003 » n’existe pas"),
    (487, "S2", "« quatorze » n’est pas un nombre"),
    (564, "RIB (24 chiffres)", "clé"),
    (581, "Date de naissance", "futur"),
    (668, "Nom", "formule"),
    (672, "Date de naissance", "« 12/13/2003 » n’existe pas"),
    (681, "RIB (24 chiffres)", "clé"),
    (763, "CIN", "manque"),
    (773, "RIB (24 chiffres)", "clé"),
]


def load(data: bytes, form: Form = MDIA.form) -> ImportResult:
    table = read_table(data, "file")
    return read_records(table, propose_mapping(table.header, form, MDIA.imports), form, MDIA.imports, TODAY)


def rows_of_file() -> list[list[str]]:
    with FILE.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def as_csv(rows: Sequence[Sequence[str]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def said(result: ImportResult) -> object:
    """What a file says, wherever its lines stand."""
    kept = {s.identity: (s.sent_at, s.answers) for s in result.accepted}
    gone = sorted((s.identity, s.sent_at) for s in result.replaced)
    return kept, gone, sorted(r.fingerprint for r in result.rejected)


@pytest.fixture(scope="module")
def loaded() -> ImportResult:
    return load(FILE.read_bytes())


def test_the_file_gives_600_people_17_replaced_14_rejected(loaded: ImportResult) -> None:
    assert (len(loaded.accepted), len(loaded.replaced), len(loaded.rejected)) == (600, 17, 14)
    assert len({sending.identity for sending in loaded.accepted}) == 600


def test_each_rejection_names_its_line_its_column_and_its_reason(loaded: ImportResult) -> None:
    found = [(row.line, fault.column, str(fault.problem)) for row in loaded.rejected for fault in row.faults]
    assert [(line, column) for line, column, _ in found] == [(line, column) for line, column, _ in REJECTED]
    for (_, _, text), (_, _, part) in zip(found, REJECTED, strict=True):
        assert part in text


def test_58_people_hold_no_required_licence(loaded: ImportResult) -> None:
    assessed = [assess(MDIA.eligibility, sending.answers, date(2025, 7, 15)) for sending in loaded.accepted]
    assert [each.reasons for each in assessed if not each.eligible] == [("licence",)] * 58


def test_the_later_sending_stands(loaded: ImportResult) -> None:
    winners = {sending.identity: sending for sending in loaded.accepted}
    for old in loaded.replaced:
        new = winners[old.identity]
        assert old.sent_at and new.sent_at and old.sent_at < new.sent_at
    last = winners["identifier.cin", "A592602"]
    assert (last.line, last.sent_at) == (808, datetime(2025, 7, 15, 16, 20, tzinfo=UTC))


def test_answers_are_canonical_whatever_the_spelling(loaded: ImportResult) -> None:
    by_line = {sending.line: sending.answers for sending in loaded.accepted}
    assert by_line[4]["given_name"] == "Fatima-Zahra"
    assert by_line[4]["phone"] == "+212612737720"
    assert by_line[4]["birth_date"] == "2004-09-09"
    assert by_line[4]["sex"] == "f"
    assert "region" not in by_line[6]
    assert by_line[6]["licence"] == "informatique"
    assert by_line[9]["email"] == "kawtar.ziani438@um5.example"
    assert str(by_line[4]["motivation"]).count("\n") == 1
    assert {a["licence"] for a in by_line.values()} <= {o.key for o in MDIA.form.question("licence").options}
    assert all(str(a["rib"]).isdigit() and str(a["cin"]).isupper() for a in by_line.values())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_rows_changes_nothing(loaded: ImportResult, seed: int) -> None:
    header, *rows = rows_of_file()
    random.Random(seed).shuffle(rows)
    assert said(load(as_csv([header, *rows]))) == said(loaded)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encoding_and_separator_change_nothing(loaded: ImportResult, encoding: str, delimiter: str) -> None:
    assert said(load(as_csv(rows_of_file(), delimiter, encoding))) == said(loaded)


def test_the_order_of_columns_changes_nothing(loaded: ImportResult) -> None:
    rows = [[*row, *[""] * (26 - len(row))][::-1] for row in rows_of_file() if len(row) == 26]
    assert said(load(as_csv(rows)))[:2] == said(loaded)[:2]  # type: ignore[index]


def test_windows_1252_changes_nothing_for_what_it_can_write() -> None:
    header, *rows = rows_of_file()
    arabic = {3, 4}
    rows = [
        [cell for at, cell in enumerate(row) if at not in arabic] for row in (header, *rows) if len(row) == 26
    ]
    french = [row for row in rows if row[-1].encode("cp1252", "ignore").decode("cp1252") == row[-1]]
    assert len(french) > 300
    questions = [
        tuple(replace(q, required=q.required and not q.key.endswith("_ar")) for q in section.questions)
        for section in MDIA.form.sections
    ]
    form = Form(tuple(replace(s, questions=q) for s, q in zip(MDIA.form.sections, questions, strict=True)))
    expected = load(as_csv(french), form)
    assert len(expected.accepted) > 300
    for delimiter in (",", ";", "\t"):
        assert said(load(as_csv(french, delimiter, "cp1252"), form)) == said(expected)


def test_a_workbook_says_the_same(loaded: ImportResult) -> None:
    header, *rows = rows_of_file()
    result = load(write_xlsx([Sheet("Réponses", header, rows)]))
    assert {s.identity: (s.sent_at, s.answers) for s in result.accepted} == {
        s.identity: (s.sent_at, s.answers) for s in loaded.accepted
    }
    assert sorted(s.identity for s in result.replaced) == sorted(s.identity for s in loaded.replaced)
    assert [r.raw["Horodateur"] for r in result.rejected] == [r.raw["Horodateur"] for r in loaded.rejected]


def test_a_second_reading_has_the_same_fingerprints(loaded: ImportResult) -> None:
    again = load(FILE.read_bytes())
    assert [r.fingerprint for r in again.rejected] == [r.fingerprint for r in loaded.rejected]
    everyone = [*loaded.accepted, *loaded.replaced, *loaded.rejected]
    assert len({row.fingerprint for row in everyone}) == 631


def test_of_two_sendings_at_one_time_the_one_further_down_stands() -> None:
    header, first, *_ = rows_of_file()
    second = [*first]
    second[11] = "Rabat"
    result = load(as_csv([header, first, second]))
    assert [s.answers["city"] for s in result.accepted] == ["Rabat"]
    assert [s.line for s in result.replaced] == [2]


def test_a_later_row_that_cannot_be_used_replaces_nothing() -> None:
    header, first, *_ = rows_of_file()
    second = [*first]
    second[0], second[6] = "01/07/2025 10:00:00", "31/02/2003"
    result = load(as_csv([header, first, second]))
    assert (len(result.accepted), len(result.replaced), len(result.rejected)) == (1, 0, 1)


def test_missing_required_columns_are_all_named_at_once() -> None:
    rows = [[cell for at, cell in enumerate(row) if at not in (7, 9)] for row in rows_of_file()[:4]]
    with pytest.raises(Refused) as caught:
        load(as_csv(rows))
    (problem,) = caught.value.problems
    assert "2 colonnes manquent" in str(problem)
    assert problem.values["columns"] == ["CIN", "Adresse e-mail"]


def test_a_file_with_titles_only_is_refused() -> None:
    with pytest.raises(Refused, match="aucune ligne"):
        load(as_csv(rows_of_file()[:1]))


def test_a_mapping_file_names_what_names_cannot_tell() -> None:
    header, first, *_ = rows_of_file()
    header[7], header[0], first[5] = "Pièce", "Envoyé", "Mme"
    table = read_table(as_csv([header, first]))
    for text in (
        'sent_at = "Envoyé"\n[columns]\n"Pièce" = "cin"\n"Ville" = ""\n[values.sex]\n"Mme" = "f"\n',
        '{"sent_at": "Envoyé", "columns": {"Pièce": "cin", "Ville": ""}, "values": {"sex": {"Mme": "f"}}}',
    ):
        mapping = propose_mapping(table.header, MDIA.form, MDIA.imports, parse_mapping(text))
        assert mapping.column_of("cin") == "Pièce"
        assert mapping.missing == ("city",)
        (sending,) = read_records(
            table, replace(mapping, missing=()), MDIA.form, MDIA.imports, TODAY
        ).accepted
        assert sending.answers["sex"] == "f"
        assert sending.sent_at == datetime(2025, 6, 8, 17, 54, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[columns]\n"Nulle part" = "cin"\n', "Nulle part"),
        ('[columns]\n"CIN" = "nothing"\n', "nothing"),
        ('[columns]\n"CIN" = "cin"\n"Nom" = "cin"\n', "cin"),
        ('[values.sex]\n"Mme" = "x"\n', "sex"),
        ('sent_at = "Nulle part"\n', "Nulle part"),
        ("[columns]\nCIN = 3\n", "columns"),
        ("values = 3\n", "values"),
        ("sent_at = 3\n", "sent_at"),
        ("other = 1\n", "other"),
        ("[columns\n", None),
        ("{", None),
    ],
)
def test_a_wrong_mapping_is_refused_by_place(text: str, where: str | None) -> None:
    with pytest.raises(Refused) as caught:
        propose_mapping(rows_of_file()[0], MDIA.form, MDIA.imports, parse_mapping(text))
    assert caught.value.problems[0].where == where


def test_a_row_with_too_many_cells_is_rejected_and_kept_whole() -> None:
    header, first, *_ = rows_of_file()
    (row,) = load(as_csv([header, [*first, "surplus"]])).rejected
    assert "27 cellules au lieu de 26" in str(row.problems[0])
    assert "surplus" in row.raw.values()
    assert len(load(as_csv([header, [*first, "", " "]])).accepted) == 1


def test_a_time_that_cannot_be_read_is_a_fault_of_its_column() -> None:
    header, first, *_ = rows_of_file()
    (row,) = load(as_csv([header, ["hier", *first[1:]]])).rejected
    assert [fault.column for fault in row.faults] == ["Horodateur"]


def test_a_mended_row_is_judged_as_the_file_was(loaded: ImportResult) -> None:
    table = read_table(FILE.read_bytes())
    mapping = propose_mapping(table.header, MDIA.form, MDIA.imports)
    broken = next(row for row in loaded.rejected if row.line == 668)
    still = read_record(broken.raw, mapping, MDIA.form, MDIA.imports, TODAY, broken.line)
    assert isinstance(still, Rejection) and "formule" in str(still.problems[0])
    mended = read_record(
        {**broken.raw, "Nom": "Alaoui"}, mapping, MDIA.form, MDIA.imports, TODAY, broken.line
    )
    assert isinstance(mended, Sending) and mended.answers["family_name"] == "Alaoui"


EARLIER, MOMENT, LATER = (datetime(2025, 6, day, 10, tzinfo=UTC) for day in (1, 2, 3))


@pytest.mark.parametrize(
    ("sent_at", "stands", "mark", "source", "withdrawn_at", "wanted"),
    [
        (LATER, MOMENT, "another", "online", None, True),
        (EARLIER, MOMENT, "another", "import", None, False),
        # Of one moment: an import corrects an import, and leaves what a person sent.
        (MOMENT, MOMENT, "another", "import", None, True),
        (MOMENT, MOMENT, "another", "online", None, False),
        # The same row again is nothing new, whatever its time.
        (LATER, MOMENT, "the same", "import", None, False),
        (MOMENT, MOMENT, "the same", "import", None, False),
        # A draft was never sent.
        (EARLIER, None, None, "online", None, True),
        (None, None, None, "online", None, True),
        # A file that tells no times.
        (None, MOMENT, "another", "import", None, True),
        (None, MOMENT, "another", "online", None, False),
        # Who withdrew comes back by a later sending alone.
        (LATER, MOMENT, "another", "import", LATER, False),
        (LATER, EARLIER, "another", "import", MOMENT, True),
        (LATER, None, None, "online", MOMENT, True),
        (EARLIER, None, None, "online", MOMENT, False),
        (None, MOMENT, "another", "import", LATER, False),
    ],
)
def test_which_of_two_sendings_stands(
    sent_at: datetime | None,
    stands: datetime | None,
    mark: str | None,
    source: str,
    withdrawn_at: datetime | None,
    wanted: bool,
) -> None:
    sending = Sending(2, sent_at, ("identifier.cin", "AB123456"), {}, {}, "the same")
    assert supersedes(sending, stands, mark, source, withdrawn_at) is wanted
