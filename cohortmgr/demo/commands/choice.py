"""The demonstration's selection: readings by severe and lenient people, the decision, and the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any

from cohortmgr.accounts.actions import claims, links
from cohortmgr.accounts.actions import people as accounts
from cohortmgr.accounts.queries import viewers as account_queries
from cohortmgr.accounts.rules import LINK_LIFETIME, Role, Viewer
from cohortmgr.base import clock
from cohortmgr.base.db import db, writing
from cohortmgr.demo import reviewers
from cohortmgr.demo.commands.setting import INTAKE, PROGRAMME, alike, by_role, file_of, viewer
from cohortmgr.demo.people import BEGINNER, BY_TELEPHONE, PASSWORD
from cohortmgr.programmes import queries as programmes
from cohortmgr.reviews import queries as review_queries
from cohortmgr.reviews.assignment.actions import sharing as assignment
from cohortmgr.reviews.reading import actions as reading
from cohortmgr.reviews.reading import queries as own
from cohortmgr.reviews.rules import bounds_of
from cohortmgr.selection import queries as selection_queries
from cohortmgr.selection.actions import decisions as selection
from cohortmgr.selection.actions import offers
from cohortmgr.selection.choosing.rules import Bound
from cohortmgr.selection.scenarios import actions as scenarios
from cohortmgr.selection.scenarios import queries as trials
from cohortmgr.selection.scenarios.rules import ScenarioChanges
from cohortmgr.selection.sealing import actions as sealing
from cohortmgr.selection.sealing import queries as rules

SEED = 2025
# Soft, so that no seat stays empty. In 2025 the first costs the others 0.3 points, the second nothing.
BOUNDS = (
    Bound({"sex": "f"}, at_least=14, hard=False),
    Bound({"region": "MA-08"}, at_least=2, hard=False),
)
A_SITTING = 40
# What the commission tries out, by the name under which it is kept: bounds, and how many times as much a criterion
# weighs.
SCENARIOS: Mapping[str, tuple[tuple[Bound, ...], Mapping[str, int]]] = {
    "Parité : quinze femmes sur trente": ((replace(BOUNDS[0], at_least=15), BOUNDS[1]), {}),
    "Le projet compte double, sans les bornes": ((), {"projet": 2}),
}


def seal_rules(key: str, *bounds: Bound) -> None:
    """Let two people seal the rules of an intake before its first mark: its seats, and these bounds."""
    intake = programmes.intake_of(PROGRAMME, key)
    manager, administrator = by_role(Role.SELECTION_MANAGER)[0], by_role(Role.PROGRAMME_ADMINISTRATOR)[0]
    content = rules.beginning(intake, rules.ground_of(intake))
    with alike(f"rules of {key}"), writing():
        written = sealing.save(manager, intake.reference, replace(content, bounds=bounds), 0)
        proposed = sealing.propose(manager, intake.reference, version=written.version)
        sealing.seal(administrator, intake.reference, proposed.version)


def read_files() -> Iterator[float]:
    """Seal the rules, assign every eligible file and let each reviewer read theirs, forty at a sitting. Yields the
    progress."""
    intake = programmes.intake_of(PROGRAMME, INTAKE)
    seal_rules(INTAKE, *BOUNDS)
    with alike("readings"), writing():
        assignment.assign(by_role(Role.SELECTION_MANAGER)[0], intake.reference)
    bounds = bounds_of(programmes.definition_of(intake).rubric)
    people = by_role(Role.REVIEWER)
    for number, reviewer in enumerate(people):
        db.session.rollback()
        waiting = iter(
            [row.reference for row in own.queue(reviewer, intake.id) if row.total_thousandths is None]
        )
        sitting = 0
        while batch := list(islice(waiting, A_SITTING)):
            sitting += 1
            with clock.at(clock.now() + timedelta(hours=3 * sitting)), writing():
                for reference in batch:
                    _read(reviewer, reference, bounds)
            yield (number + min(0.9, sitting / 4)) / len(people)


def _read(reviewer: Viewer, reference: str, bounds: dict[str, tuple[int, int]]) -> None:
    scores = scores_of(reviewer, reference, bounds)
    reading.score(reviewer, reference, scores, version=review_queries.get_for(reviewer, reference).version)


def scores_of(reviewer: Viewer, reference: str, bounds: dict[str, tuple[int, int]]) -> dict[str, int]:
    """Return what a reviewer of this temper gives the file of a reading, by its merit."""
    file = review_queries.file_of(review_queries.get_for(reviewer, reference))
    known_as = _known_as(file.email, file.number)
    merit = merit_of(file.email, file.number, file.answers)
    return reviewers.scores(reviewer.email, known_as, bounds, SEED, merit=merit)


def merit_of(email: str | None, number: str, answers: Mapping[str, Any]) -> float:
    """Return the true merit of a file, which no reviewer sees."""
    features = {
        "semesters": [answers[f"s{n}"] for n in range(1, 7) if f"s{n}" in answers],
        "languages": [answers[key] for key in ("french", "english") if key in answers],
        "motivation": answers.get("motivation"),
    }
    return reviewers.true_merit(features, _known_as(email, number), SEED)


def _known_as(email: str | None, number: str) -> str:
    # Files are known by their address, whatever their numbers are: so they have the same merit at each load.
    return email or number


def keep_scenarios() -> None:
    """Let the selection manager keep what other rules would have done, for the commission to look at before the next
    session. It comes after the definition changed last, so that these are today's marks."""
    intake = programmes.intake_of(PROGRAMME, INTAKE)
    manager, offering = by_role(Role.SELECTION_MANAGER)[0], selection_queries.offering_of(intake)
    ground = trials.ground_of(intake, offering)
    known = {each.name for each in trials.scenarios_of(offering)}
    usual = {each.key: each.weight for each in ground.rubric.every_criterion}
    for name, (bounds, times) in SCENARIOS.items():
        if name not in known:
            weights = {key: usual[key] * factor for key, factor in times.items()}
            with writing():
                changes = ScenarioChanges(ground.seats, bounds, weights)
                scenarios.keep(manager, intake.reference, offering.reference, name, changes)


def decide() -> None:
    """Let the selection manager propose, and the administrator approve by typing the number of offers."""
    intake = programmes.intake_of(PROGRAMME, INTAKE)
    manager, administrator = by_role(Role.SELECTION_MANAGER)[0], by_role(Role.PROGRAMME_ADMINISTRATOR)[0]
    with writing():
        batch = selection.propose(manager, intake.reference)
    chosen = sum(row.outcome == "offer" for row in selection_queries.decisions_of(batch))
    with clock.at(clock.now() + timedelta(hours=6)), writing():
        selection.approve(administrator, batch.reference, str(chosen))


def answer() -> Iterator[float]:
    """Let those with an offer claim their file and answer. Yields the progress (0 to 1).

    Two decline, and the next on the waiting list are asked."""
    intake = programmes.intake_of(PROGRAMME, INTAKE)
    manager = by_role(Role.SELECTION_MANAGER)[0]
    hashed = accounts.prepare_password(PASSWORD, "")
    batch = selection_queries.batches_of(intake)[0]
    for call in range(1, 4):
        waiting = [row for row in selection_queries.decisions_of(batch) if row.offer_state == "sent"]
        for number, row in enumerate(waiting, start=1):
            with clock.at(clock.now() + timedelta(hours=5 * call + number)):
                _answer(
                    _claimed(manager, row.application_reference, hashed),
                    accept=call > 1 or number not in (7, 19),
                )
            yield ((call - 1) + number / len(waiting)) / 3


def _claimed(manager: Viewer, application_reference: str, hashed: str) -> Viewer:
    """Return the viewer of a file: by the account that it has, or by one claimed with a link."""
    db.session.rollback()
    person_id, email = file_of(manager, application_reference)
    if account_queries.viewer_of_email(email) is None:
        with writing():
            subject = account_queries.reference_of(person_id)
            claims.take_up_link(links.create("claim", subject, LINK_LIFETIME), hashed)
    return viewer(email)


def _answer(candidate: Viewer, *, accept: bool) -> None:
    for each in selection_queries.mine(candidate):
        if each.offer is not None and each.offer.state == "sent":
            with writing():
                offers.answer_offer(candidate, each.offer.reference, accept)


def chosen_people(most: int) -> list[Viewer]:
    """Return at most this many of those who were chosen and accepted, by their rank."""
    intake = programmes.intake_of(PROGRAMME, INTAKE)
    manager = by_role(Role.SELECTION_MANAGER)[0]
    rows = selection_queries.decisions_of(selection_queries.batches_of(intake)[0])
    accepted = [row for row in rows if row.offer_state == "accepted"][:most]
    return [viewer(file_of(manager, row.application_reference)[1]) for row in accepted]


def candidates_to_show() -> list[tuple[str, str, str]]:
    """Return (label, address, password) of candidates to print: one who was chosen, and two who have just begun."""
    return [
        *(("candidate (in the cohort)", person.email, PASSWORD) for person in chosen_people(1)),
        ("candidate (draft in 2027)", BEGINNER, PASSWORD),
        ("candidate (by SMS alone)", BY_TELEPHONE, "a code, at /demo/mail"),
    ]
