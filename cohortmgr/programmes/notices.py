"""What programmes say to people. Pure."""

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
            # By its whole address: the one thing that an edited text calls a link is the intake's page.
            Variable("stop", "text", "https://exemple.ma/tell-me/stop/IjdLM1FYUEIyTTQi.xyz", required=True),
        ),
        campaign=True,  # whoever does not want it stops it with one click
    ),
)
