"""Sending messages again is a job: importing its handler registers it."""

from __future__ import annotations

import cohortmgr.messages.resending  # noqa: F401
