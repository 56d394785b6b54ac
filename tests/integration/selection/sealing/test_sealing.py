"""The rules of an intake are sealed by two people before the first mark, and change after that by two and a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from cohortmgr.accounts.rules import Role
from cohortmgr.applications.file.models import Application
from cohortmgr.audit.models import Event
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.base.errors import NotFound, NotPermitted, Refused, Stale, Withheld
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.phases.actions import closing
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.reviews.seals.queries import has_marks, has_points
from cohortmgr.selection.actions import decisions
from cohortmgr.selection.sealing import actions, queries
from cohortmgr.selection.sealing.models import RulesVersion
from cohortmgr.selection.sealing.rules import EntryByRight, RulesContent, digest_of, sealed_statement
from tests.factories.choices import SEASON, known, phased, read, readers, someone
from tests.integration.selection.sealing.acts import (
    BOUND,
    MANAGER,
    SCORES,
    WHY,
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


@pytest.mark.parametrize("sent_before", [True, False])
def test_points_from_answers_are_older_than_a_seal_once_a_file_was_sent(sent_before: bool) -> None:
    intake = phased(2)
    someone(intake, Role.SELECTION_MANAGER)
    someone(intake, Role.PROGRAMME_ADMINISTRATOR)
    if not sent_before:
        with writing():
            db.session.execute(sa.update(Application).values(state="draft", sent_at=None))
    assert not has_marks(intake) and has_points(intake) is sent_before
    assert sealed(intake, begun(intake)).older_marks is sent_before


def test_nobody_goes_on_by_points_before_the_seal() -> None:
    intake = phased(2, goes_on=1)
    manager = someone(intake, Role.SELECTION_MANAGER)
    someone(intake, Role.PROGRAMME_ADMINISTRATOR)

    def waits() -> bool:
        problems = closing.plan_closing(manager, intake.reference).problems
        return any("ne sont pas encore scellées" in each.what for each in problems)

    assert not waits(), "without rules nothing awaits a seal"
    save(intake, begun(intake))
    assert waits()
    propose(intake)
    seal(intake)
    assert not waits()


def test_marks_after_the_first_seal_are_older_than_a_change_of_the_rules() -> None:
    intake, _, _ = prepared()
    reader = given_out(intake)
    assert not sealed(intake).older_marks
    hand_in(intake, reader)
    first = queries.rules_in_force(intake)
    assert first is not None and not first.older_marks
    save(intake, begun(intake))
    propose(intake, WHY)
    seal(intake)
    found = queries.rules_in_force(intake)
    assert found is not None and found.older_marks and found.number == 2, (
        "whoever changed them may know marks"
    )
