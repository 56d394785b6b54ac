"""When staff may withdraw a file for its person: on a request that is written and dated. Pure."""

from __future__ import annotations

from datetime import date

from cohortmgr.base.errors import N_, Problem

LONGEST_REASON = 1000
_WHEN = N_("Écrivez le jour de la demande : jour/mois/année.")
_BETWEEN = N_("La demande doit être postérieure à l’envoi du dossier (%(sent)s) et ne peut pas être à venir.")
_WHY = N_("Dites comment la demande est arrivée et où elle est gardée.")


def withdrawal_problems(reason: str, requested_on: date | None, sent_on: date, today: date) -> list[Problem]:
    """What is wrong with the word of a request: its reason, or its day, which lies between the sending and today."""
    problems = []
    if requested_on is None:
        problems.append(Problem(_WHEN, {}, "requested_on"))
    elif not sent_on <= requested_on <= today:
        problems.append(Problem(_BETWEEN, {"sent": sent_on}, "requested_on"))
    if not reason:
        problems.append(Problem(_WHY, {}, "reason"))
    return problems
