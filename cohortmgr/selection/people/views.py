"""The tab of a person's page that shows their file's readings and what was decided; the word beside their name."""

from __future__ import annotations

from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.file.queries import File
from cohortmgr.base.errors import N_
from cohortmgr.base.i18n import say
from cohortmgr.base.registries.person_page import ShownMark, TabContent
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.definition.rules import Rubric
from cohortmgr.reviews import queries as readings
from cohortmgr.reviews.harmonising.queries import formulas_in
from cohortmgr.reviews.phases.display import ShownPhase, name_of, shown
from cohortmgr.reviews.phases.queries import marks_in
from cohortmgr.selection.people import queries
from cohortmgr.selection.rules import OfferState

READINGS = "reviews.read"
# An accepted place is told by the enrolment that follows from it.
_OFFERS = {
    OfferState.SENT: ("wait", N_("Attend sa réponse")),
    OfferState.DECLINED: ("neutral", N_("Renoncement")),
    OfferState.EXPIRED: ("stop", N_("Offre sans réponse")),
    OfferState.WITHDRAWN: ("neutral", N_("Offre retirée")),
}


def draw(viewer: Viewer, file: File) -> TabContent:
    """Return each reading with its marks by criterion, comment, reader and moment, and the decisions with rank, offer
    and place on the waiting list. Raises Withheld from whoever has an interest in the file's intake."""
    readings.require_unconcerned(viewer, file.intake)
    rubric = programmes.definition_of(file.intake).rubric
    found = readings.of_file(viewer, file.application) if allows(viewer, READINGS, file.intake.path) else []
    decided = queries.decided_of(viewer, file)
    by_wishes = any(line.decision.wishes for line in decided)
    offered = programmes.offerings_of(file.intake) if by_wishes else []
    named = programmes.definition_of(file.intake).intake(file.intake.key).named
    values = {
        "titles": {each.key: named.get(each.key, each.title) for each in offered},
        "keys": {each.id: each.key for each in offered},
        "readings": found,
        "criteria": {each.key: each.criteria for each in rubric.phases},
        "names": {each.key: name_of(each) for each in rubric.phases} if not rubric.is_plain else {},
        "phases": _phases(viewer, file, rubric),
        "decided": decided,
        "moves": queries.moves_of(viewer, file),
        "sees_readings": allows(viewer, READINGS, file.intake.path),
        "sees_ranking": allows(viewer, queries.PERMISSION, file.intake.path),
    }
    return TabContent("selection/people/staff_readings.html", values)


def _phases(viewer: Viewer, file: File, rubric: Rubric) -> list[ShownPhase]:
    """What the file got in each phase, for whoever follows the readings."""
    if not allows(viewer, READINGS, file.intake.path):
        return []
    if rubric.is_plain and not formulas_in(file.intake.id):
        return []
    number = file.application.id
    return shown(rubric, marks_in(file.intake, number).of(number))


def mark(state: str | None) -> ShownMark | None:
    """Say what became of an offer; nothing of none, and nothing of an accepted one."""
    kind, text = _OFFERS.get(OfferState(state), ("", "")) if state else ("", "")
    return ShownMark(say(text), kind) if text else None
