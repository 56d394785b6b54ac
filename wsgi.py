"""The entry point: `gunicorn wsgi:app` uses the application's database role, `flask` commands the system's."""

import atexit
import ctypes
import gc
import os
import sys
from pathlib import Path

from cohortmgr.base import clock  # noqa: F401  # first, so that only the packaged time zones are read
from cohortmgr.app import create_app
from cohortmgr.base.work import works_of
from cohortmgr.jobs.actions.broker import ask_at_stop, celery_for

# Let all threads share one memory arena. With several, each keeps the 19 MiB of a password's hash (640 MB in
# two processes of eight threads, now 345). Only glibc has arenas; -8 is its M_ARENA_MAX.
_mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
if _mallopt is not None:
    _mallopt(-8, 1)

# Two threads for one matrix cost six times the CPU on a machine that does other work. Read when numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_COMMAND_LINE = Path(sys.argv[0]).name in ("flask", "__main__.py") and "run" not in sys.argv

app = create_app(process="system" if _COMMAND_LINE else "web")

if not _COMMAND_LINE:
    # The role of these processes sees no head of the trail without its institution (decision 16): the worker, whose
    # role sees all, notes for them where the chains end.
    atexit.register(ask_at_stop, celery_for(app.extensions["cohortmgr-settings"]), works_of(app))

# What was made at the start stays, so the garbage collector need not look at it again. Each request makes
# many small objects.
gc.freeze()
gc.set_threshold(10_000, 20, 20)
