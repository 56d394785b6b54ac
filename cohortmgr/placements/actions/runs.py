"""Acts on the matching: running it, approving it as a second person, cancelling it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Role, Viewer, require, require_second_person
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.base.text import new_reference, says_number
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.cohorts.rules import PRESENT
from cohortmgr.organisations.models import Organisation
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.placements.matching import certificate, match
from cohortmgr.placements.models import MatchingRun, Placement, Position
from cohortmgr.placements.queries import placements
from cohortmgr.placements.queries.around import people_with
from cohortmgr.placements.rules import MatchingState, PlacementState, PositionState
from cohortmgr.programmes import queries as programmes

_PLACED = NN_("%(num)s personne affectée", "%(num)s personnes affectées")
_GONE = N_("Depuis le calcul, la promotion a perdu %(gone)s : annulez cette affectation et recalculez-la.")


def run_matching(viewer: Viewer, cohort_reference: str) -> MatchingRun:
    """Close the positions and match everyone in the cohort. The run then waits for a second person.

    The seed that decides between equal scores is the cohort's reference, and stands in the certificate. It
    was drawn before any wish or score, so that nobody can run again to look for another lot. If a run waits
    already, it is returned. Refused once one is approved.
    """
    cohort = cohorts.get_for(viewer, cohort_reference, "placements.read")
    require(viewer, "cohorts.manage", cohort.path)
    db.session.execute(sa.select(Cohort.id).where(Cohort.id == cohort.id).with_for_update())
    standing = placements.latest_run(cohort.id)
    if standing is not None:
        if standing.state == MatchingState.APPROVED:
            raise Refused(N_("L’affectation de cette promotion est déjà approuvée."))
        return standing
    seats = {row.Position.reference: row.Position.seats for row in placements.positions_of(cohort.id)}
    wishes, priorities = placements.all_wishes(cohort.id), placements.all_scores(cohort.id)
    if not any(wishes.values()):
        raise Refused(N_("Personne n’a encore remis de vœux."))
    seed = cohort.reference
    matching = match(wishes, priorities, seats, seed)
    run = MatchingRun(
        institution_id=cohort.institution_id,
        cohort_id=cohort.id,
        state=MatchingState.DRAFT.value,
        seed=seed,
        certificate=certificate(wishes, priorities, seats, seed, matching),
        run_by=viewer.reference,
        run_at=clock.now(),
    )
    db.session.add(run)
    _move_positions(cohort.id, PositionState.OPEN, PositionState.CLOSED)
    db.session.flush()
    after = {"sha256": run.certificate["sha256"], "placed": len(matching.assignment), "seed": seed}
    record(viewer, "placements.run_matching", about(run), after=after)
    return run


def cancel_matching(viewer: Viewer, run_reference: str) -> MatchingRun:
    """Cancel a matching that waits, so that wishes and scores may change again. Doing it again changes nothing."""
    run, cohort = placements.run_for(viewer, run_reference)
    require(viewer, "cohorts.manage", cohort.path)
    if not _claim(run, MatchingState.CANCELLED, {}):
        _require_already(run, MatchingState.CANCELLED)
        return run
    _move_positions(cohort.id, PositionState.CLOSED, PositionState.OPEN)
    record(viewer, "placements.cancel_matching", about(run), after={})
    return run


def approve_matching(viewer: Viewer, run_reference: str, typed: str) -> MatchingRun:
    """Approve a matching: create its placements, and tell the apprentices and their companies.

    The approver is not the person who ran it. `typed` is the number of placements as the approver wrote it.
    Refused if somebody assigned has left since. Approving again changes nothing.
    """
    run, cohort = placements.run_for(viewer, run_reference)
    require(viewer, "placements.manage", cohort.path)
    if run.state == MatchingState.APPROVED:
        return run
    require_second_person(run.run_by, viewer.reference)
    assignment: dict[str, str] = run.certificate["assignment"]
    if not says_number(typed, len(assignment)):
        what = N_("Écrivez le nombre d’affectations, %(count)s, pour approuver.")
        raise Refused(Problem(what, {"count": len(assignment)}, "confirmation"))
    people = _people(cohort, assignment)
    if len(people) < len(assignment):
        gone = {"gone": Quantity(*_PLACED, len(assignment) - len(people))}
        raise Refused(Problem(_GONE, gone))
    if not _claim(run, MatchingState.APPROVED, {"approved_by": viewer.reference, "approved_at": clock.now()}):
        _require_already(run, MatchingState.APPROVED)
        return run
    placed = _place(run, cohort, assignment, people)
    tell(viewer, cohort, placed)
    after = {"sha256": run.certificate["sha256"], "placements": sorted(row["reference"] for row in placed)}
    record(viewer, "placements.approve_matching", about(run), after=after)
    return run


def _claim(run: MatchingRun, to: MatchingState, values: Mapping[str, Any]) -> bool:
    """Move a waiting run to another state by a conditional UPDATE, so that only one of two at once moves it."""
    waiting = (MatchingRun.id == run.id, MatchingRun.state == MatchingState.DRAFT.value)
    moved = (
        sa.update(MatchingRun)
        .where(*waiting)
        .values(state=to.value, version=MatchingRun.version + 1, **values)
        .returning(MatchingRun.id)
        .execution_options(synchronize_session=False)
    )
    done = db.session.scalar(moved) is not None
    db.session.refresh(run)
    return done


def _require_already(run: MatchingRun, state: MatchingState) -> None:
    if run.state != state:
        raise Refused(N_("Cette affectation a déjà été approuvée ou annulée par une autre personne."))


def _move_positions(cohort_id: int, start: PositionState, to: PositionState) -> None:
    db.session.execute(
        sa.update(Position)
        .where(Position.cohort_id == cohort_id, Position.state == start.value)
        .values(state=to.value, version=Position.version + 1)
        .execution_options(synchronize_session="fetch")
    )


def _people(cohort: Cohort, assignment: Mapping[str, str]) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (id, reference, Person) of those assigned who are still in the cohort, locked until the commit."""
    present = Enrolment.state.in_([state.value for state in PRESENT])
    return db.session.execute(
        sa.select(Enrolment.id, Enrolment.reference, Person)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.cohort_id == cohort.id, Enrolment.reference.in_(list(assignment)), present)
        .order_by(Person.family_name, Person.given_name, Enrolment.id)
        .with_for_update(of=Enrolment, key_share=True)
    ).all()


def _place(
    run: MatchingRun,
    cohort: Cohort,
    assignment: Mapping[str, str],
    people: Sequence[sa.Row[*tuple[Any, ...]]],
) -> list[dict[str, Any]]:
    """Insert the placements. Returns their rows, each with its person and company for the messages."""
    intake = cohorts.intake_of(cohort)
    starts_on = programmes.definition_of(intake).calendar_of(intake.key).company_from or cohort.starts_on
    positions = {row.Position.reference: row for row in placements.positions_of(cohort.id)}
    placed = []
    for row in people:
        position = positions[assignment[row.reference]]
        values = {
            "reference": new_reference(),
            "version": 1,
            "institution_id": cohort.institution_id,
            "person_id": row.Person.id,
            "enrolment_id": row.id,
            "position_id": position.Position.id,
            "company_id": position.Position.company_id,
            "run_id": run.id,
            "state": PlacementState.CONFIRMED.value,
            "starts_on": starts_on,
            "placed_at": clock.now(),
        }
        placed.append(values | {"person": row.Person, "company": position.company})
    columns = set(Placement.__table__.columns.keys())
    rows = [{name: value for name, value in each.items() if name in columns} for each in placed]
    if rows:
        db.session.execute(sa.insert(cast(sa.Table, Placement.__table__)), rows)
    return placed


def tell(viewer: Viewer, cohort: Cohort, placed: Sequence[Mapping[str, Any]]) -> None:
    """As a step of an approval, write to each apprentice in their language, and to each contact of a company."""
    letters = [letter for each in placed if (letter := _to_apprentice(cohort, each))]
    paths = {
        row.id: row.path
        for row in db.session.execute(
            sa.select(Organisation.id, Organisation.path).where(
                Organisation.id.in_({each["company_id"] for each in placed})
            )
        )
    }
    for company_id, path in sorted(paths.items()):
        mine = [each for each in placed if each["company_id"] == company_id]
        letters += _to_contacts(cohort, mine, people_with([Role.COMPANY_CONTACT], path))
    send_all(letters)


def _to_apprentice(cohort: Cohort, placed: Mapping[str, Any]) -> Letter | None:
    person: Person = placed["person"]
    if not person.email and not person.phone_sealed:
        return None
    variables = {"name": person.name, "company": placed["company"], "starts_on": placed["starts_on"]}
    return Letter(
        "placement_made",
        person.reference,
        person.email or "",
        person.language,
        variables,
        cohort.institution_id,
        person.id,
    )


def _to_contacts(
    cohort: Cohort, placed: Sequence[Mapping[str, Any]], contacts: Iterable[sa.Row[*tuple[Any, ...]]]
) -> list[Letter]:
    letters = []
    for contact in contacts:
        variables = {
            "name": f"{contact.given_name} {contact.family_name}".strip(),
            "company": placed[0]["company"],
            "count": len(placed),
            "names": [each["person"].name for each in placed],
            "starts_on": placed[0]["starts_on"],
        }
        letters.append(
            Letter(
                "apprentices_assigned",
                contact.reference,
                contact.email,
                contact.language,
                variables,
                cohort.institution_id,
                contact.person_id,
            )
        )
    return letters
