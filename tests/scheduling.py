"""Which tests run in one process, one after the other.

xdist's own marker writes its groups into the names of tests, which pytest 9.2 no longer takes from it: every process
then started a browser and filled a database with 20,000 files of its own."""

from __future__ import annotations

from xdist.scheduler.loadscope import LoadScopeScheduling

# Whose tests share what takes long to make, or wait for other processes more than they compute.
TOGETHER = ("tests/browser/", "tests/worker/", "tests/many/", "tests/integration/base/test_replica.py")


class Scheduling(LoadScopeScheduling):
    """Gives each of TOGETHER to one process as a whole, and of all others each test to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)
