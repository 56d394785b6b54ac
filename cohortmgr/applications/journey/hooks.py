"""What higher rooms say on a file's own page: the steps that come after its sending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.hooks import Hook

Step = Mapping[str, Any]
# Higher floors append what comes after the sending: items of the timeline (when, title, text, url, state). One in the
# state "now" says whose turn it is in place of ours.
steps_above: Hook[[Viewer, Application], Iterable[Step]] = Hook()
