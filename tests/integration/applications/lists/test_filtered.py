"""Whatever a list is filtered and ordered by, its pages are what a plain scan of the files finds; and what a file's row
repeats of its notes, corrections and times is what stands there, after any history of acts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import SYSTEM
from cohortmgr.applications.file.actions import say_outcomes
from cohortmgr.applications.file.models import Application, Correction, Document, Extension, Note
from cohortmgr.applications.file.queries import counts
from cohortmgr.applications.file.rules import HIDDEN, LAST_DIPLOMA, LAST_REGION, ApplicationState
from cohortmgr.applications.lists.filters import OUTCOMES, SORTS, ApplicationFilters
from cohortmgr.applications.lists.queries import file_sets
from cohortmgr.applications.lists.queries import pages as lists
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.paging import ListPlace
from cohortmgr.programmes.queries import intake_of

COUNT = 40
REGIONS = (None, "MA-01", "MA-04")
ORDERS: dict[str, Any] = {
    "name": lambda row: (row.sort_name,),
    "number": lambda row: (row.number,),
    "average": lambda row: (-1 if row.average_thousandths is None else row.average_thousandths,),
    "sent": lambda row: (row.sent_at or row.created_at,),
    "region": lambda row: (row.region or LAST_REGION, row.sort_name),
    "diploma": lambda row: (row.diploma or LAST_DIPLOMA, row.sort_name),
    "outcome": lambda row: (row.outcome, row.sort_name),
}


@pytest.fixture
def files(intake: str) -> Sequence[Application]:
    """Files of every kind, with notes, corrections, times and papers of some."""
    pick = random.Random(5)
    with writing() as session:
        rows = [_file(number, pick) for number in range(COUNT)]
        session.add_all(rows)
        session.flush()
        for _ in range(3):
            _act(rows, pick)
    db.session.expire_all()  # triggers wrote some of it
    return db.session.scalars(sa.select(Application).order_by(Application.id)).all()


def _file(number: int, pick: random.Random) -> Application:
    place, moment = intake_of("mdia", "2027"), clock.now() + timedelta(minutes=pick.randrange(5))
    person = Person(created_at=moment, given_name="Ali", family_name=f"N{number}")
    db.session.add(person)
    db.session.flush()
    state = pick.choice([*ApplicationState, *["submitted"] * 5])
    return Application(
        institution_id=place.institution_id, person_id=person.id, intake_id=place.id,
        version_id=place.definition_version_id, number=f"MDIA-{pick.randrange(10**9)}", state=str(state),
        consent=pick.choice(["none", "none", "given", "waiting", "withdrawn"]),
        eligible=pick.choice([True, False, None]),
        source=pick.choice(["online", "import"]), region=pick.choice(REGIONS), sort_name=f"n{pick.randrange(9)}",
        diploma=pick.choice([None, "licence"]), average_thousandths=pick.choice([None, 12_000, 14_500, 16_000]),
        search_text=pick.choice(["ali amrani", "rim tazi"]), created_at=moment, updated_at=moment,
        sent_at=None if state == "draft" else moment,
    )  # fmt: skip


def _act(rows: Sequence[Application], pick: random.Random) -> None:
    """Write notes, corrections, times, papers and outcomes of some files; take some back."""
    moment, by = clock.now(), "system"
    for row in pick.sample(list(rows), 12):
        belongs = {"application_id": row.id, "institution_id": row.institution_id}
        own = {**belongs, "person_id": row.person_id}
        live = sa.select(Correction).where(Correction.application_id == row.id, Correction.state == "asked")
        if (asked := db.session.scalar(live)) is not None:
            asked.state = pick.choice(["done", "called_off"])
            db.session.flush()
        db.session.execute(
            sa.update(Extension)
            .where(Extension.application_id == row.id, Extension.revoked_at.is_(None))
            .values(revoked_at=moment)
        )
        if pick.random() < 0.5:
            db.session.add(Note(**belongs, sealed=b"", author=by, author_name=by, written_at=moment))
            db.session.add(Extension(**own, until=moment, reason="", by=by, at=moment))
        else:
            db.session.add(Correction(**own, until=moment, asked_by=by, asked_at=moment))
            db.session.add(Document(**own, question=f"q{pick.randrange(10**6)}", uploaded_at=moment))
        db.session.flush()
    papers = db.session.scalars(sa.select(Document).where(Document.replaced_at.is_(None))).all()
    for paper in papers[::4]:
        paper.replaced_at = moment
    for paper in papers[1::8]:
        db.session.delete(paper)
    db.session.flush()
    for note in db.session.scalars(sa.select(Note).where(Note.id % 4 == 1)):
        db.session.delete(note)
    db.session.flush()
    for outcome in OUTCOMES:
        some = [row.id for row in pick.sample(list(rows), 6)]
        told = sa.select(Application.id.label("application_id"), sa.literal(outcome).label("outcome"))
        say_outcomes(SYSTEM, told.where(Application.id.in_(some)))


def _belonging() -> dict[str, set[int]]:
    """The ids of the files that have a note, more time, a paper, and by the state of their last correction."""
    found = {
        "noted": set(db.session.scalars(sa.select(Note.application_id))),
        "extended": set(
            db.session.scalars(sa.select(Extension.application_id).where(Extension.revoked_at.is_(None)))
        ),
        "documents": set(
            db.session.scalars(sa.select(Document.application_id).where(Document.replaced_at.is_(None)))
        ),
    }
    last = {
        row.application_id: row.state
        for row in db.session.scalars(sa.select(Correction).order_by(Correction.id))
    }
    for state in ("asked", "done", "called_off"):
        found[state] = {number for number, each in last.items() if each == state}
    return found


def test_a_file_says_what_belongs_to_it(files: Sequence[Application]) -> None:
    there = _belonging()
    assert all(there.values())
    for row in files:
        last = next((state for state in ("asked", "done", "called_off") if row.id in there[state]), "none")
        assert (row.documented, row.noted, row.extended, row.correction) == (
            row.id in there["documents"], row.id in there["noted"], row.id in there["extended"], last,
        )  # fmt: skip


def _passes(row: Application, filters: ApplicationFilters, there: dict[str, set[int]]) -> bool:
    corrected = there["asked"] | there["done"] | there["called_off"]
    eligible = {"yes": True, "no": False, "open": None}
    words = {
        "note": {"yes": row.id in there["noted"], "no": row.id not in there["noted"]},
        "documents": {"yes": row.id in there["documents"], "no": row.id not in there["documents"]},
        "correction": {
            "asked": row.id in there["asked"], "done": row.id in there["done"], "none": row.id not in corrected,
        },
        "extended": {"yes": row.id in there["extended"]},
        "outcome": {outcome: row.outcome == outcome for outcome in OUTCOMES},
        "region": {code: row.region == code for code in REGIONS},
        "diploma": {"licence": row.diploma == "licence"},
        "source": {source: row.source == source for source in ("online", "import")},
        "eligible": {word: row.eligible is value for word, value in eligible.items()},
        "search": {"amrani": "amrani" in row.search_text},
    }  # fmt: skip
    asked = [words[name][getattr(filters, name)] for name in words if getattr(filters, name)]
    return row.consent not in HIDDEN and filters.state in ("all", row.state) and all(asked)


CHOICES = {
    "note": ("yes", "no"), "documents": ("yes", "no"), "correction": ("asked", "done", "none"),
    "extended": ("yes",), "outcome": OUTCOMES, "region": ("MA-01", "MA-04"), "diploma": ("licence",),
    "source": ("online", "import"), "eligible": ("yes", "no", "open"), "search": ("amrani",),
}  # fmt: skip


def _some_filters(pick: random.Random) -> ApplicationFilters:
    names = pick.sample(sorted(CHOICES), pick.choice([0, 1, 1, 1, 2]))
    state = pick.choice(["all", "submitted", "submitted", "draft", "withdrawn"])
    sort = pick.choice(["", "-"]) + pick.choice(SORTS)
    filters = ApplicationFilters.of(
        {"state": state, "sort": sort, **{name: pick.choice(CHOICES[name]) for name in names}}
    )
    return replace(filters, size=pick.choice([3, 7, 50]))


@pytest.mark.parametrize("many", [0, 4, 5_000])
def test_pages_of_every_filter_and_order_are_what_a_plain_scan_finds(
    files: Sequence[Application], many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_sets, "GATHERED", many)
    number, there = files[0].intake_id, _belonging()
    known = counts([number])[number]
    for seed in range(60):
        filters = _some_filters(random.Random(seed))
        name = filters.sort.removeprefix("-")
        wanted = sorted(
            (row for row in files if _passes(row, filters, there)),
            key=lambda row: (*ORDERS[name](row), row.id),
            reverse=filters.sort.startswith("-"),
        )
        expected = [row.reference for row in wanted]
        page = lists.page(number, filters, ListPlace(), known if seed % 2 else None)
        assert page.total == len(expected) or (page.is_more and page.total < len(expected)), (seed, filters)
        found = [row.reference for row in page.rows]
        while page.after is not None:
            page = lists.page(number, filters, ListPlace(2, after=page.after), known)
            found += [row.reference for row in page.rows]
        assert found == expected, (seed, filters)
        if expected:
            middle = len(expected) // 2
            beside = lists.neighbours(number, filters, expected[middle])
            assert beside is not None and beside.place == middle + 1 and beside.total == len(expected)
            assert beside.before == (expected[middle - 1] if middle else None)


@pytest.mark.parametrize("sort", ["name", "-average", "outcome"])
def test_a_page_begins_at_a_file_that_left_the_list_and_at_none_that_may_not_be_read(
    files: Sequence[Application], sort: str
) -> None:
    """Where it begins tells where a name or an average stands, also of a child whose guardian has not agreed."""
    number, order = files[0].intake_id, ORDERS[sort.removeprefix("-")]
    filters = replace(ApplicationFilters.of({"sort": sort}), size=50)
    listed = [row for row in files if row.state == "submitted" and row.consent not in HIDDEN]
    whole = lists.page(number, filters, ListPlace())
    moved = False
    for row in files:
        page = lists.page(number, filters, ListPlace(2, after=row.reference))
        if row.consent in HIDDEN:
            assert page == whole
            assert lists.page(number, filters, ListPlace(2, before=row.reference)) == whole
            continue
        here = (*order(row), row.id)
        behind = [
            each.reference
            for each in listed
            if ((*order(each), each.id) < here if sort.startswith("-") else (*order(each), each.id) > here)
        ]
        if behind:
            moved = moved or len(behind) < len(listed)
            assert {each.reference for each in page.rows} == set(behind)
    assert moved
    elsewhere = lists.page(number + 1, filters, ListPlace(2, after=listed[0].reference))
    assert list(elsewhere.rows) == [] and elsewhere.number == 1
