"""Campaigns and sending messages again are jobs: importing their handlers registers them."""

from __future__ import annotations

import cohortmgr.messages.campaigning  # noqa: F401
import cohortmgr.messages.resending  # noqa: F401
