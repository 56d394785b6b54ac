"""Open the store that the settings name."""

from __future__ import annotations

from pathlib import Path

from cohortmgr.base.production.notation import read_bucket
from cohortmgr.base.stores.folder import FolderStore
from cohortmgr.base.stores.store import Store


def open_store(url: str, data: Path, waited_for: bool) -> Store:
    """Return the store at this URL, or the one in the data folder if there is no URL. With `waited_for` somebody waits
    for the page, and no call lasts."""
    if not url:
        return FolderStore(data)
    # Imported here: without a bucket no process pays for its client.
    from cohortmgr.base.stores import s3

    return s3.S3Store(read_bucket(url), s3.OF_PAGES if waited_for else s3.OF_WORKERS)
