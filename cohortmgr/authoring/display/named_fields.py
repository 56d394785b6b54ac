"""What the fields of a programme's settings are called in the summary of what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from cohortmgr.base.errors import N_
from cohortmgr.base.i18n import comma, say

# Rows and texts in several languages, by the first word of the field's name, and single fields by the whole of it.
_FIELDS: Mapping[str, str] = {
    "label": N_("Énoncé"),
    "help": N_("Aide"),
    "title": N_("Titre"),
    "reason": N_("Raison"),
    "advice": N_("Conseil"),
    "options": N_("Choix"),
    "periods": N_("Période"),
    "purposes": N_("Accord"),
    "show_when": N_("Condition"),
    "require_when": N_("Condition"),
    "when": N_("Condition"),
    "values": N_("Valeur"),
    "intakes": N_("Campagne"),
    "partners": N_("Entreprise"),
    "calendar-starts_on": N_("Premier jour de la formation"),
    "calendar-company_from": N_("Première période en entreprise"),
    "reminders-draft_hours": N_("Rappels aux brouillons, en heures avant la clôture"),
    "offers-days_to_answer": N_("Jours pour répondre à une offre"),
    "offers-waiting_list": N_("Personnes sur la liste d’attente, au plus"),
    "offers-last_day": N_("Dernier jour où une place est offerte"),
    "offers-reminders_hours": N_("Rappels d’une offre, en heures avant la fin du délai"),
    "placement-wishes_max": N_("Postes qu’un apprenti classe, au plus"),
    "placement-company_score_min": N_("Plus petite note d’une entreprise"),
    "placement-company_score_max": N_("Plus grande note d’une entreprise"),
    "monthly_cents": N_("Montant par mois, en dirhams"),
    "months": N_("Nombre de mois payés"),
    "starts_month": N_("Premier mois payé"),
    "working_days_basis": N_("Jours ouvrés d’un mois entier"),
}
# The fields of a row, by the last word of the field's name.
_OF_A_ROW: Mapping[str, str] = {
    "seats": N_("Places"),
    "opens_at": N_("Ouverture"),
    "closes_at": N_("Clôture"),
    "decision_by": N_("Réponse promise avant le"),
    "starts_on": N_("Début de la formation"),
}


def named(place: str, what: str) -> str:
    """Put the name of the field before what is wrong with it, with the number of its row; what has no name here names
    itself."""
    first, _point, rest = place.partition("-")
    field = _FIELDS.get(place) or _FIELDS.get(first)
    if field is None:
        return what
    number, _point, inner = rest.partition("-")
    called = f"{say(field)} {int(number) + 1}" if number.isdecimal() else say(field)
    leaf = _OF_A_ROW.get(inner.rpartition("-")[2])
    if leaf is not None and number.isdecimal():
        called = f"{called}{comma()}{say(leaf)}"
    return _("%(field)s : %(what)s", field=called, what=what)
