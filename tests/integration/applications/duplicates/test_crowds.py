"""What too many files share is told in one row; and the page costs the same however much is kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from cohortmgr.accounts.models import Person
from cohortmgr.applications.duplicates.actions import comparing
from cohortmgr.applications.duplicates.models import DuplicatePair, FileToCompare, TraitCrowd
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db, table_of, writing
from cohortmgr.base.text import new_reference
from cohortmgr.programmes.models import Intake
from tests.blocks import blocks_read
from tests.databases import Database, PostgresDatabase
from tests.factories.duplicates import compare_all
from tests.integration.applications.duplicates.alike import BORN, intakes, kept, put


def crowd_of(count: int, intake: Intake, **shared: Any) -> None:
    """Many files at once, whose people share something and are called otherwise."""
    moment = clock.now()
    people = [
        {"reference": new_reference(), "created_at": moment, "given_name": f"Nom{i}", "family_name": f"Pre{i * 7}"}
        for i in range(count)
    ]  # fmt: skip
    with writing() as session:
        own = {name: value for name, value in shared.items() if name != "email"}
        blank = {"given_name_ar": "", "family_name_ar": "", "search_name": "", "language": "fr", "version": 1}
        connection = session.connection()
        connection.execute(sa.insert(table_of(Person)), [{**blank, **each, **own} for each in people])
        made = session.execute(
            sa.select(Person.id, Person.reference).where(Person.given_name.startswith("Nom"))
        )
        ids = {reference: number for number, reference in made}
        connection.execute(
            sa.insert(table_of(Application)),
            [
                {
                    "reference": new_reference(), "institution_id": intake.institution_id, "intake_id": intake.id,
                    "person_id": ids[each["reference"]], "version_id": intake.definition_version_id, "version": 1,
                    "number": f"C-{i:06d}", "state": "submitted", "consent": "none", "source": "import",
                    "language": "fr", "answers": {}, "reasons": [], "name": "", "sort_name": "", "search_text": "",
                    "created_at": moment, "updated_at": moment, "sent_at": moment, "email": shared.get("email"),
                }
                for i, each in enumerate(people)
            ],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("shared", "told"),
    [
        ({"email": "ecole@exemple.ma"}, "Une même adresse e-mail"),
        ({"phone_blind": "school"}, "Un même téléphone"),
        ({"birth_date": BORN}, "Une même date de naissance"),
    ],
    ids=["address", "telephone", "birth"],
)
def test_what_a_thousand_files_share_is_told_in_one_row_and_makes_no_million_pairs(
    intake: str, desk: FlaskClient, shared: dict[str, Any], told: str,
    statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:  # fmt: skip
    crowd_of(1_000, intakes()[0], **shared)
    with statements() as seen:
        compare_all()
    assert len(seen) < 60 * 1_000 / comparing.CHUNK
    assert len(kept()) <= 1_000 and not db.session.scalar(sa.select(FileToCompare.id).limit(1))
    path = f"/staff/intakes/{intake}/duplicates"
    page = desk.get(path).text
    assert page.count(told) == 1 and len(page) < 100_000
    assert {crowd.files for crowd in db.session.scalars(sa.select(TraitCrowd))} == {1_000}
    # The same name on the same day is found all the same.
    with writing():
        who = {"given_name": "Nom5", "family_name": "Pre35", "birth_date": BORN, "created_at": clock.now()}
        first, twin = (put(intakes()[0], Person(**who, phone_blind=shared.get("phone_blind"))) for _ in "ab")
    compare_all()
    assert any({first.id, twin.id} == set(pair[1:3]) for pair in kept())


@pytest.mark.postgres_only
def test_the_page_reads_no_more_of_thousands_of_pairs_than_of_few(
    intake: str, desk: FlaskClient, database: Database
) -> None:
    assert isinstance(database, PostgresDatabase)
    here, there, _foreign = intakes()
    path, read = f"/staff/intakes/{intake}/duplicates", []
    for number in (100, 4_000):
        with writing() as session:
            rows = [
                {
                    "institution_id": here.institution_id, "intake_id": here.id, "file_id": number * 10 + each,
                    "beside_institution_id": at.institution_id, "beside_intake_id": at.id,
                    "beside_id": number * 10 + each + 1, "across": at is there, "score": each % 40 + 60, "signs": [],
                    "reference": new_reference(),
                }
                for each in range(number)
                for at in (here if each % 2 else there,)
            ]  # fmt: skip
            session.connection().execute(sa.insert(table_of(DuplicatePair)), rows)
            waiting = [{"application_id": each, "intake_id": here.id, "institution_id": here.institution_id}
                       for each in range(number)]  # fmt: skip
            session.connection().execute(sa.insert(table_of(FileToCompare)), waiting)
        database.admin.execute("ANALYZE duplicate_pairs, files_to_compare")
        for asked in ("", "?with=others", "?end=1"):
            with blocks_read() as seen:
                assert desk.get(path + asked).status_code == 200
            read.append(sum(seen.values()))
    assert max(read) < 700, read
