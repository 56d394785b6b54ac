"""The hooks by which higher rooms add to a file's own page: the steps after the sending, and who sees how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base.hooks import Hook

FormStep = Mapping[str, Any]


@dataclass(frozen=True)
class Sharing:
    """Somebody who sees something of a file by its person's leave, as a sentence; and the button that ends it: what it
    says, where it leads, and what it sends along."""

    said: str
    action: str
    url: str
    values: Mapping[str, str] = field(default_factory=dict)


# Higher rooms register here what comes after the sending, as items of the timeline (when, title, text, url,
# state, and `at`, the moment of what happened). An item in the state "now" says whose turn it is, in place of ours.
steps_above: Hook[[Viewer, Application], Iterable[FormStep]] = Hook()
# Higher rooms register here who sees something of a file because its person allowed it, and may end it.
shared_with: Hook[[Application], Iterable[Sharing]] = Hook()
