"""Files in a folder of this machine, or of a disk that several machines share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cohortmgr.base import clock
from cohortmgr.base.stores.store import Held, is_name, require_name
from cohortmgr.base.text import new_reference

# No process writes one file for so long: a draft that is older was left by one that ended.
DRAFTS_LIVE = timedelta(hours=6)
# How often a file is begun again, because another process removed its folder, which had just become empty.
_TRIES = 4


class FolderStore:
    """A store whose names are paths below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, data: bytes) -> None:
        """Write a file beside its place, have the disk take it in, and give it its name."""
        path = self._path(name)
        for tries_left in reversed(range(_TRIES)):
            try:
                return self._write(path, data)
            except FileNotFoundError:
                if not tries_left:
                    raise

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{new_reference()}.part")
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        _sync(path.parent)

    def get(self, name: str) -> bytes:
        """Return a file. Raises FileNotFoundError."""
        return self._path(name).read_bytes()

    def drop(self, name: str) -> None:
        """Remove a file, and its folder if nothing else lies there."""
        path = self._path(name)
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()

    def list(self, prefix: str) -> Iterator[Held]:
        """Go through the files, in the order of their names. An old draft that is met is deleted."""
        return self._within(self._root / prefix.rpartition("/")[0], prefix)

    def _within(self, folder: Path, prefix: str) -> Iterator[Held]:
        for name, path in _entries(folder):
            full = path.relative_to(self._root).as_posix() + name[len(path.name) :]
            if name.endswith("/"):
                if full.startswith(prefix) or prefix.startswith(full):
                    yield from self._within(path, prefix)
            elif full.startswith(prefix):
                with suppress(FileNotFoundError):  # dropped this moment
                    held = path.stat()
                    at = datetime.fromtimestamp(held.st_mtime, UTC)
                    if is_name(full):
                        yield Held(full, held.st_size, at)
                    elif at < clock.now() - DRAFTS_LIVE:
                        path.unlink()

    def _path(self, name: str) -> Path:
        return self._root / require_name(name)


def _entries(folder: Path) -> list[tuple[str, Path]]:
    """What lies in a folder, sorted as whole names are: folders bear the slash that follows them."""
    try:
        with os.scandir(folder) as found:
            return sorted((each.name + "/" * each.is_dir(), Path(each.path)) for each in found)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _sync(folder: Path) -> None:
    """Make the file's name durable too: after a power cut, content without its name could not be found."""
    with suppress(FileNotFoundError):  # the file was dropped already, and its folder with it
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
