"""What imports ask of the rooms above: for which offerings it is decided already."""

from __future__ import annotations

from collections.abc import Collection

from cohortmgr.base.hooks import Hook

# Given the id of an intake: the ids of its offerings about which an approved batch decided.
decided_offerings: Hook[[int], Collection[int]] = Hook()
