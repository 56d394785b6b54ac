"""Reports are jobs: importing their handler registers it."""

from __future__ import annotations

import cohortmgr.reports.tasks  # noqa: F401
