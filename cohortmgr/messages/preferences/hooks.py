"""What routing asks of the rooms above it."""

from __future__ import annotations

from collections.abc import Collection

from cohortmgr.base.hooks import Slot

# Returns those of these persons whose proved address is not read any more: letters to it came back, and a colleague
# wrote another one since.
unread: Slot[[Collection[int]], Collection[int]] = Slot()
