"""The rules of placements: states of positions, wishes, placements and matchings; checks of wishes and scores."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.states import Stage, Table


class PositionState(StrEnum):
    """The state of a position that a company offers."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


POSITION_STATES = Table(
    {
        PositionState.DRAFT: Stage(
            N_("L’entreprise prépare le poste ; les apprentis ne le voient pas."),
            to=(PositionState.OPEN, PositionState.CANCELLED),
        ),
        PositionState.OPEN: Stage(
            N_("Le poste est publié : il peut recevoir des vœux et des notes."),
            to=(PositionState.CLOSED, PositionState.DRAFT, PositionState.CANCELLED),
        ),
        PositionState.CLOSED: Stage(
            N_("Le poste ne reçoit plus de vœux ; ses places entrent dans l’affectation."),
            to=(PositionState.OPEN, PositionState.CANCELLED),
        ),
        PositionState.CANCELLED: Stage(N_("L’entreprise a retiré le poste.")),
    }
)


class WishState(StrEnum):
    """The state of an apprentice's list of wishes."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    LOCKED = "locked"


WISH_STATES = Table(
    {
        WishState.DRAFT: Stage(
            N_("La personne ordonne ses vœux ; ils ne comptent pas encore."),
            to=(WishState.DRAFT, WishState.SUBMITTED),
        ),
        WishState.SUBMITTED: Stage(
            N_("Les vœux sont remis et peuvent changer jusqu’à la date limite."),
            to=(WishState.SUBMITTED, WishState.DRAFT, WishState.LOCKED),
        ),
        WishState.LOCKED: Stage(N_("Les vœux sont figés pour l’affectation."), to=(WishState.SUBMITTED,)),
    }
)


class PlacementState(StrEnum):
    """The state of the place of one apprentice in one company."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    STARTED = "started"
    ENDED = "ended"
    BROKEN = "broken"
    CANCELLED = "cancelled"


PLACEMENT_STATES = Table(
    {
        PlacementState.PROPOSED: Stage(
            N_("L’affectation propose cette entreprise ; elle n’est pas encore approuvée."),
            to=(PlacementState.CONFIRMED, PlacementState.CANCELLED),
            name=N_("Proposée"),
        ),
        PlacementState.CONFIRMED: Stage(
            N_("L’affectation est approuvée : l’apprenti et l’entreprise en sont informés."),
            to=(PlacementState.STARTED, PlacementState.BROKEN, PlacementState.CANCELLED),
            name=N_("Approuvée"),
        ),
        PlacementState.STARTED: Stage(
            N_("L’apprenti est en entreprise."),
            to=(PlacementState.ENDED, PlacementState.BROKEN),
            name=N_("En entreprise"),
        ),
        PlacementState.ENDED: Stage(
            N_("La période en entreprise est arrivée à son terme."), name=N_("Terminée")
        ),
        PlacementState.BROKEN: Stage(
            N_("La période en entreprise a été interrompue, avec un motif."), name=N_("Interrompue")
        ),
        PlacementState.CANCELLED: Stage(
            N_("L’affectation a été annulée avant le début."), name=N_("Annulée")
        ),
    }
)


class MatchingState(StrEnum):
    """The state of one run of the matching."""

    DRAFT = "draft"
    APPROVED = "approved"
    CANCELLED = "cancelled"


MATCHING_STATES = Table(
    {
        MatchingState.DRAFT: Stage(
            N_("L’affectation est calculée et attend l’accord d’une deuxième personne."),
            to=(MatchingState.APPROVED, MatchingState.CANCELLED),
        ),
        MatchingState.APPROVED: Stage(
            N_("L’affectation est approuvée : les apprentis et les entreprises en sont informés.")
        ),
        MatchingState.CANCELLED: Stage(N_("L’affectation est abandonnée ; personne n’en a été informé.")),
    }
)


PRESENT = frozenset({PlacementState.CONFIRMED, PlacementState.STARTED, PlacementState.ENDED})
"""Placements that count as placed, and that let the company see the apprentice."""

STANDING = PRESENT | {PlacementState.PROPOSED}
"""Placements of which a person has one at most."""

SEATED = STANDING - {PlacementState.ENDED}
"""Placements that take a seat of their position."""

HOSTED = PRESENT | {PlacementState.BROKEN}
"""Placements in which the company has, or had, the apprentice: it pays for those days."""


def after_leaving(state: PlacementState, begun: bool) -> PlacementState | None:
    """Return the state of a placement after its apprentice leaves the cohort or its company breaks it off; None if
    it has ended already."""
    begun = begun and state is not PlacementState.PROPOSED
    to = PlacementState.BROKEN if begun else PlacementState.CANCELLED
    return to if PLACEMENT_STATES.can(state, to) else None


LONGEST_REASON = 1000


def check_reason(reason: str) -> list[Problem]:
    """Return what is wrong with the reason of an act by hand: that there is none, or that it is too long."""
    if reason.strip() and len(reason) <= LONGEST_REASON:
        return []
    return [Problem(N_("Écrivez le motif : il explique cet acte plus tard."), {}, "reason")]


def check_scores(scores: Mapping[str, str], least: int, most: int) -> tuple[dict[str, int], list[Problem]]:
    """Read a company's scores as they were typed. Returns candidate -> whole number, without the empty ones.

    Returns also a Problem (where = candidate) for each that is no whole number from `least` to `most`.
    """
    read: dict[str, int] = {}
    problems = []
    for candidate, typed in scores.items():
        text = typed.strip()
        if not text:
            continue
        if text.isascii() and text.isdigit() and len(text) < 5 and least <= int(text) <= most:
            read[candidate] = int(text)
        else:
            problems.append(
                Problem(
                    N_("Une note est un nombre entier de %(least)s à %(most)s."),
                    {"least": least, "most": most},
                    candidate,
                )
            )
    return read, problems


def check_wishes(wishes: Sequence[str], open_to: Collection[str], least: int, most: int) -> list[Problem]:
    """Return why a list of wishes cannot be handed in: unknown or repeated choices, or too few or too many.

    With fewer open choices than `least`, all of them are enough.
    """
    problems = []
    needed = min(least, len(set(open_to)))
    if len(wishes) < needed:
        problems.append(
            Problem(
                N_("Classez encore %(missing)s choix : il en faut au moins %(least)s."),
                {"missing": needed - len(wishes), "least": needed},
                "wishes",
            )
        )
    if len(wishes) > most:
        problems.append(Problem(N_("Classez au plus %(most)s choix."), {"most": most}, "wishes"))
    for place, wish in enumerate(wishes, start=1):
        if wish in wishes[: place - 1]:
            problems.append(Problem(N_("Le vœu %(place)s répète un vœu précédent."), {"place": place}, wish))
        elif wish not in open_to:
            problems.append(Problem(N_("Le vœu %(place)s n’est plus proposé."), {"place": place}, wish))
    return problems


def why_unplaced(
    wished: Sequence[str], priorities: Mapping[str, Mapping[str, int]], candidate: str
) -> Problem:
    """Say why the matching left someone without a company: no wish, no company that scored them, or all full."""
    if not wished:
        return Problem(N_("Aucun vœu remis."))
    scored = [company for company in wished if candidate in priorities.get(company, {})]
    if not scored:
        return Problem(N_("Aucune des entreprises demandées ne lui a donné de note."))
    if len(scored) < len(wished):
        return Problem(
            N_(
                "Entreprises demandées qui ont noté : %(scored)s sur %(wished)s, toutes prises par de meilleures notes."
            ),
            {"scored": len(scored), "wished": len(wished)},
        )
    return Problem(N_("Les places des entreprises demandées sont allées à de meilleures notes."))


def moved(order: Sequence[str], move: str) -> list[str]:
    """Return the list after one step, `up:KEY` or `down:KEY`; unchanged if the step leads nowhere."""
    direction, _, key = move.partition(":")
    changed = list(order)
    if key in changed and direction in ("up", "down"):
        place = changed.index(key)
        to = place + (-1 if direction == "up" else 1)
        if 0 <= to < len(changed):
            changed[place], changed[to] = changed[to], changed[place]
    return changed
