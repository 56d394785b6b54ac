"""The messages that programmes send. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from cohortmgr.base.errors import N_
from cohortmgr.outbox.notices import Notice, Variable

NOTICES = (
    Notice(
        "intake_open",
        N_("Une campagne ouvre"),
        (
            Variable(
                "programme",
                "localized",
                {"fr": "Master MDIA", "ar": "ماستر MDIA", "en": "MDIA master"},
                required=True,
            ),
            Variable(
                "intake", "localized", {"fr": "Promotion 2027", "ar": "فوج 2027", "en": "Class of 2027"}
            ),
            Variable("deadline", "moment", datetime(2027, 3, 31, 22, 59, tzinfo=UTC), required=True),
            Variable("page", "link", "7K3QXPB2M47K3QXPB2M47K3QXP", required=True, path="/intakes/{}"),
            # This is a text with the whole address, because in edited texts the only link is the intake's
            # page.
            Variable("stop", "text", "https://exemple.ma/tell-me/stop/IjdLM1FYUEIyTTQi.xyz", required=True),
        ),
        campaign=True,  # people who do not want it can stop it with one click
    ),
)
