"""Forms of interviews and tests: a day, why it is cancelled, somebody placed by hand, what somebody needs."""

from __future__ import annotations

from datetime import time
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    URLField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from cohortmgr.base.forms import HouseForm, WholeField
from cohortmgr.reviews.interviews.rules import (
    LONGEST,
    LONGEST_LINK,
    LONGEST_PLACE,
    LONGEST_REASON,
    LONGEST_WORDS,
    MOST_HOURS_BEFORE,
    MOST_PLACES,
    SHORTEST,
    AccessNeed,
    DayPlan,
)
from cohortmgr.reviews.interviews.timetable import A_DAY, DaySpan

PLACE, REMOTE = "place", "remote"
_HOUR = _l("Écrivez une heure, par exemple 09:00.")


class TickedField(SelectMultipleField):
    """Several of a list, each with a box to tick. What is not in the list the rules refuse."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class HourField(TimeField):
    """An hour of a day. What reads as none is said in the words of the house."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the hour; raises ValueError, which the form shows."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_HOUR) from None


class InterviewDayForm(HouseForm):
    """The form of a day: the page fills in who may be on its panel."""

    phase = SelectField(_l("Phase"), validate_choice=False)
    day = DateField(_l("Jour"), [InputRequired(_l("Choisissez un jour."))])
    begins = HourField(_l("De"), [InputRequired(_HOUR)], default=time(9))
    ends = HourField(_l("À"), [InputRequired(_HOUR)], default=time(16))
    length = WholeField(
        _l("Durée d’un créneau, en minutes"),
        [InputRequired(_l("Écrivez un nombre entier.")), NumberRange(SHORTEST, LONGEST)],
        default=30,
    )
    places = WholeField(
        _l("Personnes par créneau"),
        [InputRequired(_l("Écrivez un nombre entier.")), NumberRange(1, MOST_PLACES)],
        default=1,
    )
    break1_begins = HourField(_l("Pause, de"), [Optional()])
    break1_ends = HourField(_l("Pause, à"), [Optional()])
    break2_begins = HourField(_l("Autre pause, de"), [Optional()])
    break2_ends = HourField(_l("Autre pause, à"), [Optional()])
    where = RadioField(
        _l("Où"),
        choices=[
            SelectChoice(PLACE, _l("À une adresse")),
            SelectChoice(REMOTE, _l("À distance, par un lien")),
        ],
        default=PLACE,
    )
    address = StringField(_l("Adresse"), [Optional(), Length(max=LONGEST_PLACE)])
    room = StringField(_l("Salle"), [Optional(), Length(max=LONGEST_PLACE)])
    map_link = URLField(_l("Lien vers une carte"), [Optional(), Length(max=LONGEST_LINK)])
    link = URLField(_l("Lien de la visioconférence"), [Optional(), Length(max=LONGEST_LINK)])
    move_until = WholeField(
        _l("Choisir ou changer son créneau, jusqu’à combien d’heures avant"),
        [InputRequired(_l("Écrivez un nombre entier.")), NumberRange(0, MOST_HOURS_BEFORE)],
        default=24,
    )
    readers = TickedField(
        _l("Jury"),
        description=_l("Ces personnes accueillent les candidats et notent l’entretien."),
        validate_choice=False,
    )

    def fill(self, phase: str, plan: DayPlan, readers: list[str]) -> None:
        """Show what a day says."""
        pauses = [(each.begins, each.ends) for each in plan.breaks] + [(None, None), (None, None)]
        self.process(
            data={
                **{name: getattr(plan, name) for name in ("day", "length", "places", "move_until")},
                **{name: getattr(plan, name) for name in ("address", "room", "map_link", "link")},
                "phase": phase,
                "begins": _time(plan.hours.begins),
                "ends": _time(plan.hours.ends),
                "break1_begins": _time(pauses[0][0]),
                "break1_ends": _time(pauses[0][1]),
                "break2_begins": _time(pauses[1][0]),
                "break2_ends": _time(pauses[1][1]),
                "where": REMOTE if plan.remote else PLACE,
                "readers": readers,
            }
        )

    def plan(self) -> DayPlan:
        """Return what was typed, once the form is valid. A break with one hour alone ends before it begins."""
        pauses = [
            DaySpan(_minute(begins.data, A_DAY), _minute(ends.data, 0))
            for begins, ends in (
                (self.break1_begins, self.break1_ends),
                (self.break2_begins, self.break2_ends),
            )
            if begins.data or ends.data
        ]
        if self.day.data is None:
            raise ValueError("a valid form has a day")
        return DayPlan(
            day=self.day.data,
            hours=DaySpan(_minute(self.begins.data, 0), _minute(self.ends.data, 0)),
            length=self.length.data or 0,
            breaks=tuple(pauses),
            places=self.places.data or 0,
            remote=self.where.data == REMOTE,
            address=(self.address.data or "").strip(),
            room=(self.room.data or "").strip(),
            map_link=(self.map_link.data or "").strip(),
            link=(self.link.data or "").strip(),
            move_until=self.move_until.data or 0,
        )


def _time(minute: int | None) -> time | None:
    return None if minute is None else time(*divmod(min(minute, A_DAY - 1), 60))


def _minute(value: time | None, or_else: int) -> int:
    return or_else if value is None else value.hour * 60 + value.minute


class SlotReasonForm(HouseForm):
    """The form that cancels a day, or calls off somebody's slot, with the reason that people are told."""

    reason = TextAreaField(
        _l("Motif"),
        [InputRequired(_l("Écrivez le motif : la personne le lit.")), Length(max=LONGEST_REASON)],
        description=_l("Les personnes concernées le lisent. Par exemple : le jury est empêché."),
    )


class PlacingForm(HouseForm):
    """The form that gives somebody a slot by hand: the page fills in which are free."""

    number = StringField(_l("Numéro du dossier"), [InputRequired(_l("Écrivez un numéro de dossier."))])
    slot = SelectField(_l("Créneau"), validate_choice=False)
    anyway = BooleanField(
        _l("Donner ce créneau quand même"),
        description=_l(
            "Bien que la personne en ait un autre à cette heure, ou que le jury ne puisse pas la noter."
        ),
    )


class AccessNeedsForm(HouseForm):
    """The form in which somebody says what they need: the page names the kinds."""

    kinds = TickedField(_l("De quoi avez-vous besoin ?"), validate_choice=False)
    words = TextAreaField(
        _l("Autre chose, ou une précision"),
        [Optional(), Length(max=LONGEST_WORDS)],
        description=_l("Seul le jury le lit. Ce n’est pas une note."),
    )

    @property
    def chosen(self) -> list[str]:
        """The kinds that were ticked and exist."""
        known = {each.value for each in AccessNeed}
        return [each for each in self.kinds.data or [] if each in known]
