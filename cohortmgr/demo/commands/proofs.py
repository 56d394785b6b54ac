"""The demonstration's papers: transcripts are asked of those who accepted, sent, examined, and read by staff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.corrections import actions as corrections
from cohortmgr.applications.corrections.rules import CorrectionKind
from cohortmgr.applications.documents.actions import papers
from cohortmgr.applications.documents.actions.receiving import prepare_document
from cohortmgr.applications.documents.tasks import examine_next
from cohortmgr.applications.file import queries as applications
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.demo.commands.setting import INTAKE, PROGRAMME, by_role, viewer
from cohortmgr.programmes import queries as programmes
from cohortmgr.selection import queries as selection_queries

PAPER = "transcripts"
MESSAGE = "Le fichier de 2025 n’avait pas de relevés de notes : envoyez-les avant la rentrée."
LINE = 26


def prove() -> Iterator[float]:
    """Take each accepted file from the request to its last checked figure. Yields the progress (0 to 1).

    A file that has its paper already is not asked again."""
    intake = programmes.intake_of(PROGRAMME, INTAKE)
    manager = by_role(Role.SELECTION_MANAGER)[0]
    rows = selection_queries.decisions_of(selection_queries.batches_of(intake)[0])
    accepted = [row.application_reference for row in rows if row.offer_state == "accepted"]
    for number, reference in enumerate(accepted, start=1):
        db.session.rollback()
        if PAPER not in applications.read_by_staff(manager, reference).documents:
            _sent(manager, reference)
        yield 0.2 * number / len(accepted)
    later = clock.now() + timedelta(days=2)
    for number in range(1, len(accepted) + 1):
        with clock.at(later):
            examine_next()  # as the worker does
        yield 0.2 + 0.7 * number / len(accepted)
    for number, reference in enumerate(accepted, start=1):
        with clock.at(later):
            _read(manager, reference)
        yield 0.9 + 0.1 * number / len(accepted)


def _sent(manager: Viewer, reference: str) -> None:
    """Let staff reopen the one question, and its person answer the next day."""
    until = clock.now() + timedelta(days=10)
    with writing():
        corrections.ask(manager, reference, {PAPER: CorrectionKind.INCOMPLETE}, MESSAGE, until)
    file = applications.read_by_staff(manager, reference)
    paper = transcripts(file.application.number, file.application.answers)
    prepared = prepare_document(file.definition.form.question(PAPER), "releves.pdf", paper)
    owner = viewer(file.application.email or "")
    with clock.at(clock.now() + timedelta(days=1)), writing():
        corrections.answer(owner, reference, {}, [prepared])


def _read(manager: Viewer, reference: str) -> None:
    """Check every figure of a file that nobody has checked yet, as equal to what was declared."""
    db.session.rollback()
    file = applications.read_by_staff(manager, reference)
    document, answers = file.documents[PAPER], file.application.answers
    wanted = [each.key for each in papers.checked_questions(manager, file, document) if answers.get(each.key)]
    with writing():
        for key in wanted:
            papers.check_figure(manager, document.reference, key, str(answers[key]))


def transcripts(number: str, answers: Mapping[str, object]) -> bytes:
    """Return a PDF page with the averages of six semesters, in a font that every PDF reader has."""
    told = [f"Moyenne du semestre {n} : {answers[f's{n}']} / 20" for n in range(1, 7) if f"s{n}" in answers]
    lines = ["Relevé de notes de la licence", f"Candidature {number}", "", *told]
    shown = "".join(f"({line}) Tj 0 -{LINE} Td\n" for line in lines)
    drawn = f"BT /F 16 Tf 72 760 Td\n{shown}ET".encode("cp1252")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    )
    body = b"".join(b"%d 0 obj%s endobj\n" % (place, each) for place, each in enumerate(objects, start=1))
    return b"%PDF-1.4\n" + body + b"trailer<</Size 6/Root 1 0 R>>\n%%EOF\n"
