"""Reading positions, wishes, scores and placements. A company sees only what lies below its own path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import AGREED
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.cohorts import queries as cohorts
from cohortmgr.cohorts.models import Cohort, Enrolment
from cohortmgr.cohorts.rules import PRESENT as ENROLLED
from cohortmgr.organisations.models import Organisation
from cohortmgr.placements.models import MatchingRun, Placement, Position, Score, Wish
from cohortmgr.placements.queries import standing
from cohortmgr.placements.rules import PRESENT, MatchingState, PositionState
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import PlacementTerms
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.selection.models import Offer
from cohortmgr.selection.people.queries import SEAT

_ENROLLED = [state.value for state in ENROLLED]
_PRESENT = [state.value for state in PRESENT]
_SHOWN = [PositionState.OPEN.value, PositionState.CLOSED.value]


def visible(viewer: Viewer) -> sa.Select[Placement]:
    """Select the placements that the viewer may see.

    These are the viewer's own; those in a company whose contact or tutor the viewer is, while they stand and
    no guardian has withdrawn the consent; and those of cohorts whose placements the viewer may read.
    """
    mine = Placement.person_id == viewer.person_id if viewer.person_id else sa.false()
    agreed = sa.select(Enrolment.id).join(Application, Application.id == Enrolment.application_id)
    hosted = sa.and_(
        within(viewer, "placements.apprentices", Organisation.path),
        Placement.state.in_(_PRESENT),
        Placement.enrolment_id.in_(agreed.where(AGREED)),
    )
    return (
        sa.select(Placement)
        .join(Organisation, Organisation.id == Placement.company_id)
        .join(Position, Position.id == Placement.position_id)
        .join(Cohort, Cohort.id == Position.cohort_id)
        .where(sa.or_(mine, hosted, cohorts.within(viewer, "placements.read")))
    )


def get_for(viewer: Viewer, reference: str) -> Placement:
    """Return the placement with this reference if the viewer may see it. Raises NotFound otherwise."""
    found = db.session.scalar(visible(viewer).where(Placement.reference == reference))
    if found is None:
        raise NotFound(reference)
    return found


def apprentices(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return the apprentices of the viewer's companies by name, in one statement.

    Each row has placement, name, track, company, cohort and intake."""
    hosted = (within(viewer, "placements.apprentices", Organisation.path), Placement.state.in_(_PRESENT))
    return db.session.execute(
        visible(viewer)
        .with_only_columns(
            Placement,
            Application.name,
            Offering.title.label("track"),
            Organisation.name.label("company"),
            Cohort.name.label("cohort"),
            Intake.title.label("intake"),
            Intake.fingerprint,
        )
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .join(Application, Application.id == Enrolment.application_id)
        .join(Intake, Intake.id == Cohort.intake_id)
        .outerjoin(Offer, Offer.application_id == Application.id)
        .outerjoin(Offering, Offering.id == SEAT)
        .where(*hosted, AGREED)
        .order_by(Application.sort_name, Placement.id)
    ).all()


def card_of(placement: Placement) -> sa.Row[*tuple[Any, ...]]:
    """Return what a company sees of its apprentice: name, e-mail, diploma, region, track, company and training."""
    return db.session.execute(
        sa.select(
            Application.name,
            Application.email,
            Application.diploma,
            Application.region,
            Organisation.name.label("company"),
            Organisation.path.label("company_path"),
            Organisation.telephone.label("company_telephone"),
            Organisation.mark_digest.label("company_mark"),
            Offering.title.label("track"),
            Cohort,
            Intake,
        )
        .select_from(Placement)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .join(Application, Application.id == Enrolment.application_id)
        .join(Organisation, Organisation.id == Placement.company_id)
        .join(Position, Position.id == Placement.position_id)
        .join(Cohort, Cohort.id == Position.cohort_id)
        .join(Intake, Intake.id == Cohort.intake_id)
        .outerjoin(Offer, Offer.application_id == Application.id)
        .outerjoin(Offering, Offering.id == SEAT)
        .where(Placement.id == placement.id)
    ).one()


def terms_of(intake: Intake) -> PlacementTerms | None:
    """Return the programme's terms of placement; None if it places nobody."""
    return programmes.definition_of(intake).placement


def scale_of(position: Position) -> PlacementTerms | None:
    """Return the terms of the programme of a position, which hold the scale of the company's scores."""
    intake = db.session.scalar(
        sa.select(Intake).join(Cohort, Cohort.intake_id == Intake.id).where(Cohort.id == position.cohort_id)
    )
    return terms_of(intake) if intake else None


def positions_of(cohort_id: int) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (Position, company's name, key, reference and mark) of a cohort, in the order of their opening."""
    return db.session.execute(
        sa.select(
            Position,
            Organisation.name.label("company"),
            Organisation.key,
            Organisation.reference,
            Organisation.mark_digest.label("mark"),
        )
        .join(Organisation, Organisation.id == Position.company_id)
        .where(Position.cohort_id == cohort_id)
        .order_by(Position.id)
    ).all()


def company_positions(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return the positions of the viewer's companies with the numbers of candidates and scores, for the home page."""
    candidates = (
        sa.select(sa.func.count())
        .select_from(Wish)
        .join(Enrolment, Enrolment.id == Wish.enrolment_id)
        .join(Application, Application.id == Enrolment.application_id)
        .where(Wish.position_id == Position.id, Enrolment.state.in_(_ENROLLED), AGREED, _is_shown(Wish))
        .where(sa.not_(_elsewhere(Wish.position_id)))
    )
    scored = (
        sa.select(sa.func.count())
        .select_from(Score)
        .join(Enrolment, Enrolment.id == Score.enrolment_id)
        .join(Application, Application.id == Enrolment.application_id)
        .where(Score.position_id == Position.id, Enrolment.state.in_(_ENROLLED), AGREED, _is_shown(Score))
        .where(sa.not_(_elsewhere(Score.position_id)))
    )
    return db.session.execute(
        sa.select(
            Position,
            Organisation.name.label("company"),
            Cohort.name.label("cohort"),
            candidates.scalar_subquery().label("candidates"),
            scored.scalar_subquery().label("scored"),
        )
        .join(Organisation, Organisation.id == Position.company_id)
        .join(Cohort, Cohort.id == Position.cohort_id)
        .where(within(viewer, "placements.company", Organisation.path), Position.state.in_(_SHOWN))
        .order_by(Cohort.starts_on.desc(), Position.id)
    ).all()


def position_for(viewer: Viewer, reference: str) -> Position:
    """Return the position with this reference if it belongs to one of the viewer's companies. Raises NotFound."""
    found = db.session.scalar(
        sa.select(Position)
        .join(Organisation, Organisation.id == Position.company_id)
        .where(within(viewer, "placements.company", Organisation.path), Position.state.in_(_SHOWN))
        .where(Position.reference == reference)
    )
    if found is None:
        raise NotFound(reference)
    return found


def about_position(position: Position) -> sa.Row[*tuple[Any, ...]]:
    """Return (company's name, Cohort, Intake) of a position."""
    return db.session.execute(
        sa.select(Organisation.name.label("company"), Cohort, Intake)
        .select_from(Position)
        .join(Organisation, Organisation.id == Position.company_id)
        .join(Cohort, Cohort.id == Position.cohort_id)
        .join(Intake, Intake.id == Cohort.intake_id)
        .where(Position.id == position.id)
    ).one()


def candidates_of(position_id: int) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return who wishes a position, by name, with what they agreed to show and the score given.

    It never returns the rank of the wish. Once the matching is approved, those who are placed elsewhere, or nowhere,
    are none of the company's concern: only its own apprentices stay."""
    given = sa.and_(Score.position_id == Wish.position_id, Score.enrolment_id == Wish.enrolment_id)
    return db.session.execute(
        sa.select(
            Enrolment.id.label("enrolment_id"),
            Enrolment.reference,
            Application.name,
            Application.diploma,
            Application.region,
            Application.average_thousandths,
            Offering.title.label("track"),
            Score.score,
        )
        .select_from(Wish)
        .join(Enrolment, Enrolment.id == Wish.enrolment_id)
        .join(Application, Application.id == Enrolment.application_id)
        .outerjoin(Offer, Offer.application_id == Application.id)
        .outerjoin(Offering, Offering.id == SEAT)
        .outerjoin(Score, given)
        .where(Wish.position_id == position_id, Enrolment.state.in_(_ENROLLED), AGREED, _is_shown(Wish))
        .where(sa.not_(_elsewhere(position_id)))
        .order_by(Application.sort_name, Enrolment.id)
    ).all()


def _is_shown(asked: type[Wish] | type[Score]) -> sa.ColumnElement[bool]:
    """Whether the wish or score of the statement is the position's company's to see: while nothing is decided for its
    cohort, or because its person is placed in the company."""
    position, placement = sa.orm.aliased(Position), sa.orm.aliased(Placement)
    decided = (
        sa.select(MatchingRun.id)
        .join(position, position.cohort_id == MatchingRun.cohort_id)
        .where(position.id == asked.position_id, MatchingRun.state == MatchingState.APPROVED.value)
    )
    own = (
        sa.select(placement.id)
        .join(position, position.company_id == placement.company_id)
        .where(
            position.id == asked.position_id,
            placement.enrolment_id == asked.enrolment_id,
            placement.state.in_(_PRESENT),
        )
    )
    return sa.or_(~decided.exists(), own.exists())


def own_enrolment(viewer: Viewer, reference: str, *, lock: bool = False) -> sa.Row[*tuple[Any, ...]]:
    """Return (Enrolment, Cohort, Intake) of the viewer's own enrolment. Raises NotFound for anybody else's.

    With `lock`, a second click waits for the first and then reads the changed row.
    """
    wanted = (
        sa.select(Enrolment, Cohort, Intake)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .join(Intake, Intake.id == Cohort.intake_id)
        .where(Enrolment.reference == reference, Enrolment.person_id == (viewer.person_id or -1))
    )
    if lock:
        wanted = wanted.with_for_update(of=Enrolment).execution_options(populate_existing=True)
    found = db.session.execute(wanted).first()
    if found is None:
        raise NotFound(reference)
    return found


def wishes_of(enrolment_id: int) -> list[int]:
    """Return the ids of the positions that someone wishes, best first."""
    chosen = sa.select(Wish.position_id).where(Wish.enrolment_id == enrolment_id).order_by(Wish.rank)
    return list(db.session.scalars(chosen))


def placement_of(enrolment_id: int) -> Placement | None:
    """Return the placement of an enrolment that stands, or None."""
    standing = (Placement.enrolment_id == enrolment_id, Placement.state.in_(_PRESENT))
    return db.session.scalar(sa.select(Placement).where(*standing))


def _elsewhere(position_id: Any) -> sa.ColumnElement[bool]:
    """Whether the enrolment of the statement is placed with another position than this one."""
    other = sa.orm.aliased(Placement)
    placed = (other.enrolment_id == Enrolment.id, other.state.in_(_PRESENT))
    return sa.select(other.id).where(*placed, other.position_id != position_id).exists()


# Made once: making it takes longer than running it.
_MINE = (
    sa.select(
        Enrolment.reference,
        Enrolment.state,
        Cohort.name.label("cohort"),
        sa.select(sa.func.count())
        .where(Position.cohort_id == Enrolment.cohort_id, Position.state == PositionState.OPEN.value)
        .scalar_subquery()
        .label("open"),
        sa.select(sa.func.count()).where(Wish.enrolment_id == Enrolment.id).scalar_subquery().label("wished"),
        Organisation.name.label("company"),
        Placement.starts_on,
        Placement.ends_on,
        Intake.fingerprint,
    )
    .join(Cohort, Cohort.id == Enrolment.cohort_id)
    .join(Intake, Intake.id == Cohort.intake_id)
    .outerjoin(Placement, Placement.id == standing.last_hosting(Enrolment.id))
    .outerjoin(Organisation, Organisation.id == Placement.company_id)
    .where(Enrolment.person_id == sa.bindparam("person"))
    .order_by(Enrolment.id.desc())
)


def mine(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return each of the viewer's enrolments for the home page, with its number of wishes and its placement: reference
    (of the enrolment), state, cohort (texts), open (positions), wished, company (texts or None), starts_on, ends_on
    (None while the company has them), fingerprint (of the intake's definition)."""
    if viewer.person_id is None:
        return []
    return db.session.execute(_MINE, {"person": viewer.person_id}).all()


def all_wishes(cohort_id: int) -> Mapping[str, Sequence[str]]:
    """Return everyone in the cohort with the positions they wish, best first, by references, for the matching."""
    rows = db.session.execute(
        sa.select(Enrolment.reference, Position.reference.label("position"))
        .outerjoin(Wish, Wish.enrolment_id == Enrolment.id)
        .outerjoin(Position, Position.id == Wish.position_id)
        .where(Enrolment.cohort_id == cohort_id, Enrolment.state.in_(_ENROLLED))
        .order_by(Enrolment.reference, Wish.rank)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        ranked = found.setdefault(row.reference, [])
        if row.position:
            ranked.append(row.position)
    return found


def all_scores(cohort_id: int) -> Mapping[str, Mapping[str, int]]:
    """Return position -> candidate -> score, for those still in the cohort, by references; the matching reads it."""
    rows = db.session.execute(
        sa.select(Position.reference, Enrolment.reference.label("candidate"), Score.score)
        .join(Score, Score.position_id == Position.id)
        .join(Enrolment, Enrolment.id == Score.enrolment_id)
        .where(Position.cohort_id == cohort_id, Enrolment.state.in_(_ENROLLED))
        .order_by(Position.reference, Enrolment.reference)
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.reference, {})[row.candidate] = row.score
    return found


def latest_run(cohort_id: int) -> MatchingRun | None:
    """Return the matching of a cohort that is approved or waits for approval, or None."""
    return db.session.scalar(
        sa.select(MatchingRun)
        .where(MatchingRun.cohort_id == cohort_id, MatchingRun.state != MatchingState.CANCELLED.value)
        .order_by(MatchingRun.id.desc())
        .limit(1)
    )


def run_for(viewer: Viewer, reference: str) -> tuple[MatchingRun, Cohort]:
    """Return a matching and its cohort if the viewer may read the cohort's placements. Raises NotFound otherwise."""
    found = db.session.execute(
        sa.select(MatchingRun, Cohort)
        .join(Cohort, Cohort.id == MatchingRun.cohort_id)
        .where(MatchingRun.reference == reference, cohorts.within(viewer, "placements.read"))
    ).first()
    if found is None:
        raise NotFound(reference)
    return found[0], found[1]


def companies_of(cohort_id: int) -> dict[int, Mapping[str, str]]:
    """Return enrolment ids with the name of the company that takes the person."""
    rows = db.session.execute(
        sa.select(Placement.enrolment_id, Organisation.name)
        .join(Organisation, Organisation.id == Placement.company_id)
        .join(Position, Position.id == Placement.position_id)
        .where(Position.cohort_id == cohort_id, Placement.state.in_(_PRESENT))
    )
    return {row.enrolment_id: row.name for row in rows}
