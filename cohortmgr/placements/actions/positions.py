"""Acts before the matching: opening positions, stating wishes, giving scores; and ending a placement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from cohortmgr.accounts.queries import viewers as accounts
from cohortmgr.accounts.rules import Viewer, require
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Refused, Stale
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.cohorts.rules import PRESENT, EnrolmentState
from cohortmgr.organisations.queries import by_keys
from cohortmgr.placements.models import Position, Score, Wish
from cohortmgr.placements.queries import placements, standing
from cohortmgr.placements.rules import (
    PlacementState,
    PositionState,
    after_leaving,
    check_scores,
    check_wishes,
)
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.rules import require_published

_NO_PLACEMENT = N_("Ce programme ne prévoit pas d’affectation en entreprise.")
_CLOSED = N_("Les vœux et les notes ne changent plus : l’affectation est calculée.")


def open_positions(viewer: Viewer, cohort_reference: str) -> int:
    """Open a position for each partner of the programme. Returns how many were new; opening again changes nothing."""
    cohort = cohorts.get_for(viewer, cohort_reference, "placements.read")
    require(viewer, "cohorts.manage", cohort.path)
    db.session.execute(sa.select(Cohort.id).where(Cohort.id == cohort.id).with_for_update())
    intake = cohorts.intake_of(cohort)
    require_published(intake.state, intake.path)
    definition = programmes.definition_of(intake)
    if definition.placement is None or not definition.partners:
        raise Refused(_NO_PLACEMENT)
    known = {row.key for row in placements.positions_of(cohort.id)}
    companies = by_keys(partner.key for partner in definition.partners)
    offered = programmes.offerings_of(intake)
    made = []
    for partner in definition.partners:
        if partner.key in known:
            continue
        position = Position(
            institution_id=cohort.institution_id,
            cohort_id=cohort.id,
            company_id=companies[partner.key].id,
            # Of several tracks a company may get people of each: the position bears the name of none of them.
            title=dict(offered[0].title if len(offered) == 1 else intake.title),
            seats=partner.seats,
            state=PositionState.OPEN.value,
            published_at=clock.now(),
        )
        db.session.add(position)
        made.append({"company": partner.key, "seats": partner.seats})
    if made:
        after = {"positions": made}
        record(viewer, "placements.open_positions", about(cohort), after=after)
    return len(made)


def state_wishes(viewer: Viewer, enrolment_reference: str, ranked: Sequence[str]) -> None:
    """Replace a person's own list of wished positions (references, best first).

    Stating wishes is also the consent to show the person's card to those companies. Refused if a choice is
    missing, repeated or unknown, or once the matching was run. The same list again changes nothing.
    """
    row = placements.own_enrolment(viewer, enrolment_reference, lock=True)
    enrolment, cohort, intake = row.Enrolment, row.Cohort, row.Intake
    if EnrolmentState(enrolment.state) not in PRESENT:
        raise Refused(N_("Cette inscription ne permet plus de vœux."))
    positions = {each.Position.reference: each.Position for each in placements.positions_of(cohort.id)}
    _require_open(list(positions.values()))
    terms = placements.terms_of(intake)
    most = terms.wishes_max if terms else len(positions)
    problems = check_wishes(ranked, positions, most, most)
    if problems:
        raise Refused(*problems)
    before = placements.wishes_of(enrolment.id)
    after = [positions[reference].id for reference in ranked]
    if before == after:
        return
    db.session.execute(sa.delete(Wish).where(Wish.enrolment_id == enrolment.id))
    for rank, position_id in enumerate(after, start=1):
        wish = Wish(
            institution_id=enrolment.institution_id,
            person_id=enrolment.person_id,
            enrolment_id=enrolment.id,
            position_id=position_id,
            rank=rank,
            consented_at=clock.now(),
        )
        db.session.add(wish)
    names = {position.id: reference for reference, position in positions.items()}
    record(
        viewer,
        "placements.state_wishes",
        about(enrolment, viewer.person_reference),
        before={"wishes": [names.get(each) for each in before]},
        after={"wishes": list(ranked)},
    )


def end_placement(viewer: Viewer, enrolment: Enrolment) -> None:
    """End the placement of someone who leaves the cohort; called in the same transaction.

    The company no longer sees the person. A placement that had begun is kept as broken off, because its days
    are paid."""
    placement = standing.proposed_or_placed(enrolment.id)
    if placement is None:
        return
    to = after_leaving(PlacementState(placement.state), placement.starts_on <= clock.today())
    if to is None:
        return
    before = {"state": placement.state}
    placement.state, placement.ends_on = to.value, enrolment.ends_on or clock.today()
    record(
        viewer,
        "placements.end",
        about(placement, accounts.reference_of(placement.person_id)),
        before=before,
        after={"state": placement.state},
    )


def _require_open(positions: Collection[Position]) -> None:
    """Refuse if there are no positions, or once one of them takes no more wishes and scores."""
    if not positions:
        raise Refused(N_("Les postes ne sont pas encore ouverts."))
    if any(position.state != PositionState.OPEN for position in positions):
        raise Refused(_CLOSED)


def give_scores(viewer: Viewer, position_reference: str, typed: Mapping[str, str], version: int) -> int:
    """Save a company's scores of its own candidates, as typed, by enrolment reference. Empty text removes a
    score.

    Returns how many candidates have a score. Refused for a score outside the scale, or once the matching was
    run. Stale if a colleague saved meanwhile.
    """
    position = placements.position_for(viewer, position_reference)
    _require_open([position])
    candidates = {row.reference: row for row in placements.candidates_of(position.id)}
    terms = placements.scale_of(position)
    if terms is None:
        raise Refused(_NO_PLACEMENT)
    mine = {reference: text for reference, text in typed.items() if reference in candidates}
    scores, problems = check_scores(mine, terms.company_score_min, terms.company_score_max)
    if problems:
        raise Refused(*problems)
    before = {reference: row.score for reference, row in candidates.items() if row.score is not None}
    after = {reference: score for reference, score in before.items() if reference not in mine} | scores
    if after == before:
        return len(after)
    if position.version != version:
        raise Stale(position_reference)
    changed = [candidates[r].enrolment_id for r in candidates if before.get(r) != after.get(r)]
    db.session.execute(
        sa.delete(Score).where(Score.position_id == position.id, Score.enrolment_id.in_(changed))
    )
    for reference, score in after.items():
        if before.get(reference) != score:
            row = Score(
                institution_id=position.institution_id,
                position_id=position.id,
                enrolment_id=candidates[reference].enrolment_id,
                score=score,
                by=viewer.reference,
                at=clock.now(),
            )
            db.session.add(row)
    position.scored_at = clock.now()
    db.session.flush()
    record(
        viewer, "placements.give_scores", about(position), before={"scores": before}, after={"scores": after}
    )
    return len(after)
