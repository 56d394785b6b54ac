"""The door: `gunicorn wsgi:app` serves with the application's database role, `flask` acts with the system's."""

import ctypes
import gc
import sys
from pathlib import Path

from cohortmgr.base import clock  # noqa: F401  # first, so that only the packaged time zones are read
from cohortmgr.app import create_app

# One arena of memory for all threads: of several, each keeps the 19 MiB of a password's hash (640 MB in two processes
# of eight threads, now 345). Only glibc has arenas; -8 is its M_ARENA_MAX.
_mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
if _mallopt is not None:
    _mallopt(-8, 1)

_COMMAND_LINE = Path(sys.argv[0]).name in ("flask", "__main__.py") and "run" not in sys.argv

app = create_app(process="system" if _COMMAND_LINE else "web")

# What was made at the start stays: the collector need not look at it again, and each request makes many small things.
gc.freeze()
gc.set_threshold(10_000, 20, 20)
