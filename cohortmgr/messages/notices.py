"""What is said by campaigns. Pure."""

from __future__ import annotations

from cohortmgr.base.errors import N_
from cohortmgr.outbox.notices import Notice, Variable

# The campaign's own text, filled for each person when its message is written.
_SAID = (
    Variable("subject", "text", "Journée portes ouvertes", required=True),
    Variable("body", "text", "Bonjour Salma Bennis,\n\nNous vous attendons le 3 juin.", required=True),
    Variable("short", "text", "Portes ouvertes le 3 juin", required=True),
)
_STOP = Variable("unsubscribe", "link", "IjdLM1FYUEIyTTQi.xyz", required=True, path="/unsubscribe/{}")

NOTICES = (
    Notice("campaign", N_("Envoi groupé"), (*_SAID, _STOP), campaign=True),
    Notice("campaign_test", N_("Essai d’un envoi groupé"), _SAID, urgent=True),
)
