"""Writing the rules by which an intake chooses, proposing them, and sealing them as a second person.

Once they are sealed they change by another version alone, with a reason, again by two people; and no more once a batch
of decisions rests on them.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, allows, require, require_second_person
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.crypto import seal as seal_text
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.base.text import clean, new_reference
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.source_lines import shown
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.queries import require_unconcerned
from cohortmgr.reviews.seals.queries import has_marks
from cohortmgr.selection.sealing import queries
from cohortmgr.selection.sealing.models import RulesVersion
from cohortmgr.selection.sealing.rules import (
    LONGEST_REASON,
    RULES_STATES,
    ChoiceGround,
    RulesContent,
    RulesState,
    digest_of,
    faults_in,
    numbers_in,
    sealed_statement,
)

_SALT_LENGTH = 52
"""Characters of five bits: 260 bits, which nobody tries out."""
_DECIDED = N_(
    "Un lot de décisions repose sur ces règles : annulez-le d’abord, tant qu’il n’est pas approuvé."
)
_WAITS = N_("Ces règles attendent le sceau d’une deuxième personne : reprenez-les d’abord pour les changer.")
_NOTHING_NEW = N_("Ces règles sont celles qui sont scellées : rien ne change.")
_NOT_PROPOSED = N_("Ces règles ne sont pas proposées : il n’y a rien à sceller.")
_NO_REASON = N_(
    "Dites pourquoi les règles changent après le sceau : le motif va au certificat et au procès-verbal."
)
_TOO_LONG = N_("Écrivez %(most)s caractères au plus.")


def save(viewer: Viewer, reference: str, content: RulesContent, version: int) -> RulesVersion:
    """Keep what the rules of an intake are to say, as a draft that binds nobody. `version` is that of the draft which
    the page showed, nought if there was none. The same rules again change nothing.

    Raises Stale if they were changed meanwhile, and Refused with every fault (see `faults_in`), while they wait for a
    seal, and once a batch of decisions rests on them."""
    intake = _held(viewer, reference, "selection.propose")
    versions = queries.versions_of(intake)
    row, sealed = queries.open_among(versions), queries.sealed_among(versions)
    said = content.as_json()
    if row is not None and row.state == RulesState.PROPOSED:
        raise Refused(_WAITS)
    if row is not None and row.content == said:
        return row
    if version != (row.version if row is not None else 0):
        raise Stale(reference)
    _require_sound(content, queries.ground_of(intake, numbers_in([content])))
    if row is None and sealed is not None and sealed.content == said:
        return sealed
    before = row.content if row is not None else {}
    if row is None:
        row = _new_version(viewer, intake, versions)
    row.content, row.written_by, row.written_at = said, viewer.reference, clock.now()
    db.session.flush()
    record(viewer, "selection.save_rules", about(row), before=before, after=said)
    return row


def _new_version(viewer: Viewer, intake: Intake, versions: Sequence[RulesVersion]) -> RulesVersion:
    row = RulesVersion(
        reference=new_reference(),
        institution_id=intake.institution_id,
        intake_id=intake.id,
        number=versions[-1].number + 1 if versions else 1,
        state=RulesState.DRAFT.value,
        content={},
        written_by=viewer.reference,
        written_at=clock.now(),
    )
    db.session.add(row)
    return row


def propose(viewer: Viewer, reference: str, reason: str = "", version: int = 0) -> RulesVersion:
    """Propose the rules that are written for a second person to seal; where none are written, those with which they
    begin. A second call of the same person changes nothing.

    Raises Stale if they were changed since the page showed them, and Refused if they are those in force, without a
    reason for a change after the first seal, with every fault that came meanwhile, and once a batch rests on them."""
    intake = _held(viewer, reference, "selection.propose")
    versions = queries.versions_of(intake)
    row, sealed = queries.open_among(versions), queries.sealed_among(versions)
    if row is not None and row.state == RulesState.PROPOSED and row.proposed_by == viewer.reference:
        return row
    if version != (row.version if row is not None else 0):
        raise Stale(reference)
    if row is None and sealed is None:
        content = queries.beginning(intake, queries.ground_of(intake))
        row = _new_version(viewer, intake, ())
        row.content = content.as_json()
    if row is None or (sealed is not None and row.content == sealed.content):
        raise Refused(_NOTHING_NEW)
    row.reason = _reason(reason) if sealed is not None else ""
    content = RulesContent.of_json(row.content)
    _require_sound(content, queries.ground_of(intake, numbers_in([content])))
    row.state = RULES_STATES.move(row.state, RulesState.PROPOSED).value
    row.proposed_by, row.proposed_at = viewer.reference, clock.now()
    db.session.flush()
    after = {"number": row.number, "reason": row.reason, "rules": row.content}
    record(viewer, "selection.propose_rules", about(row), after=after)
    return row


def take_back(viewer: Viewer, reference: str) -> None:
    """Take rules back that wait for a seal: they are a draft again. Nothing happens if none wait."""
    row = _open(viewer, reference)
    if row is None or row.state != RulesState.PROPOSED:
        return
    row.state = RULES_STATES.move(row.state, RulesState.DRAFT).value
    row.proposed_by = row.proposed_at = None
    record(viewer, "selection.take_back_rules", about(row), after={"number": row.number})


def drop(viewer: Viewer, reference: str, version: int) -> None:
    """Give up a draft: what is sealed, or what the definition says, stands. Nothing happens if there is none; Stale if
    it was changed since the page showed it."""
    row = _open(viewer, reference)
    if row is None:
        return
    if row.state == RulesState.PROPOSED:
        raise Refused(_WAITS)
    if version != row.version:
        raise Stale(reference)
    record(viewer, "selection.drop_rules", about(row), before=row.content)
    db.session.delete(row)


def seal(viewer: Viewer, reference: str, version: int) -> RulesVersion:
    """Seal the rules that are proposed, as a second person: they are in force from now on. The salt of the intake is
    drawn at its first seal. If they are sealed already, nothing happens twice.

    Raises Stale if they are others than the page showed, and Refused if the viewer proposed them, if none are proposed,
    with every fault that came meanwhile, and once a batch rests on the rules before them."""
    intake = _held(viewer, reference, "selection.approve", decided_too=True)
    versions = queries.versions_of(intake)
    row, sealed = queries.open_among(versions), queries.sealed_among(versions)
    if row is None and sealed is not None and sealed.sealed_by == viewer.reference:
        return sealed
    _require_undecided(intake)
    if row is None or row.state != RulesState.PROPOSED:
        raise Refused(_NOT_PROPOSED)
    require_second_person(row.proposed_by or "", viewer.reference)
    if version != row.version:
        raise Stale(reference)
    content = RulesContent.of_json(row.content)
    _require_sound(content, queries.ground_of(intake, numbers_in([content])))
    salt = queries.salt_of(sealed) if sealed is not None else new_reference(_SALT_LENGTH)
    row.state = RULES_STATES.move(row.state, RulesState.SEALED).value
    row.sealed_by, row.sealed_at = viewer.reference, clock.now()
    row.digest = digest_of(sealed_statement(content, intake.reference, salt))
    row.salt = seal_text(salt, *queries.PLACE, row.reference)
    row.older_marks = has_marks(intake)
    after = {"number": row.number, "digest": row.digest, "older_marks": row.older_marks}
    record(viewer, "selection.seal_rules", about(row), after=after)
    return row


def _open(viewer: Viewer, reference: str) -> RulesVersion | None:
    """The version that is not sealed, for who may propose rules or seal them."""
    intake = programmes.get_intake(reference)
    permission = (
        "selection.propose" if allows(viewer, "selection.propose", intake.path) else "selection.approve"
    )
    return queries.open_among(queries.versions_of(_held(viewer, reference, permission, decided_too=True)))


def _held(viewer: Viewer, reference: str, permission: str, *, decided_too: bool = False) -> Intake:
    """Return an intake whose rules nobody else changes until the commit: whoever writes, seals or proposes decisions at
    once queues here."""
    intake = programmes.get_intake(reference)
    require(viewer, permission, intake.path)
    require_unconcerned(viewer, intake, permission)
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    if not decided_too:
        _require_undecided(intake)
    return intake


def _require_undecided(intake: Intake) -> None:
    if queries.rests_on_rules(intake):
        raise Refused(_DECIDED)


def _require_sound(content: RulesContent, ground: ChoiceGround) -> None:
    problems = [Problem(each.what, each.values, shown(each.path)) for each in faults_in(content, ground)]
    if problems:
        raise Refused(*problems)


def _reason(reason: str) -> str:
    said = clean(reason).strip()
    if not said:
        raise Refused(Problem(_NO_REASON, {}, "reason"))
    if len(said) > LONGEST_REASON:
        raise Refused(Problem(_TOO_LONG, {"most": LONGEST_REASON}, "reason"))
    return said
