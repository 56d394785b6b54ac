"""The hook by which higher rooms add the steps after the sending to a file's own page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.hooks import Hook

FormStep = Mapping[str, Any]
# Higher rooms register here what comes after the sending, as items of the timeline (when, title, text, url,
# state, and `at`, the moment of what happened). An item in the state "now" says whose turn it is, in place of ours.
steps_above: Hook[[Viewer, Application], Iterable[FormStep]] = Hook()
