"""What accounts ask of the rooms above: where roles can be given, which organisations and programmes know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cohortmgr.accounts.roles.rules import RoleScope
from cohortmgr.accounts.rules import Role, Viewer
from cohortmgr.base.errors import Problem
from cohortmgr.base.hooks import Slot

# The places where a viewer may give roles, in the order of the tree; a constant number of statements.
scopes_for: Slot[[Viewer], Sequence[RoleScope]] = Slot()
# The names, in three languages, of what stands at these paths; a path where nothing stands is left out.
names_at: Slot[[Collection[str]], Mapping[str, Mapping[str, str]]] = Slot()
# Why some persons, given by their ids, may not hold a role in a place: what it would choose concerns them.
conflicts: Slot[[Role, RoleScope, Collection[int]], Mapping[int, Problem]] = Slot()
