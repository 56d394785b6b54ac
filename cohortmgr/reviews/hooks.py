"""What rooms above say of a file that is read: whether decisions rest on its readings."""

from __future__ import annotations

from cohortmgr.applications.file.models import Application
from cohortmgr.base.hooks import Hook

# Whether the decision on a file is proposed or made, so that its readings change no more.
frozen: Hook[[Application], bool] = Hook()
