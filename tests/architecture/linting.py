"""What import-linter says of a tree, one breach after the other: a process of its own, which has none of our modules.

Reads [[contract, file, text], ...] as JSON and writes what was said of each. Its cache keeps what did not change.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path


@contextmanager
def planted(path: Path, text: str) -> Iterator[None]:
    """The file with the text at its end, for a while; it and its folder are made where they are not there."""
    before = path.read_bytes() if path.exists() else None
    made = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((before or b"") + f"\n{text}\n".encode())
    try:
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)
        for folder in made:
            folder.rmdir()


def said(contracts: tuple[str, ...]) -> str:
    """What import-linter says of some contracts of the present folder, without the width of a terminal; of all, for
    none."""
    from importlinter.cli import lint_imports

    spoken = io.StringIO()
    with redirect_stdout(spoken):
        lint_imports("pyproject.toml", contracts, cache_dir="cache", no_logo=True)
    return spoken.getvalue()


def main() -> None:
    """Plant each breach in the present folder and say what was found; the tree as it stands comes first."""
    os.environ["COLUMNS"] = "400"
    found = [said(())]
    for contract, file, text in json.load(sys.stdin):
        with planted(Path("cohortmgr") / file, text):
            found.append(said((contract,)))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
