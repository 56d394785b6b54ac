"""What rooms above say of files for conflicts of interest: which are decided already."""

from __future__ import annotations

from collections.abc import Collection

from cohortmgr.base.hooks import Hook

# Given the ids of applications: those about which an approved batch decided, so that nothing is left to influence.
decided: Hook[[Collection[int]], set[int]] = Hook()
