"""Writes tests/data/jobintech-2027-applications.csv: a thousand invented files, each known by its CIN alone.

`python -m tests.factories.sheets_of_jobintech` writes it again; the same seed gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import random
from datetime import date, timedelta
from pathlib import Path

from cohortmgr.applications.answers.provinces import PROVINCES
from cohortmgr.base.text import fold
from cohortmgr.programmes.definition.questions import Form, Question
from cohortmgr.programmes.definition.toml import read_known

FILE = Path(__file__).parents[1] / "data" / "jobintech-2027-applications.csv"
FILES = 1000
HEADER = (
    "Nom", "Prénom", "Date de naissance", "CIN", "E-mail", "Téléphone", "Adresse", "Situation", "Langues",
    "Connaissances", "Choix",
)  # fmt: skip
_FAMILIES = (
    "Alaoui", "Bennani", "Chraibi", "Daoudi", "El Amrani", "Fassi", "Guessous", "Haddad", "Idrissi", "Jabrane",
    "Kabbaj", "Lahlou", "Mansouri", "Naciri", "Ouazzani", "Qadiri", "Rami", "Sabri", "Tazi", "Ziani",
)  # fmt: skip
_GIVEN = (
    "Amina", "Badr", "Chaimae", "Driss", "Fatima", "Ghita", "Hamza", "Imane", "Jihane", "Khalid", "Lina", "Mehdi",
    "Nadia", "Omar", "Rania", "Salma", "Tarik", "Wafae", "Yassine", "Zineb",
)  # fmt: skip
_LETTERS = (
    "A",
    "AB",
    "BE",
    "BK",
    "CD",
    "EE",
    "F",
    "GA",
    "JB",
    "K",
    "L",
    "PA",
    "Q",
    "T",
    "UA",
    "W",
    "XA",
    "Z",
)
_YOUNGEST, _OLDEST = date(2007, 10, 1), date(1990, 1, 1)


def content() -> bytes:
    """The file, as a spreadsheet in French saves it: semicolons between cells, and a mark of UTF-8."""
    chance, out = random.Random(2027), io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(HEADER)
    form = read_known("jobintech").of_intake("2027-1").form
    numbers = chance.sample(range(10_000, 999_999), FILES)
    for place, number in enumerate(numbers):
        writer.writerow(_row(chance, form, place, number))
    return out.getvalue().encode("utf-8-sig")


def _row(chance: random.Random, form: Form, place: int, number: int) -> list[str]:
    family, given = chance.choice(_FAMILIES), chance.choice(_GIVEN)
    born = _OLDEST + timedelta(days=chance.randrange((_YOUNGEST - _OLDEST).days))
    town = chance.choice([names["fr"] for inside in PROVINCES.values() for names in inside.values()])
    return [
        family.upper() if place % 3 else family,
        given,
        f"{born:%d/%m/%Y}",
        f"{chance.choice(_LETTERS)}{number}",
        f"{fold(given)}.{fold(family).replace(' ', '')}{place}@example.org",
        f"06{place:02d}{chance.randrange(10**6):06d}"[:10],
        f"{town} ; {town} ; {chance.randrange(1, 200)}, rue {chance.choice(_FAMILIES)}",
        chance.choice(_labels(form.question("situation"))),
        f"Français : {chance.choice(('B1', 'B2', 'C1'))}, Anglais : {chance.choice(('A2', 'B1', 'B2'))}, Arabe : C2",
        ", ".join(chance.sample(_labels(form.question("known"))[:3], chance.randrange(1, 4))),
        " ; ".join(chance.sample(_labels(form.question("wishes")), chance.randrange(1, 4))),
    ]


def _labels(question: Question) -> list[str]:
    return [option.label["fr"] for option in question.options]


if __name__ == "__main__":
    FILE.write_bytes(content())
