"""The demonstration's second intake, in the middle of its reading: eight people at different points, papers beside.

Its days are counted from today, so that it is midway whenever the demonstration is loaded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import islice

from PIL import Image, ImageDraw, ImageFont

from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.applications.documents.actions import papers
from cohortmgr.applications.documents.actions.receiving import parts_by_question, prepare_document
from cohortmgr.applications.importing.actions import runs as import_runs
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.demo.commands.choice import BOUNDS, scores_of, seal_rules
from cohortmgr.demo.commands.proofs import PAPER
from cohortmgr.demo.commands.setting import OPEN_INTAKE, PROGRAMME, SHEET, alike, by_role, is_empty
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.cloning import ClonedIntake
from cohortmgr.programmes.definition.rules import Definition
from cohortmgr.programmes.drafts import actions as revisions
from cohortmgr.programmes.drafts.queries import get_writing
from cohortmgr.reviews import queries as reviews
from cohortmgr.reviews.assignment.actions import sharing
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.reviews.rules import bounds_of

KEY, FILES, PAGES, AT_ONCE = "midway", 120, 3, 20
TITLE = {"fr": "Session complémentaire", "ar": "دورة تكميلية", "en": "Second session"}
# It is a copy of the open intake, whose first day is 82 days after its close: so it closed twelve days ago.
STARTS_IN, CLOSED_FOR = timedelta(days=70), timedelta(days=12)
# What part of their files each reader has handed in; the last is silent.
DONE = (0.9, 0.75, 0.6, 0.5, 0.4, 0.25, 0.1, 0.0)
DUE_IN = timedelta(days=5)
_SPARED = ("RIB (24 chiffres)",)


def begin() -> Iterator[float]:
    """Put the intake, its files and their papers there, give these out, and let readers begin. Yields the progress."""
    put_intake()
    intake = programmes.intake_of(PROGRAMME, KEY)
    manager = by_role(Role.SELECTION_MANAGER)[0]
    definition = programmes.definition_of(intake)
    prepared = import_runs.prepare_import(_sheet(intake.closes_at), "session.csv", definition)
    with alike("session.csv", is_empty(intake.id)), writing():
        import_runs.load(manager, intake.reference, prepared)
    yield 0.2
    seal_rules(KEY, *BOUNDS)
    with alike("session's readings"), writing():
        sharing.assign(manager, intake.reference, due_on=clock.today() + DUE_IN, anchors=True)
    yield 0.3
    people = by_role(Role.REVIEWER)
    _attach(manager, definition, _soonest_first(intake.id, people))
    yield 0.5
    for place, (reader, part) in enumerate(zip(people, DONE, strict=True)):
        _read(intake.id, definition, reader, part, severe=place == 1)
        yield 0.5 + 0.5 * (place + 1) / len(people)


def put_intake() -> None:
    """Clone the open intake, moved so that it closed some days ago, and put the draft in force."""
    administrator = by_role(Role.PROGRAMME_ADMINISTRATOR)[0]
    wanted = ClonedIntake(KEY, TITLE, clock.today() + STARTS_IN)
    with writing():
        revisions.add_intake(administrator, PROGRAMME, OPEN_INTAKE, wanted, 0)
    with alike(KEY), writing():
        found = get_writing(administrator, PROGRAMME)
        revisions.publish(administrator, PROGRAMME, found.version, found.in_force.number)


def _sheet(closed_at: datetime) -> bytes:
    """The institution's file of this intake: people with one's family name and another's given name, of whom nobody
    has applied before."""
    with SHEET.open(encoding="utf-8-sig", newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["Région"] and row["S6"]]
    made, held = [], io.StringIO()
    sent_at = closed_at - timedelta(days=9)
    for number in range(FILES):
        family, given = rows[number], rows[(number * 7 + 31) % len(rows)]
        made.append({**family, **_as_somebody(number, given, sent_at + timedelta(minutes=37 * number))})
    writer = csv.DictWriter(
        held, [name for name in made[0] if name and name not in _SPARED], extrasaction="ignore"
    )
    writer.writeheader()
    writer.writerows(made)
    return held.getvalue().encode()


def _as_somebody(number: int, given: Mapping[str, str], sent_at: datetime) -> dict[str, str]:
    names = {name: given[name] for name in ("Prénom", "الاسم الشخصي", "Sexe", "Date de naissance")}
    return {
        **names,
        "Horodateur": clock.local(sent_at).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds"),
        "CIN": f"ZD{number + 100_001}",
        "Code Massar": f"Z{number + 900_000_001}",
        "Adresse e-mail": f"session{number + 1}@example.org",
        "Téléphone": f"0661{number + 700_001}",
    }


def _soonest_first(intake_id: int, people: Sequence[Viewer]) -> list[tuple[Viewer, str]]:
    """A reader and a reading of each file of the intake, those first that somebody opens next: the worker examines
    papers in this order, and pages appear where one looks first."""
    db.session.rollback()
    found: dict[str, tuple[int, Viewer, str]] = {}
    for reader, part in zip(people, DONE, strict=True):
        rows = own.queue(reader, intake_id)
        begun = round(part * len(rows))
        for place, row in enumerate(rows):
            ahead = place - begun if place >= begun else len(rows) + begun - place
            if row.number not in found or ahead < found[row.number][0]:
                found[row.number] = (ahead, reader, row.reference)
    soonest = sorted(found, key=lambda number: (found[number][0], number))
    return [found[number][1:] for number in soonest]


def _attach(manager: Viewer, definition: Definition, readings: Sequence[tuple[Viewer, str]]) -> None:
    """Let the files of these readings have their transcripts, photographed page by page; the worker examines them once
    it is there."""
    question = definition.form.question(PAPER)
    for start in range(0, len(readings), AT_ONCE):
        few = readings[start : start + AT_ONCE]
        prepared = [
            [prepare_document(question, f"page{n + 1}.jpg", photo(n)) for n in range(PAGES)] for _file in few
        ]
        with writing():
            for (reader, reference), photos in zip(few, prepared, strict=True):
                file = reviews.file_of(reviews.get_for(reader, reference))
                papers.join(manager, file, None, PAPER, parts_by_question(photos)[PAPER])


@cache
def photo(page: int) -> bytes:
    """A page of transcripts as somebody photographs it on a table: a little turned, a little dark."""
    sheet = Image.new("L", (700, 990), 245)
    drawn, font = ImageDraw.Draw(sheet), ImageFont.load_default(28)
    drawn.text((60, 60), f"Relevé de notes, semestres {2 * page + 1} et {2 * page + 2}", fill=40, font=font)
    for line in range(14):
        drawn.text((60, 150 + 55 * line), f"Module {line + 1 + 14 * page}", fill=60, font=font)
        drawn.text(
            (520, 150 + 55 * line), f"{10 + (line * 37 + page * 11) % 80 / 10:.2f}", fill=60, font=font
        )
    held = io.BytesIO()
    sheet.rotate(1.5 - page, expand=False, fillcolor=120).save(held, "JPEG", quality=55)
    return held.getvalue()


def _read(intake_id: int, definition: Definition, reader: Viewer, part: float, *, severe: bool) -> None:
    """Let a reader hand in a part of their files, and begin the next. One who is severe gives the first its lowest
    marks, so that a discussion is open."""
    db.session.rollback()
    bounds = bounds_of(definition.rubric)
    rows = own.queue(reader, intake_id)
    waiting = iter([row.reference for row in rows])
    for place, reference in enumerate(islice(waiting, round(part * len(rows)))):
        with writing():
            scores = scores_of(reader, reference, bounds)
            if severe and place == 0:
                scores = {key: low for key, (low, _high) in bounds.items()}
            reading.score(reader, reference, scores)
    begun = next(waiting, None)
    if part and begun is not None:
        with writing():
            scores = scores_of(reader, begun, bounds)
            reading.draft(reader, begun, dict(islice(scores.items(), 2)))
