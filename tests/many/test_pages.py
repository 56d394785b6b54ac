"""No page reads or weighs more with 20,000 files: each GET address of the role × route table is opened."""

from __future__ import annotations

import pytest

from tests.factories.access import COLUMNS, rows
from tests.many.conftest import Many

MOST_BLOCKS = 2_000
MOST_BYTES = 200_000
# The first of these who is shown a page opens it: who sees most comes first.
READERS = "aosgCDTpmfctebuyrqx"
# A person saves these whole; they are written as they are read.
DOWNLOADS = {
    "/staff/intakes/{intake}/marks.xlsx": "a workbook of one's own readings, as many as one holds",
    "/staff/exports/{export}/xlsx": "the workbook of a long list, as the worker wrote it",
    "/staff/batches/{batch}/certificate.json": "each decision of a batch stands in its certificate",
}
# The year's only phase reads files: none goes on from it, and it has no results of a test. Its batch was chosen under
# no sealed rules: it has neither sheet nor lines.
NOT_OF_THE_YEAR = {
    "/intakes/{intake}/sheets/{batch}",
    "/intakes/{intake}/sheets/{batch}.json",
    "/my/offers/{offer}/check",
    "/my/offers/{offer}/line.json",
    "/staff/batches/{batch}/sheet",
    "/staff/batches/{batch}/sheet.json",
    "/staff/intakes/{open_intake}/rules/statement.json",
    "/staff/intakes/{intake}/phases/dossiers",
    "/staff/intakes/{intake}/phases/dossiers/results",
    "/staff/intakes/{intake}/phases/dossiers/results.xlsx",
}
pytestmark = pytest.mark.services


def pages() -> list[tuple[str, str]]:
    """Each GET address that is shown to somebody, and who opens it."""
    found = []
    for method, path, cells in rows():
        by_letter = dict(zip(COLUMNS, cells, strict=True))
        reader = next((COLUMNS[letter] for letter in READERS if by_letter[letter] == "2"), None)
        if method == "GET" and reader is not None:
            found.append((path, reader))
    return found


def test_next_to_nothing_is_left_out() -> None:
    # An address that only leads to another is measured where it leads.
    asked = {path for method, path, cells in rows() if method == "GET" and ">" not in cells}
    opened = {path for path, _ in pages()}
    assert len(opened) > 140 and len(asked - opened - NOT_OF_THE_YEAR) < 8, asked - opened
    assert opened > DOWNLOADS.keys()


@pytest.mark.parametrize(("path", "who"), [each for each in pages() if each[0] not in DOWNLOADS])
def test_a_page_does_not_grow_with_the_files(many: Many, path: str, who: str) -> None:
    opened = many.open(path.format(**many.references), who)
    assert opened.answer.status_code == 200
    assert opened.blocks < MOST_BLOCKS, (opened.blocks, opened.heaviest)
    assert len(opened.answer.data) < MOST_BYTES


def test_the_frame_of_every_page_looks_at_no_file_to_tell_who_has_one(many: Many) -> None:
    """What a viewer's own files withhold is found by the few persons who may be they, and not among all files."""
    opened = many.open("/staff/intakes/{intake}/reviews/more".format(**many.references), "selection_manager")
    (frame,) = [each for each in opened.read if "AS is_here" in each.statement]
    assert frame.blocks < 250, frame
