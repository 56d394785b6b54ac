"""What the tests of importing share: the file of 2025, rows of it changed, and loading them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

from cohortmgr.accounts.rules import SYSTEM, Viewer
from cohortmgr.applications.importing.actions import runs as import_runs
from cohortmgr.applications.importing.queries.plan import ImportCounts
from cohortmgr.base.db import writing
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of, intake_of

FILE = Path(__file__).parents[3] / "data" / "mdia-2025-applications.csv"
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def rows() -> list[dict[str, str]]:
    """The file's records by header."""
    with FILE.open(encoding="utf-8-sig", newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]


def one(**changes: str) -> dict[str, str]:
    """The file's first record, a usable one, with other cells. `sent`, `name`, `mail` and `rib` stand for headers."""
    names = {
        "sent": "Horodateur", "name": "Nom", "mail": "Adresse e-mail", "rib": "RIB (24 chiffres)", "cin": "CIN",
        "massar": "Code Massar", "city": "Ville", "phone": "Téléphone", "s1": "S1", "licence": "Licence (filière)",
    }  # fmt: skip
    return {**rows()[0], **{names[key]: value for key, value in changes.items()}}


def as_csv(*records: dict[str, str]) -> bytes:
    """A file of those records."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().encode()


def words(text: str) -> str:
    """A page or an output without what French typography adds."""
    for shown, plain in (("&#39;", "'"), ("’", "'"), ("\xa0", " "), ("\u202f", " ")):
        text = text.replace(shown, plain)
    return text


def intake() -> Intake:
    """The intake of 2025."""
    return intake_of("mdia", "2025")


def load(data: bytes, viewer: Viewer = SYSTEM, name: str = "file.csv") -> ImportCounts:
    """Load a file into the intake of 2025."""
    chosen = intake()
    prepared = import_runs.prepare_import(data, name, definition_of(chosen))
    with writing():
        return import_runs.load(viewer, chosen.reference, prepared)
