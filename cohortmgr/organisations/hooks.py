"""What the tree asks of the rooms above it: an organisation's programmes, who depends on it, and where one stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cohortmgr.base.errors import Problem
from cohortmgr.base.hooks import Hook, Slot
from cohortmgr.organisations.models import Organisation


@dataclass(frozen=True)
class HostedProgramme:
    """A programme at an organisation: its title and key, the seats that the organisation has in it (None for its host),
    and whether people still depend on the organisation there."""

    title: Mapping[str, str]
    key: str
    seats: int | None = None
    is_running: bool = True


programmes_at: Hook[[Organisation], Iterable[HostedProgramme]] = Hook()
# Who depends on an organisation beside its programmes, also when their campaigns are archived: how many, and where.
depending_on: Hook[[Organisation], Iterable[Problem]] = Hook()
# Whether a programme stands at a path: roles are given for both, so that a path is one's or the other's.
is_programme: Slot[[str], bool] = Slot()
