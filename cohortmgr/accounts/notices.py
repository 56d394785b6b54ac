"""The messages that accounts send to people. Pure."""

from __future__ import annotations

from cohortmgr.base.errors import N_
from cohortmgr.outbox.notices import Notice, Variable

NOTICES = (
    Notice(
        "sign_in_code",
        N_("Code pour entrer ou confirmer"),
        (
            Variable("code", "text", "204 816", required=True),
            Variable("minutes", "number", 10),
        ),
        urgent=True,
        bears_a_key=True,
    ),
)
