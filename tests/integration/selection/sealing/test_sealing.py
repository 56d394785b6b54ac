"""The rules of an intake are sealed by two people before the first mark, and change after that by two and a reason."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.models import Account
from cohortmgr.accounts.rules import SYSTEM, Role, Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, see, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Stale, Withheld
from cohortmgr.programmes import actions as programmes
from cohortmgr.programmes.definition.rules import DefinedBound, SelectionTerms
from cohortmgr.programmes.definition.toml import read_known
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import intake_of
from cohortmgr.reviews.assignment.actions import sharing
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import has_marks
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.sealing import actions, queries
from cohortmgr.selection.sealing.models import RulesVersion
from cohortmgr.selection.sealing.rules import EntryByRight, RulesContent, digest_of, sealed_statement
from tests.databases import Database
from tests.factories.choices import SEASON, known, read, readers, sent, someone

Statements = Callable[[], AbstractContextManager[list[str]]]
pytestmark = pytest.mark.usefixtures("system_context")
MANAGER, ADMINISTRATOR = "selection_manager@inpt.ma", "programme_administrator@inpt.ma"
BOUND = Bound({"region": "MA-08"}, 2, 9)
SCORES = {"resultats": 4, "bases": 4, "projet": 4, "langues": 4}
WHY = "L’avenant du 3 juillet double le plancher"


def prepared(files: int = 3) -> tuple[Intake, Viewer, Viewer]:
    intake = sent(files)
    return intake, someone(intake, Role.SELECTION_MANAGER), someone(intake, Role.PROGRAMME_ADMINISTRATOR)


def begun(intake: Intake) -> RulesContent:
    return queries.beginning(intake, queries.ground_of(intake))


def bounded(intake: Intake, *bounds: Bound) -> RulesContent:
    return replace(begun(intake), bounds=bounds or (BOUND,))


def save(intake: Intake, content: RulesContent, version: int = 0, email: str = MANAGER) -> RulesVersion:
    with writing():
        return actions.save(known(email), intake.reference, content, version)


def propose(intake: Intake, reason: str = "", email: str = MANAGER) -> RulesVersion:
    row = queries.open_among(queries.versions_of(intake))
    with writing():
        return actions.propose(known(email), intake.reference, reason, row.version if row else 0)


def seal(intake: Intake, email: str = ADMINISTRATOR) -> RulesVersion:
    row = queries.open_among(queries.versions_of(intake))
    with writing():
        return actions.seal(known(email), intake.reference, row.version if row else 0)


def sealed(intake: Intake, content: RulesContent | None = None) -> RulesVersion:
    save(intake, content or bounded(intake))
    propose(intake)
    return seal(intake)


def hand_in(intake: Intake, reader: Viewer) -> Review:
    row = own.queue(reader, intake.id)[0]
    with writing():
        return reading.score(reader, row.reference, SCORES)


def given_out(intake: Intake) -> Viewer:
    people = readers(intake, 2)
    with writing():
        sharing.assign(known(MANAGER), intake.reference)
    return people[0]


def test_two_people_seal_and_what_they_sealed_is_in_force_with_its_digest() -> None:
    intake, manager, administrator = prepared()
    right = EntryByRight("MDIA-000002", "Boursier de la fondation", "Convention, article 4")
    content = replace(bounded(intake), right=(right,))
    assert queries.rules_in_force(intake) is None and not queries.is_unsealed(intake)
    assert not queries.to_propose(manager)
    row = save(intake, content)
    assert [each.id for each in queries.to_propose(manager)] == [intake.id]
    assert queries.is_unsealed(intake) and save(intake, content, row.version).id == row.id
    assert propose(intake).state == "proposed" and queries.rules_in_force(intake) is None
    seal(intake)
    found = queries.rules_in_force(intake)
    assert found is not None and found.content == content and not queries.is_unsealed(intake)
    assert (
        found.sealed_by == ("Une selection_manager", "Une programme_administrator") and not found.older_marks
    )
    assert found.digest == digest_of(sealed_statement(content, intake.reference, found.salt))
    kept = db.session.scalars(sa.select(RulesVersion.salt)).one()
    assert kept is not None and found.salt.encode() not in kept and found.salt not in repr(found)
    assert len(found.salt) == 52 and found.changes == ()
    acts = [
        each for each in db.session.scalars(sa.select(Event.action).order_by(Event.id)) if "rules" in each
    ]
    assert acts == ["selection.save_rules", "selection.propose_rules", "selection.seal_rules"]


def test_the_same_person_does_not_seal_what_they_proposed_not_even_with_the_right() -> None:
    intake, manager, _ = prepared()
    save(intake, bounded(intake))
    propose(intake)
    with pytest.raises(NotPermitted):
        seal(intake, MANAGER)
    both = someone(intake, Role.PROGRAMME_ADMINISTRATOR, "both")
    with writing():
        db.session.execute(sa.update(RulesVersion).values(proposed_by=both.reference))
    with pytest.raises(Refused, match="deuxième personne"):
        seal(intake, "both@inpt.ma")
    assert queries.rules_in_force(intake) is None


def test_who_may_not_choose_neither_writes_nor_reads_rules() -> None:
    intake, _, _ = prepared()
    (reader,) = readers(intake, 1)
    for act in (
        lambda: actions.save(reader, intake.reference, bounded(intake), 0),
        lambda: actions.propose(reader, intake.reference),
        lambda: actions.seal(reader, intake.reference, 0),
        lambda: actions.take_back(reader, intake.reference),
        lambda: actions.drop(reader, intake.reference, 0),
    ):
        with pytest.raises(NotPermitted), writing():
            act()
    with pytest.raises(NotFound):
        queries.intake_for(reader, intake.reference)
    assert not db.session.scalars(queries.visible(reader)).all()


def test_whoever_has_an_interest_in_the_intake_does_neither() -> None:
    intake, manager, _ = prepared()
    with writing():
        person = db.session.scalars(sa.select(Application.person_id).limit(1)).one()
        db.session.execute(
            sa.update(Application).where(Application.person_id == person).values(person_id=manager.person_id)
        )
    with pytest.raises(Withheld):
        save(intake, bounded(intake))


def test_after_the_seal_rules_change_by_two_people_with_a_reason_that_stands_in_what_is_in_force() -> None:
    intake, _, _ = prepared()
    first = sealed(intake)
    salt = queries.salt_of(first)
    later = bounded(intake, replace(BOUND, at_least=3))
    assert save(intake, RulesContent.of_json(first.content)).id == first.id, "nothing changed"
    draft = save(intake, later)
    assert draft.number == 2 and not queries.is_unsealed(intake)
    for reason in ("", "  ", "x" * 1001):
        with pytest.raises(Refused) as refusal:
            propose(intake, reason)
        assert refusal.value.problems[0].where == "reason"
    propose(intake, WHY)
    found = queries.rules_in_force(intake)
    assert found is not None and found.content.bounds == (BOUND,), "the old ones stand until the seal"
    with clock.at(SEASON):
        seal(intake)
    found = queries.rules_in_force(intake)
    assert found is not None and found.content == later and found.salt == salt and found.number == 2
    (change,) = found.changes
    assert change.reason == WHY and change.on == SEASON and change.by == found.sealed_by
    assert found.digest != first.digest


def test_a_change_that_changes_nothing_is_not_proposed() -> None:
    intake, _, _ = prepared()
    sealed(intake)
    with pytest.raises(Refused, match="rien ne change"):
        propose(intake, WHY)


def test_what_waits_for_a_seal_is_taken_back_before_it_is_changed_and_a_draft_is_dropped() -> None:
    intake, _, administrator = prepared()
    row = save(intake, bounded(intake))
    propose(intake)
    with pytest.raises(Refused, match="reprenez-les"):
        save(intake, begun(intake), row.version)
    with pytest.raises(Refused, match="reprenez-les"), writing():
        actions.drop(known(MANAGER), intake.reference, row.version)
    with writing():
        actions.take_back(administrator, intake.reference)
    assert (row.state, row.proposed_by) == ("draft", None)
    with pytest.raises(Stale), writing():
        actions.drop(known(MANAGER), intake.reference, row.version - 1)
    with writing():
        actions.drop(known(MANAGER), intake.reference, row.version)
        actions.drop(known(MANAGER), intake.reference, row.version)
    assert not queries.versions_of(intake) and not queries.is_unsealed(intake)


def test_pages_of_before_change_and_seal_nothing() -> None:
    intake, _, administrator = prepared()
    row = save(intake, bounded(intake))
    seen = row.version
    save(intake, bounded(intake, replace(BOUND, at_most=8)), seen)
    with pytest.raises(Stale):
        save(intake, begun(intake), seen)
    with pytest.raises(Stale), writing():
        actions.propose(known(MANAGER), intake.reference, "", seen)
    propose(intake)
    with pytest.raises(Stale), writing():
        actions.seal(administrator, intake.reference, seen)


def test_nothing_changes_once_a_batch_rests_on_the_rules() -> None:
    intake, manager, _ = prepared()
    sealed(intake, bounded(intake, replace(BOUND, hard=False)))
    draft = save(intake, bounded(intake, replace(BOUND, at_least=1)))
    propose(intake, WHY)
    read(intake, readers(intake))
    with writing():
        batch = decisions.propose(manager, intake.reference)
    for act in (
        lambda: save(intake, begun(intake), draft.version),
        lambda: propose(intake, WHY),
        lambda: seal(intake),
    ):
        with pytest.raises(Refused, match="lot de décisions"):
            act()
    with writing():
        decisions.cancel(manager, batch.reference)
    assert seal(intake).number == 2


def test_no_first_mark_is_handed_in_before_the_seal_and_the_rest_goes_on() -> None:
    intake, _, _ = prepared()
    reader = given_out(intake)
    row = save(intake, bounded(intake))
    with pytest.raises(Refused, match="pas encore scellées"):
        hand_in(intake, reader)
    assert db.session.scalar(sa.select(Review.submitted_at).where(Review.submitted_at.is_not(None))) is None
    with writing():
        kept = reading.draft(reader, own.queue(reader, intake.id)[0].reference, SCORES)
    assert kept.state == "drafted"
    propose(intake)
    with pytest.raises(Refused, match="pas encore scellées"):
        hand_in(intake, reader)
    seal(intake)
    assert hand_in(intake, reader).state == "submitted" and not row.older_marks


def test_an_intake_whose_marks_are_older_than_its_seal_says_so_in_all_its_versions() -> None:
    intake, _, _ = prepared()
    reader = given_out(intake)
    hand_in(intake, reader)
    save(intake, bounded(intake))
    hand_in(intake, reader)
    propose(intake)
    assert seal(intake).older_marks
    save(intake, begun(intake))
    propose(intake, WHY)
    seal(intake)
    found = queries.rules_in_force(intake)
    assert found is not None and found.older_marks and found.number == 2


def test_marks_that_were_taken_back_before_the_seal_are_older_all_the_same() -> None:
    intake, _, _ = prepared()
    review = hand_in(intake, given_out(intake))
    assert has_marks(intake)
    with writing():
        review.earlier = [{"why": "reopened", "scores": review.scores}]
        review.state, review.submitted_at, review.scores = "recalled", None, {}
    assert has_marks(intake) and sealed(intake).older_marks


def test_marks_after_the_seal_are_not_older_and_a_later_version_does_not_make_them_so() -> None:
    intake, _, _ = prepared()
    reader = given_out(intake)
    sealed(intake)
    hand_in(intake, reader)
    save(intake, begun(intake))
    propose(intake, WHY)
    seal(intake)
    found = queries.rules_in_force(intake)
    assert found is not None and not found.older_marks


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
