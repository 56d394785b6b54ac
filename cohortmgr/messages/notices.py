"""The messages that campaigns and the help desk send to people. Pure."""

from __future__ import annotations

from datetime import date

from cohortmgr.base.errors import N_
from cohortmgr.outbox.notices import NAME, Notice, Variable

# The campaign's own text, filled for each person when its message is written.
_SAID = (
    Variable("subject", "text", "Journée portes ouvertes", required=True),
    Variable("body", "text", "Bonjour Salma Bennis,\n\nNous vous attendons le 3 juin.", required=True),
    Variable("short", "text", "Portes ouvertes le 3 juin", required=True),
)
_STOP = Variable("unsubscribe", "link", "IjdLM1FYUEIyTTQi.xyz", required=True, path="/unsubscribe/{}")

# The page of a question: in the person's own space, or behind a link for people without an account.
_QUESTION = (
    NAME,
    Variable("number", "text", "Q-7K3QXPB2", required=True),
    Variable("page", "link", "/my/questions/7K3QXPB2M47K3QXPB2M47K3QXP", required=True),
)

NOTICES = (
    Notice("campaign", N_("Envoi groupé"), (*_SAID, _STOP), campaign=True),
    Notice("campaign_test", N_("Essai d’un envoi groupé"), _SAID, urgent=True),
    Notice(
        "question_received",
        N_("Question reçue"),
        (*_QUESTION, Variable("answer_by", "day", date(2027, 3, 12), required=True)),
    ),
    Notice(
        "question_answered",
        N_("Réponse à une question"),
        (*_QUESTION, Variable("text", "text", "Envoyez le relevé du semestre 5.", required=True)),
    ),
    Notice(
        "door_reopened",
        N_("Question d’une adresse ou d’un numéro de nouveau posée"),
        (Variable("by", "text", "Amina Berrada"), Variable("contact", "text", "sa…@exemple.ma")),
        urgent=True,
    ),
)
