"""The rules of interviews: what a day may be, until when a slot may change, and the states of days and bookings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.states import Stage, Table
from cohortmgr.base.text import clean
from cohortmgr.programmes.definition.rules import Definition, PhaseKind, RubricPhase
from cohortmgr.reviews.interviews.timetable import A_DAY, DaySpan, slots_of

# The most of each that a day may have, and the longest texts of it.
MOST_PLACES, MOST_SLOTS, MOST_READERS = 50, 200, 12
SHORTEST, LONGEST = 5, 240
MOST_HOURS_BEFORE = 14 * 24
A_THOUSAND = 1_000
LONGEST_PLACE, LONGEST_LINK, LONGEST_REASON, LONGEST_WORDS = 300, 500, 500, 1000
# So far ahead a day is planned at most: a year is a slip of the pen.
FARTHEST = timedelta(days=366)
_LINK = re.compile(r"https?://[^\s/?#@]+\.[^\s/?#@]+([/?#]\S*)?\Z", re.IGNORECASE)


class DayState(StrEnum):
    """Whether a day takes place."""

    OPEN = "open"
    CANCELLED = "cancelled"


DAY_STATES = Table(
    {
        DayState.OPEN: Stage(
            N_("La journée a lieu ; ses créneaux libres se réservent."), to=(DayState.CANCELLED,)
        ),
        DayState.CANCELLED: Stage(
            N_("La journée est annulée, avec un motif ; qui y avait un créneau en choisit un autre.")
        ),
    }
)


class BookingState(StrEnum):
    """Where somebody's slot stands."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    CALLED_OFF = "called_off"
    ARRIVED = "arrived"
    NO_SHOW = "no_show"


BOOKING_STATES = Table(
    {
        BookingState.BOOKED: Stage(
            N_("Le créneau est réservé."),
            to=(
                BookingState.BOOKED,
                BookingState.CANCELLED,
                BookingState.CALLED_OFF,
                BookingState.ARRIVED,
                BookingState.NO_SHOW,
            ),
            name=N_("Réservé"),
        ),
        BookingState.CANCELLED: Stage(
            N_("La personne a rendu son créneau ; elle peut en choisir un autre."),
            to=(BookingState.BOOKED,),
            name=N_("Rendu"),
        ),
        BookingState.CALLED_OFF: Stage(
            N_("L’équipe a annulé le créneau ; la personne peut en choisir un autre."),
            to=(BookingState.BOOKED,),
            name=N_("Annulé"),
        ),
        BookingState.ARRIVED: Stage(
            N_("La personne est venue."), to=(BookingState.BOOKED,), name=N_("Présence notée")
        ),
        BookingState.NO_SHOW: Stage(
            N_("La personne n’est pas venue ; seule l’équipe peut lui donner un autre créneau."),
            to=(BookingState.BOOKED,),
            name=N_("Absence notée"),
        ),
    }
)

IN_A_SLOT = frozenset({BookingState.BOOKED, BookingState.ARRIVED, BookingState.NO_SHOW})
"""The states in which a booking takes a place of its slot."""

EXPECTED = frozenset({BookingState.BOOKED, BookingState.ARRIVED})
"""The states in which the panel is to hear somebody."""


class AccessNeed(StrEnum):
    """What somebody needs to take part as others do."""

    EXTRA_TIME = "extra_time"
    REMOTE = "remote"
    INTERPRETER = "interpreter"
    WHEELCHAIR = "wheelchair"


NEED_NAMES: Mapping[AccessNeed, str] = {
    AccessNeed.EXTRA_TIME: N_("Plus de temps"),
    AccessNeed.REMOTE: N_("À distance"),
    AccessNeed.INTERPRETER: N_("Un interprète"),
    AccessNeed.WHEELCHAIR: N_("Un accès en fauteuil roulant"),
}


@dataclass(frozen=True)
class DayPlan:
    """What is said of a day when it is made or changed. `hours` and `breaks` are of Casablanca's clocks.

    It is at an `address`, in a `room`, with a link to a map; or `remote`, at a `link`. Until `move_until` hours before
    a slot, its person may choose, move or give it back."""

    day: date
    hours: DaySpan
    length: int
    breaks: tuple[DaySpan, ...] = ()
    places: int = 1
    remote: bool = False
    address: str = ""
    room: str = ""
    map_link: str = ""
    link: str = ""
    move_until: int = 24

    @property
    def slots(self) -> tuple[DaySpan, ...]:
        """The slots of the day."""
        return slots_of(self.hours, self.length, self.breaks)


@dataclass(frozen=True)
class BusyReader:
    """When a member of a panel is on another: the name, the hours, and the title of that intake."""

    reference: str
    name: str
    hours: DaySpan
    intake: Mapping[str, str]


def attended(definition: Definition) -> tuple[RubricPhase, ...]:
    """Return the phases to which people come, at an hour and to a place: tests and interviews."""
    return tuple(each for each in definition.rubric.phases if is_attended(each))


def is_attended(phase: RubricPhase) -> bool:
    """Whether people come to a phase."""
    return phase.kind in (PhaseKind.TEST, PhaseKind.INTERVIEW)


def settled(plan: DayPlan) -> DayPlan:
    """Return a plan without what it does not use: a day at a place has no link of a video, and the other way round."""
    if plan.remote:
        return replace(plan, address="", room="", map_link="")
    return replace(plan, link="")


def plan_problems(plan: DayPlan, readers: Sequence[str], today: date) -> list[Problem]:
    """Return what is wrong with a plan and its panel, each with the field that it is about."""
    return [*_day_problems(plan, today), *_hour_problems(plan), *_place_problems(plan), *_panel(readers)]


def _day_problems(plan: DayPlan, today: date) -> Iterable[Problem]:
    if plan.day < today:
        yield Problem(N_("Ce jour est passé : choisissez aujourd’hui ou un jour à venir."), {}, "day")
    elif plan.day > today + FARTHEST:
        yield Problem(N_("Ce jour est à plus d’un an : vérifiez l’année."), {}, "day")
    if not 0 <= plan.move_until <= MOST_HOURS_BEFORE:
        yield _between("move_until", 0, MOST_HOURS_BEFORE)


def _hour_problems(plan: DayPlan) -> Iterable[Problem]:
    if not 0 <= plan.hours.begins < plan.hours.ends <= A_DAY:
        yield Problem(N_("La fin doit venir après le début, le même jour."), {}, "ends")
        return
    if not SHORTEST <= plan.length <= LONGEST:
        yield _between("length", SHORTEST, LONGEST)
        return
    if not 1 <= plan.places <= MOST_PLACES:
        yield _between("places", 1, MOST_PLACES)
    for number, pause in enumerate(plan.breaks, 1):
        if not plan.hours.begins <= pause.begins < pause.ends <= plan.hours.ends:
            what = N_("Une pause commence et finit dans les heures de la journée, et finit après son début.")
            yield Problem(what, {}, f"break{number}_ends")
    if not plan.slots:
        what = N_("Aucun créneau n’entre dans ces heures : allongez la journée, ou raccourcissez le créneau.")
        yield Problem(what, {}, "length")
    elif len(plan.slots) > MOST_SLOTS:
        yield Problem(
            N_("Ces heures font trop de créneaux ; au plus : %(most)s."), {"most": MOST_SLOTS}, "length"
        )


def _place_problems(plan: DayPlan) -> Iterable[Problem]:
    if plan.remote and not plan.link:
        yield Problem(N_("Écrivez le lien par lequel on se rejoint."), {}, "link")
    if not plan.remote and not plan.address:
        yield Problem(N_("Écrivez l’adresse où l’on vient."), {}, "address")
    for name, text in (("map_link", plan.map_link), ("link", plan.link)):
        if text and (len(text) > LONGEST_LINK or not _LINK.match(text)):
            yield Problem(N_("Un lien commence par https:// et ne contient pas d’espace."), {}, name)
    for name, text in (("address", plan.address), ("room", plan.room)):
        if len(text) > LONGEST_PLACE:
            yield Problem(N_("Écrivez %(most)s caractères au plus."), {"most": LONGEST_PLACE}, name)


def _panel(readers: Sequence[str]) -> Iterable[Problem]:
    if not readers:
        yield Problem(N_("Choisissez au moins une personne pour le jury."), {}, "readers")
    elif len(readers) > MOST_READERS:
        yield Problem(
            N_("Trop de personnes pour un jury ; au plus : %(most)s."), {"most": MOST_READERS}, "readers"
        )


def _between(where: str, least: int, most: int) -> Problem:
    what = N_("Écrivez un nombre entier, de %(least)s à %(most)s.")
    return Problem(what, {"least": least, "most": most}, where)


def clashes(hours: DaySpan, busy: Iterable[BusyReader]) -> list[Problem]:
    """Return a problem for each member of a panel who is on another at one of these hours, by name."""
    what = N_("%(name)s est déjà, à ces heures, dans un autre jury : %(intake)s, de %(begins)s à %(ends)s.")
    return [
        Problem(
            what,
            {
                "name": each.name,
                "intake": dict(each.intake),
                "begins": clock_text(each.hours.begins),
                "ends": clock_text(each.hours.ends),
            },
            "readers",
        )
        for each in busy
        if each.hours.meets(hours)
    ]


def may_be_heard(readings: int, able: Collection[int], unmarked_by: Collection[int]) -> bool:
    """Whether enough of a panel may mark somebody: as many as the phase asks for, or as there are in a panel that has
    fewer. `able` are those of the panel who may hear at all, `unmarked_by` those who do not mark this person."""
    needed = max(1, min(readings, len(able)))
    return len(set(able) - set(unmarked_by)) >= needed


def reason_given(text: str) -> str:
    """Return a reason as it is kept. Raises Refused without one."""
    reason = clean(text)[:LONGEST_REASON]
    if not reason:
        raise Refused(Problem(N_("Écrivez le motif : la personne le lit."), {}, "reason"))
    return reason


def clock_text(minute: int) -> str:
    """Write a minute of a day as clocks show it."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def sequence_of(booking: int, day: int) -> int:
    """Return the number of a calendar's entry by the versions of a slot and of its day: it grows with each change of
    either, and also when the slot moves to a day that changed less often."""
    return booking * A_THOUSAND + min(day, A_THOUSAND - 1)


def changes_until(starts_at: datetime, move_until: int) -> datetime:
    """Return the moment until which the person may choose, move or give back a slot."""
    return starts_at - timedelta(hours=move_until)
