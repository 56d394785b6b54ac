"""What rules may say, and that reading them takes as much for few files as for many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.models import Account
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import Refused
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.rules import DefinedBound, SelectionTerms
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.queries import intake_of
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.sealing import actions, queries
from cohortmgr.selection.sealing.models import RulesVersion
from cohortmgr.selection.sealing.rules import EntryByRight, RulesContent
from tests.databases import Database
from tests.factories.choices import known, someone
from tests.integration.selection.sealing.acts import (
    ADMINISTRATOR,
    BOUND,
    MANAGER,
    WHY,
    Statements,
    begun,
    bounded,
    given_out,
    hand_in,
    prepared,
    propose,
    save,
    seal,
    sealed,
)

pytestmark = pytest.mark.usefixtures("system_context")


def test_bounds_of_the_definition_are_rules_that_wait_for_their_seal() -> None:
    intake, _, _ = prepared()
    reader = given_out(intake)
    known_bounds = (
        DefinedBound({"sex": "f"}, 1, hard=False),
        DefinedBound({"sex": "m"}, 1, intakes=("2027",)),
    )
    with writing():
        programmes.load_definition(
            SYSTEM, replace(read_known("mdia"), selection=SelectionTerms(known_bounds))
        )
    intake = intake_of("mdia", "2025")
    db.session.refresh(intake)
    assert queries.is_unsealed(intake)
    assert [each.id for each in queries.to_propose(known(MANAGER))] == [intake.id], "readers wait for them"
    assert not queries.to_propose(reader) and not queries.to_propose(known(ADMINISTRATOR))
    with pytest.raises(Refused, match="pas encore scellées"):
        hand_in(intake, reader)
    row = propose(intake)
    assert not queries.to_propose(known(MANAGER))
    assert [each.id for each in queries.to_seal(known(ADMINISTRATOR))] == [intake.id]
    assert not queries.to_seal(known(MANAGER)) and not queries.to_seal(reader)
    assert RulesContent.of_json(row.content).bounds == (Bound({"sex": "f"}, 1, None, False),)
    seal(intake)
    assert hand_in(intake, reader).state == "submitted"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"bounds": (Bound({"age": "20"}, 2),)}, "bound[1].where.age"),
        ({"bounds": (Bound({"region": "MA-99"}, 2),)}, "bound[1].where.region"),
        ({"bounds": (Bound({"region": "MA-08"}, 5, 2),)}, "bound[1].at_least"),
        ({"bounds": (Bound({"region": "MA-08"}),)}, "bound[1]"),
        ({"seats": {"data-ia": 0}}, "seats.data-ia"),
        ({"seats": {"data-ia": 31}}, "seats.data-ia"),
        ({"ties": ("age",)}, "ties[1]"),
        ({"right": (EntryByRight("MDIA-999999", "x", "y"),)}, "right[1].application"),
        ({"right": (EntryByRight("' OR 1=1 --", "x", "y"),)}, "right[1].application"),
    ],
)
def test_wrong_rules_are_refused_with_their_place_and_nothing_is_kept(changes: Any, where: str) -> None:
    intake, _, _ = prepared()
    with pytest.raises(Refused) as refusal:
        save(intake, replace(begun(intake), **changes))
    assert [each.where for each in refusal.value.problems] == [where]
    assert not queries.versions_of(intake)


def test_who_enters_by_right_must_still_compete_when_it_is_sealed() -> None:
    intake, _, _ = prepared()
    save(intake, replace(begun(intake), right=(EntryByRight("MDIA-000001", "x", "y"),)))
    propose(intake)
    with writing():
        db.session.execute(
            sa.update(Application).where(Application.number == "MDIA-000001").values(state="withdrawn")
        )
    with pytest.raises(Refused, match="MDIA-000001"):
        seal(intake)


def test_of_two_who_seal_at_once_one_seals_and_the_other_is_told(database: Database) -> None:
    intake, _, administrator = prepared()
    another = someone(intake, Role.PROGRAMME_ADMINISTRATOR, "another")
    save(intake, bounded(intake))
    version = propose(intake).version
    reference, institution = intake.reference, intake.institution_id
    db.session.commit()

    def press(viewer: Viewer) -> str:
        with database.app.app_context():
            see([institution], viewer.person_id)
            try:
                with writing():
                    return actions.seal(viewer, reference, version).digest
            except Refused as refusal:
                return str(refusal.problems[0])

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(press, (administrator, another, administrator)))
    db.session.expire_all()
    row = db.session.scalars(sa.select(RulesVersion)).one()
    refused = [each for each in found if each != row.digest]
    assert row.digest in found and all("rien à sceller" in each for each in refused)
    sealer = db.session.scalars(sa.select(Account.reference).where(Account.reference == row.sealed_by)).one()
    assert sealer in (administrator.reference, another.reference)
    events = sa.select(sa.func.count()).where(Event.action == "selection.seal_rules")
    assert db.session.scalar(events) == 1


def test_an_intake_has_one_open_version_and_one_of_each_number() -> None:
    intake, _, _ = prepared()
    row = save(intake, bounded(intake))
    for number in (row.number, row.number + 1):
        with pytest.raises(sa.exc.IntegrityError), writing() as session:
            values = {"institution_id": intake.institution_id, "intake_id": intake.id, "content": {}}
            written = {"written_by": row.written_by, "written_at": row.written_at}
            session.add(RulesVersion(reference=f"another{number}", number=number, **values, **written))


def test_attributes_of_all_files_are_read_in_one_statement_and_say_what_was_answered(
    statements: Statements,
) -> None:
    intake, _, _ = prepared(5)
    with writing():
        for file in db.session.scalars(sa.select(Application)):
            own_answers = {"region": "MA-08"} if file.number.endswith("1") else {}
            file.answers = {**file.answers, **own_answers, "sex": "f"}
        gone = db.session.scalars(sa.select(Application).where(Application.number == "MDIA-000005")).one()
        gone.state = "withdrawn"
    db.session.expire_all()
    db.session.refresh(intake)
    with statements() as seen:
        found = queries.attributes_in(intake, ("region", "sex", "licence", "age"))
    assert len(seen) <= 2 and len(found) == 4
    assert found["MDIA-000001"] == {"region": "MA-08", "sex": "f", "licence": "informatique"}
    assert found["MDIA-000002"] == {"sex": "f", "licence": "informatique"}
    assert BOUND.counts(found["MDIA-000001"]) and not BOUND.counts(found["MDIA-000002"])


def test_rules_in_force_take_two_statements_whatever_changed_before(statements: Statements) -> None:
    intake, _, _ = prepared()
    sealed(intake)
    for least in (3, 4):
        save(intake, bounded(intake, replace(BOUND, at_least=least)))
        propose(intake, WHY)
        seal(intake)
    with statements() as seen:
        found = queries.rules_in_force(intake)
    assert found is not None and len(found.changes) == 2 and len(seen) == 2
    with statements() as seen:
        assert not queries.is_unsealed(intake)
    assert len(seen) == 1
