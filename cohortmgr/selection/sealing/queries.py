"""Reading the rules by which intakes choose: versions, those in force, and the attributes of the files they bound."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.queries.viewers import names_of
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import NAME, staff_intake
from cohortmgr.applications.file.rules import ApplicationState, ranked_wishes, ranking_of_offerings
from cohortmgr.base.crypto import unseal
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.bounds.attributes import (
    FileAttribute,
    attributes_of,
    is_asked,
    place_key,
)
from cohortmgr.programmes.definition.bounds.wording import group_words
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import followed, require_unconcerned
from cohortmgr.reviews.rules import OPEN
from cohortmgr.selection import rules
from cohortmgr.selection.bounded import AppliedRules, HandMove
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.joint.allotted import JointRules
from cohortmgr.selection.models import Batch
from cohortmgr.selection.proofs.choice import SaltedNames
from cohortmgr.selection.sealing.models import RulesVersion
from cohortmgr.selection.sealing.rules import (
    ChoiceGround,
    RulesChange,
    RulesContent,
    RulesFile,
    RulesInForce,
    RulesState,
    bound_of,
    content_of,
)

PLACE = ("rules_versions", "salt")
"""Where a salt is sealed: its table and column."""
GROUP = N_("%(group)s")
_LIVE = tuple(state.value for state in rules.LIVE)
_SENT = Application.state == ApplicationState.SUBMITTED.value


def visible(viewer: Viewer, permission: str = "selection.read") -> sa.Select[RulesVersion]:
    """Select the versions of rules of intakes whose selection the viewer follows, and in which they have no
    interest."""
    chosen = sa.select(RulesVersion).join(Intake, Intake.id == RulesVersion.intake_id)
    return chosen.where(followed(viewer, permission))


def intake_for(viewer: Viewer, reference: str, permission: str = "selection.read") -> Intake:
    """Return an intake in which the viewer holds a permission of selection. Raises NotFound otherwise, and Withheld
    from whoever has an interest in it."""
    intake = staff_intake(viewer, reference, permission)
    require_unconcerned(viewer, intake, permission)
    return intake


def versions_of(intake: Intake) -> Sequence[RulesVersion]:
    """Return every version of an intake's rules, the first one first."""
    wanted = sa.select(RulesVersion).where(RulesVersion.intake_id == intake.id).order_by(RulesVersion.number)
    return db.session.scalars(wanted.execution_options(populate_existing=True)).all()


def open_among(versions: Sequence[RulesVersion]) -> RulesVersion | None:
    """Return the version that is not sealed yet, or None."""
    return next((each for each in versions if each.state != RulesState.SEALED), None)


def sealed_among(versions: Sequence[RulesVersion]) -> RulesVersion | None:
    """Return the version in force, or None."""
    return next((each for each in reversed(versions) if each.state == RulesState.SEALED), None)


def ground_of(intake: Intake, numbers: Collection[str] = ()) -> ChoiceGround:
    """Return what the rules of an intake are held against, with the files of these numbers that were sent. Two
    statements at most."""
    definition = programmes.definition_of(intake)
    offerings = programmes.offerings_of(intake)
    keys = {each.id: each.key for each in offerings}
    files: dict[str, str] = {}
    if numbers:
        wanted = sa.select(Application.number, Application.offering_id)
        wanted = wanted.where(Application.intake_id == intake.id, _SENT)
        rows = db.session.execute(wanted.where(Application.number.in_(sorted(numbers))))
        files = {number: _offering_key(keys, offering) for number, offering in rows}
    return ChoiceGround(
        definition,
        attributes_of(definition, intake.key),
        {each.key: each.seats for each in offerings},
        intake.reference,
        files,
    )


def people_of(intake: Intake, numbers: Collection[str]) -> Mapping[str, tuple[str, str]]:
    """Return the name and the reference of the files of these numbers, by number, so that whoever writes or seals rules
    sees whom they concern. One statement, and none without a number."""
    if not numbers:
        return {}
    wanted = sa.select(Application.number, NAME, Application.reference)
    wanted = wanted.where(Application.intake_id == intake.id, Application.number.in_(sorted(numbers)))
    return {number: (name, reference) for number, name, reference in db.session.execute(wanted)}


def _offering_key(keys: Mapping[int, str], offering_id: int | None) -> str:
    """The key of a file's offering; a file that names none is of the only one, or of the first."""
    return keys.get(offering_id or 0) or next(iter(keys.values()), "")


def beginning(intake: Intake, ground: ChoiceGround) -> RulesContent:
    """Return with what the rules of an intake begin: the bounds of its definition, all its seats, nobody by right."""
    terms = ground.definition.selection
    content = content_of(RulesFile(ties=terms.ties), ground)
    bounds = tuple(map(bound_of, terms.bounds_of(intake.key)))
    return RulesContent(content.seats, bounds, (), content.ties)


def is_unsealed(intake: Intake) -> bool:
    """Whether an intake has rules, written on its page or bounds in its definition, of which no version is sealed."""
    wanted = sa.select(RulesVersion.state).where(RulesVersion.intake_id == intake.id).distinct()
    states = db.session.scalars(wanted).all()
    if states:
        return RulesState.SEALED not in states
    return bool(programmes.definition_of(intake).selection.bounds_of(intake.key))


def sealed_number(intake_id: Any) -> sa.ColumnElement[int]:
    """Return the number of the rules in force in an intake, 0 without any, for whatever rests on them."""
    last = sa.select(sa.func.coalesce(sa.func.max(RulesVersion.number), 0))
    sealed = (RulesVersion.intake_id == intake_id, RulesVersion.state == RulesState.SEALED.value)
    return last.where(*sealed).scalar_subquery()


def rests_on_rules(intake: Intake) -> bool:
    """Whether a batch of decisions of an intake is prepared, proposed or approved: its rules change no more."""
    live = sa.select(Batch.id).where(Batch.intake_id == intake.id, Batch.state.in_(_LIVE))
    return db.session.scalar(live.limit(1)) is not None


def rules_in_force(intake: Intake) -> RulesInForce | None:
    """Return the sealed rules of an intake, with the salt for whoever computes; None without any. Two statements."""
    sealed = [each for each in versions_of(intake) if each.state == RulesState.SEALED]
    if not sealed:
        return None
    names = names_of(*{each for row in sealed for each in (row.proposed_by, row.sealed_by)})

    def both(row: RulesVersion) -> tuple[str, str]:
        return names.get(row.proposed_by or "", ""), names.get(row.sealed_by or "", "")

    row = sealed[-1]
    assert row.sealed_at is not None
    return RulesInForce(
        row.number,
        RulesContent.of_json(row.content),
        row.digest,
        both(row),
        row.sealed_at,
        row.older_marks,
        tuple(
            RulesChange(each.sealed_at, both(each), each.reason)
            for _, each in pairwise(sealed)
            if each.sealed_at
        ),
        salt_of(row),
    )


def salt_of(row: RulesVersion) -> str:
    """Return the salt of a sealed version. Raises CannotUnseal if its key is gone."""
    return unseal(row.salt or b"", *PLACE, row.reference)


def attributes_in(intake: Intake, keys: Collection[str]) -> Mapping[str, Mapping[str, str]]:
    """Return the attributes of each file that was sent to an intake, by its number: of these attributes alone, and
    only those that it has. Two statements, whatever the number of files."""
    definition = programmes.definition_of(intake)
    known = attributes_of(definition, intake.key)
    asked = [key for key in keys if key in known and known[key].is_answer]
    places: dict[int, Mapping[str, str]] = {}
    if derived := [key for key in keys if key in known and not known[key].is_answer]:
        at = {each.key: place_key(each) for each in definition.intake(intake.key).offerings}
        rows = sa.select(Offering.id, Offering.key).where(Offering.intake_id == intake.id)
        places = {
            number: dict.fromkeys(derived, at[key]) for number, key in db.session.execute(rows) if key in at
        }
    answers = [Application.answers[key].as_string() for key in asked]
    wanted = sa.select(Application.number, Application.offering_id, *answers)
    wanted = wanted.where(Application.intake_id == intake.id, _SENT)
    found: dict[str, Mapping[str, str]] = {}
    for number, offering, *given in db.session.execute(wanted):
        own = {key: value for key, value in zip(asked, given, strict=True) if value}
        found[number] = {**own, **places.get(offering, {})}
    return found


def applied_to(intake: Intake, offering: Offering) -> AppliedRules | None:
    """Return the rules in force as they apply to the files of an offering; None without any. Five statements at
    most."""
    found = rules_in_force(intake)
    if found is None:
        return None
    known = attributes_of(programmes.definition_of(intake), intake.key)
    bounds = tuple(each for each in found.content.bounds if each.offering in ("", offering.key))
    attributes = attributes_in(intake, sorted({key for bound in bounds for key in bound.where}))
    return AppliedRules(
        bounds,
        _labels(bounds, known),
        attributes,
        SaltedNames(found.salt),
        found.content.seats.get(offering.key, offering.seats),
        found.content.ties,
        {each.application: each.reason for each in found.content.right},
        gone=_labels((each for each in bounds if not is_asked(each.where, known)), known),
    )


def _labels(bounds: Iterable[Bound], known: Mapping[str, FileAttribute]) -> tuple[Problem, ...]:
    """The names of the groups of bounds."""
    return tuple(Problem(GROUP, {"group": group_words(each.where, known)}) for each in bounds)


def covers_all(intake: Intake) -> bool:
    """Whether seats of an intake are given by wishes, with one batch for all its offerings: it has several, and its
    rules are sealed. Where an offering has a batch of its own, begun before, it goes on as it was. One statement."""
    return bool(db.session.scalar(sa.select(covering_all(intake.id))))


def covering_all(intake_id: Any) -> sa.ColumnElement[bool]:
    """The same of an intake of a statement."""
    offered, batch = sa.orm.aliased(Offering), sa.orm.aliased(Batch)
    several = sa.select(sa.func.count(offered.id)).where(offered.intake_id == intake_id).scalar_subquery()
    live = sa.select(batch.id).where(batch.intake_id == intake_id, batch.state.in_(_LIVE))
    alone, for_all = (
        live.where(kind).correlate_except(batch).exists()
        for kind in (batch.offering_id.is_not(None), batch.offering_id.is_(None))
    )
    return sa.or_(for_all, sa.and_(several > 1, sealed_number(intake_id) > 0, ~alone))


def applied_to_all(intake: Intake) -> JointRules | None:
    """Return the rules in force as they apply to the files of all offerings at once, with their wishes; None without
    any. Six statements at most."""
    found = rules_in_force(intake)
    if found is None:
        return None
    definition, offerings = programmes.definition_of(intake), programmes.offerings_of(intake)
    known, bounds = attributes_of(definition, intake.key), found.content.bounds
    named = definition.intake(intake.key).named
    # What follows from the place of an offering is the same for all of its seats: it tells nobody apart.
    keys = sorted({key for bound in bounds for key in bound.where if key in known and known[key].is_answer})
    return JointRules(
        bounds,
        _labels(bounds, known),
        attributes_in(intake, keys),
        SaltedNames(found.salt),
        sum(found.content.seats.values()),
        found.content.ties,
        {each.application: each.reason for each in found.content.right},
        gone=_labels((each for each in bounds if not is_asked(each.where, known)), known),
        offerings=found.content.seats,
        wishes=wishes_in(intake, offerings),
        titles={each.key: dict(named.get(each.key, each.title)) for each in offerings},
        offered={each.key: each.seats for each in offerings},
    )


def wished_seats(intake: Intake, right: Collection[str], hand: Mapping[str, HandMove]) -> JointRules:
    """Return the seats of an intake with the wishes of those who have one by right or by hand alone: what tells where
    these are. Two statements, and three of the rules."""
    found, offerings = rules_in_force(intake), programmes.offerings_of(intake)
    seats: Mapping[str, int] = found.content.seats if found is not None else {}
    reasons = dict.fromkeys(right, "")
    wishes = wishes_in(intake, offerings, {*right, *hand})
    return JointRules((), (), {}, {}, 0, right=reasons, hand=hand, offerings=seats, wishes=wishes)


def wishes_in(
    intake: Intake, offerings: Sequence[Offering], numbers: Collection[str] | None = None
) -> Mapping[str, tuple[str, ...]]:
    """Return which of these offerings each sent file of an intake asks for, the dearest first, by its number: as the
    form ranks them, or where it does not, the one that the file is of, or the first. With `numbers` of these files
    alone. One statement."""
    form = programmes.definition_of(intake).of_intake(intake.key).form
    offered = {each.id: each.key for each in offerings}
    keys, first = frozenset(offered.values()), next(iter(offered.values()), "")
    ranking = ranking_of_offerings(form, keys)
    # Whether a ranking counts may be for the other answers to say.
    is_whole = bool(set(ranking) & form.conditions_of().keys())
    answers: list[Any] = [Application.answers[key] for key in ranking]
    if is_whole:
        answers = [Application.answers]
    wanted = sa.select(Application.number, Application.offering_id, *answers)
    wanted = wanted.where(Application.intake_id == intake.id, _SENT)
    if numbers is not None:
        wanted = wanted.where(Application.number.in_(sorted(numbers)))
    rows = db.session.execute(wanted)
    found: dict[str, tuple[str, ...]] = {}
    for number, offering, *given in rows:
        said = given[0] or {} if is_whole else dict(zip(ranking, given, strict=True))
        found[number] = ranked_wishes(form, said, keys) or (offered.get(offering, first),)
    return found


def to_seal(viewer: Viewer) -> Sequence[Intake]:
    """Return the intakes whose rules somebody else proposed, and the viewer may seal."""
    chosen = sa.select(Intake).join(RulesVersion, RulesVersion.intake_id == Intake.id)
    chosen = chosen.where(followed(viewer, "selection.approve"), RulesVersion.proposed_by != viewer.reference)
    waits = RulesVersion.state == RulesState.PROPOSED.value
    return db.session.scalars(chosen.where(waits).order_by(RulesVersion.proposed_at, Intake.id)).all()


def to_propose(viewer: Viewer) -> Sequence[Intake]:
    """Return the intakes whose rules are written and not proposed, or whose definition bounds them, where readers wait
    to hand in a first mark: of those for which the viewer may propose rules. One statement, definitions apart."""
    rows = sa.exists().where(RulesVersion.intake_id == Intake.id)
    written = rows.where(RulesVersion.state == RulesState.DRAFT.value)
    read = sa.exists().where(Review.intake_id == Intake.id)
    given_out = read.where(Review.state.in_([state.value for state in OPEN]))
    begun = read.where(Review.submitted_at.is_not(None))
    chosen = sa.select(Intake, written).where(followed(viewer, "selection.propose"))
    chosen = chosen.where(written | (~rows & given_out & ~begun)).order_by(Intake.id)
    return [
        intake
        for intake, is_written in db.session.execute(chosen)
        if is_written or programmes.definition_of(intake).selection.bounds_of(intake.key)
    ]
