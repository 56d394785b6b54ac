"""Tests that take most of the time, as measured with `--durations`; paths from `tests/`, files or folders.

When the suite grows, measure anew: `make near` is to stay under two minutes, `make quick` under one.
"""

from __future__ import annotations

# Over four seconds of computing each: `make near` leaves them out in the rooms above the change.
LONG = (
    "hostile/test_walk.py",
    "integration/accounts/test_roles.py",
    "integration/applications/guardians/test_hidden.py",
    "integration/applications/importing/test_loading.py",
    "integration/applications/importing/test_pages.py",
    "integration/authoring/test_form.py",
    "integration/authoring/test_kinds.py",
    "integration/messages/helpdesk/test_desk.py",
    "many",
)
# What `make quick` leaves out: half of the rest's time besides.
NOT_QUICK = (
    *LONG,
    "integration/applications/importing",
    "integration/authoring",
    "integration/base/test_migrations.py",
    "integration/messages",
    "integration/outbox",
    "integration/placements",
    "integration/reports",
    "integration/selection",
    "integration/stipends",
)


def is_long(path: str) -> bool:
    """Whether a test file, by its path from the root of the project, is one of the long ones."""
    return any(f"{path}/".startswith(f"tests/{place}/") for place in LONG)
