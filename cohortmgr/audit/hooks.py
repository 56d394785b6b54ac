"""What the trail tells upwards."""

from __future__ import annotations

from cohortmgr.base.hooks import Hook

# A person's key was destroyed. Higher rooms blank here, in the same transaction, what identifies a subject without
# being sealed by the key.
on_destroyed: Hook[[str], None] = Hook()
