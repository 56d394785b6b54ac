"""Forms for opening, cancelling and ending a payment run, and for adjusting one of its lines."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.forms import HouseForm, WholeField
from cohortmgr.cohorts.holidays import working_days
from cohortmgr.stipends.months import month_of
from cohortmgr.stipends.rules import Arrear


class MonthForm(HouseForm):
    """The form that chooses the month to pay."""

    month = StringField(_l("Mois"), [InputRequired(_l("Choisissez un mois, par exemple 2026-01."))])


class CancelRunForm(HouseForm):
    """The reason for which a run is cancelled; `version` is the run's."""

    version = HiddenField()
    reason = TextAreaField(
        _l("Motif"),
        [InputRequired(_l("Écrivez le motif : il explique cet acte plus tard.")), Length(max=1000)],
        description=_l("Il reste au journal et sur cette page."),
    )


class BankDayForm(HouseForm):
    """The day on which the bank paid what is left of a run."""

    day = DateField(_l("Jour du versement"), [InputRequired(_l("Choisissez un jour."))])


class BankWordForm(HouseForm):
    """What the bank says of one line: paid on a day, or returned, and why."""

    day = DateField(_l("Jour"), [InputRequired(_l("Choisissez un jour."))])
    returned = BooleanField(_l("Le versement est revenu"))
    because = TextAreaField(
        _l("Motif du retour"),
        [Optional(), Length(max=1000)],
        description=_l(
            "Ce que dit la banque, par exemple : compte clôturé. Vide si le versement est arrivé."
        ),
    )


class AdjustmentForm(HouseForm):
    """Absences and arrears of one line. The page shows the fields one below the other, the reason last."""

    version = HiddenField()
    absences = WholeField(
        _l("Jours d’absence non justifiée"),
        [
            InputRequired(_l("Écrivez un nombre de jours, 0 s’il n’y en a pas.")),
            NumberRange(0, 31, _l("Écrivez un nombre de jours de 0 à 31.")),
        ],
    )
    arrears_month = StringField(_l("Mois du rappel ou du trop-perçu"), [Optional()])
    arrears_days = WholeField(
        _l("Jours dus (négatif : trop-perçu)"),
        [Optional(), NumberRange(-31, 31, _l("Écrivez un nombre de jours de −31 à 31."))],
    )
    reason = TextAreaField(
        _l("Motif"),
        [
            InputRequired(_l("Écrivez le motif : il explique ce montant plus tard.")),
            Length(max=500, message=_l("Écrivez 500 caractères au plus.")),
        ],
    )

    def arrears(self) -> list[Arrear]:
        """Return the arrear that was typed, out of the working days of its month; empty if no days are given."""
        days = self.arrears_days.data
        if not days:
            return []
        try:
            month: date = month_of(self.arrears_month.data or "")
        except Refused:
            what = N_("Choisissez le mois du rappel, par exemple 2026-01.")
            raise Refused(Problem(what, {}, "arrears_month")) from None
        return [Arrear(month, days, len(working_days(month)))]
