"""A search finds what a plain scan of the files finds, and shows nobody what they may not see."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.accounts.models import Identifier, Person
from cohortmgr.accounts.rules import SYSTEM, Role
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import HIDDEN, ApplicationState
from cohortmgr.applications.file.words import sought, words_of
from cohortmgr.applications.lists.filters import ApplicationFilters
from cohortmgr.applications.lists.queries.pages import chosen, page
from cohortmgr.applications.searching import queries as searching
from cohortmgr.applications.searching.models import SearchWord
from cohortmgr.base import clock, crypto
from cohortmgr.base.db import db, see, table_of, writing
from cohortmgr.base.paging import ListPlace
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import intake_of
from tests.integration.applications.journey import steps
from tests.integration.applications.journey.steps import browser

GIVEN = ("Mohamed", "Fatima Zahra", "Fatimazahra", "Abd El Krim", "M'hamed", "Ali", "ʿAbd al-Karīm")
FAMILY = ("El Amrani", "Elamrani", "El-Idrissi", "Ait Taleb", "Benali", "Ben Ali", "Tazi")
GIVEN_AR = ("محمد", "فاطمة الزهراء", "عبد الله", "عبدالله", "")
FAMILY_AR = ("العمراني", "العَمْرَانِيّ", "الإدريسي", "بن علي", "")
COUNT = 120


@pytest.fixture
def files(intake: str) -> list[Application]:
    """Files of two intakes, in every state, of which some wait for a guardian's word."""
    chance, made = random.Random(3), []
    first = intake_of("mdia", "2027")
    with writing() as session:
        second = Intake(
            **{
                column.name: getattr(first, column.name)
                for column in Intake.__table__.columns
                if column.name not in ("id", "reference", "key")
            },
            key="2028",
        )
        session.add(second)
        session.flush()
        for index in range(COUNT):
            names = [chance.choice(each) for each in (GIVEN, FAMILY, GIVEN_AR, FAMILY_AR)]
            person = Person(created_at=clock.now(), given_name=names[0], family_name=names[1])
            session.add(person)
            session.flush()
            number, email = f"MDIA-7K{index:04d}", f"{names[0][:3]}.{index}@exemple.ma".lower()
            made.append(
                Application(
                    institution_id=first.institution_id, person_id=person.id, version_id=first.definition_version_id,
                    intake_id=first.id if index % 4 else second.id, number=number, name=" ".join(names[:2]),
                    sort_name=f"{index:03d}", search_text=words_of(names, number, email),
                    state=chance.choice([each.value for each in ApplicationState]),
                    consent=chance.choice(["none", "none", "given", *HIDDEN]),
                    created_at=clock.now(), updated_at=clock.now(),
                )
            )  # fmt: skip
        session.add_all(made)
    return made


def scanned(files: list[Application], text: str, state: str, intake_id: int | None = None) -> set[str]:
    """What is found by looking at every file."""
    asked = sought(text)
    return {
        row.number
        for row in files
        if (intake_id is None or row.intake_id == intake_id)
        and state in ("all", row.state)
        and row.consent not in HIDDEN
        and asked
        and all(any(f" {each}" in f" {row.search_text}" for each in beginnings) for beginnings in asked)
    }


def found(intake_id: int, text: str, state: str) -> set[str]:
    filters = ApplicationFilters.of({"search": text, "state": state, "size": "600"})
    listed = page(intake_id, filters, ListPlace())
    numbers = sa.select(Application.number).where(*chosen(intake_id, filters))
    assert {row.number for row in listed.rows} == set(db.session.scalars(numbers))
    assert len(listed.rows) > listed.total if listed.is_more else len(listed.rows) == listed.total
    return {row.number for row in listed.rows}


def cuts(pick: random.Random) -> str:
    """Some words of some name, cut, joined or split as people write them."""
    words = " ".join(
        pick.choice(each) for each in pick.sample((GIVEN, FAMILY, GIVEN_AR, FAMILY_AR), 2)
    ).split()
    pick.shuffle(words)
    words = [word[: pick.randint(1, len(word))] if pick.random() < 0.3 else word for word in words]
    text = words[0] if words else ""
    for word in words[1:]:
        text += pick.choice([" ", " ", "", "-", "’"]) + word
    return pick.choice([str.upper, str.lower, str.title])(text)


@given(st.integers(0, 10**6))
def test_a_search_finds_what_a_plain_scan_finds(files: list[Application], seed: int) -> None:
    pick = random.Random(seed)
    number = files[1].intake_id
    for _ in range(3):
        text, state = cuts(pick), pick.choice(["submitted", "draft", "all"])
        assert found(number, text, state) == scanned(files, text, state, number), (text, state)
    text = pick.choice(
        [f"7k{pick.randint(0, COUNT):04d}", f"mdia-7k00{pick.randint(0, 9)}", "moh.1", "fat.", "abd"]
    )
    assert found(number, text, "all") == scanned(files, text, "all", number), text


def test_many_files_are_found_as_few_are(files: list[Application], monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: by their ids, or looked up along the order."""
    number = files[1].intake_id
    for many in (0, 3, 600):
        monkeypatch.setattr("cohortmgr.applications.lists.queries.file_sets.GATHERED", many)
        for text in ("amrani", "el", "fatima zahra taz", "mdia", "عبد الله", "zzz"):
            assert found(number, text, "all") == scanned(files, text, "all", number), (text, many)
        with_note = ApplicationFilters(state="all", note="yes")
        assert page(number, with_note, ListPlace()).total == 0


def test_the_words_of_a_search_are_read_once_to_be_counted_and_shown(
    files: list[Application], statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    number = files[1].intake_id
    for text in ("amrani", "fatima zahra"):
        with statements() as seen:
            shown = page(number, ApplicationFilters(state="all", search=text), ListPlace())
        assert shown.rows and sum("search_words" in each for each in seen) == 1, text


def test_what_says_exactly_which_file_is_asked_for_alone(
    files: list[Application], statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    shown = next(
        row for row in files[1:] if row.consent not in HIDDEN and row.intake_id == files[1].intake_id
    )
    hidden = next(row for row in files if row.consent in HIDDEN and row.intake_id == files[1].intake_id)
    other = next(row for row in files if row.consent not in HIDDEN and row.intake_id == files[0].intake_id)
    with writing() as session:
        for index, row in enumerate((shown, hidden, other)):
            person = session.get_one(Person, row.person_id)
            person.phone_blind = crypto.blind_index("phone", f"+21261234567{index}")
            for kind, value in (("cin", f"AB12345{index}"), ("massar", f"R12345678{index}")):
                blind = crypto.blind_index(kind, value)
                session.add(Identifier(person_id=person.id, kind=kind, blind=blind, sealed=b""))
    for index, (row, numbers) in enumerate(((shown, {shown.number}), (hidden, set()), (other, set()))):
        for text in (
            row.reference,
            row.number.lower(),
            f"ab 12345{index}",
            f"r12345678{index}",
            f"06 12 34 56 7{index}",
        ):
            with statements() as seen:
                assert found(shown.intake_id, text, "all") == numbers, text
            assert not any("search_words" in each for each in seen), text
    rows = searching.everywhere(SYSTEM, "AB123452").rows
    assert [row.number for row in rows] == [other.number]


def test_six_characters_are_a_number_s_or_an_identity_number(files: list[Application]) -> None:
    """AB1234 may be a CIN, and is the end of a file's number as well."""
    row = next(row for row in files[1:] if row.consent not in HIDDEN and row.intake_id == files[1].intake_id)
    with writing() as session:
        session.execute(
            sa.update(Application)
            .where(Application.id == row.id)
            .values(number="MDIA-AB1234", search_text=words_of((row.name,), "MDIA-AB1234"))
        )
    assert found(row.intake_id, "ab1234", "all") == {"MDIA-AB1234"}


ROLES = [
    (Role.SELECTION_MANAGER, "ma.inpt.mdia.", True),
    (Role.SELECTION_MANAGER, "ma.inpt.", True),
    (Role.AUDITOR, "ma.inpt.", None),
    (Role.SELECTION_MANAGER, "ma.inpt.autre.", False),
    (Role.REVIEWER, "ma.inpt.mdia.", False),
    (Role.OBSERVER, "ma.inpt.mdia.", None),
]


@pytest.mark.parametrize(("role", "path", "reads"), ROLES)
def test_a_search_in_all_intakes_shows_what_the_viewer_reads(
    files: list[Application], app: Flask, role: Role, path: str, reads: bool | None
) -> None:
    viewer = steps.staff(browser(app), role, path)
    may = bool(viewer.paths("applications.read")) if reads is None else reads
    with app.app_context():
        see(viewer.listed, viewer.person_id)
        for text in ("amrani", "mohamed", "عبد الله", files[1].number, files[1].reference, "zzz"):
            exact = text in (files[1].number, files[1].reference)
            expected = scanned(files, text, "all") if may and not exact else set()
            if exact and may and files[1].consent not in HIDDEN:
                expected = {files[1].number}
            answer = searching.everywhere(viewer, text)
            numbers = [row.number for row in answer.rows]
            assert len(numbers) == len(set(numbers)) and set(numbers) == expected, (text, role, path)
            assert not answer.is_more


def test_more_than_are_shown_are_said_to_be_more(files: list[Application]) -> None:
    everything = scanned(files, "mdia", "all")
    answer = searching.everywhere(SYSTEM, "mdia", 5)
    ids = sorted((row.id for row in files if row.number in everything), reverse=True)
    numbers = {row.id: row.number for row in files}
    assert [row.number for row in answer.rows] == [numbers[each] for each in ids[:5]] and answer.is_more


@pytest.mark.postgres_only
def test_the_wall_hides_words_as_it_hides_files(
    files: list[Application], app: Flask, client: FlaskClient
) -> None:
    """Whoever reads an institution's files reads its words; another institution, a candidate and nobody read none,
    and nobody writes words for an institution that they do not read."""
    institution = files[0].institution_id
    candidate = files[0].person_id
    for listed, person, seen in (
        ((institution,), None, True),
        ((institution + 1,), None, False),
        ((), candidate, False),
    ):
        with app.app_context():
            see(listed, person)
            words = db.session.scalar(sa.select(sa.func.count()).select_from(SearchWord))
            assert bool(words) is seen
            if not seen:
                stray = {
                    "intake_id": files[0].intake_id, "state": "draft", "word": "x", "application_id": files[0].id,
                    "institution_id": institution,
                }  # fmt: skip
                with pytest.raises(sa.exc.ProgrammingError), writing() as session:
                    session.execute(sa.insert(table_of(SearchWord)), [stray])
