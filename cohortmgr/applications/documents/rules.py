"""Rules of papers: their states, the reasons for refusing one, and how large it may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from cohortmgr.base.errors import N_, Problem
from cohortmgr.base.states import Stage, Table

MEDIA_TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}
NAMES = {"pdf": "PDF", "jpg": "JPG", "png": "PNG"}
# A question that takes photos takes any of these kinds, whichever a telephone makes.
PHOTOS = frozenset({"jpg", "png", "webp", "heic"})
LARGEST = 10 * 1024 * 1024
MOST_FILES, MOST_PAGES = 10, 20
# How many bytes a form with files may have, where no script has made them smaller.
MOST_SENT = 40 * 1024 * 1024
# Of how many pages of one file small pictures are kept, and how many of a paper stand beside its question.
MOST_SMALL = 3
# The width and height of a sheet of A4, in points at 100 to the inch.
A4_POINTS = (827, 1169)


class DocumentState(StrEnum):
    """Where a paper stands."""

    RECEIVED = "received"
    ASIDE = "aside"
    CLEAN = "clean"
    REFUSED = "refused"
    PROMISED = "promised"


DOCUMENT_STATES = Table(
    {
        DocumentState.RECEIVED: Stage(
            N_("Le document est bien arrivé ; il est vérifié en quelques secondes."),
            to=(DocumentState.CLEAN, DocumentState.REFUSED, DocumentState.ASIDE),
            name=N_("En cours de vérification"),
        ),
        DocumentState.ASIDE: Stage(
            N_("Le document est bien arrivé ; il sera lu dès que l’antivirus répond."),
            to=(DocumentState.CLEAN, DocumentState.REFUSED, DocumentState.RECEIVED),
            name=N_("En attente de l’antivirus"),
        ),
        DocumentState.CLEAN: Stage(
            N_("Le document est lisible ; voici ses pages comme elles seront lues."),
            to=(DocumentState.RECEIVED,),
            name=N_("Reçu"),
        ),
        DocumentState.REFUSED: Stage(
            N_("Le document ne peut pas être lu ; envoyez-le de nouveau."),
            to=(DocumentState.RECEIVED,),
            name=N_("Refusé"),
        ),
        DocumentState.PROMISED: Stage(
            N_("Le document sera envoyé plus tard, avant le jour dit."),
            to=(DocumentState.RECEIVED,),
            name=N_("Promis"),
        ),
    }
)
STATE_KINDS: Mapping[DocumentState, str] = {
    DocumentState.RECEIVED: "wait",
    DocumentState.ASIDE: "wait",
    DocumentState.CLEAN: "done",
    DocumentState.REFUSED: "stop",
    DocumentState.PROMISED: "info",
}

REASONS: Mapping[str, str] = {
    "encrypted": N_(
        "Ce PDF est protégé par un mot de passe. Envoyez-le sans protection, ou une photo de chaque page."
    ),
    "unreadable": N_(
        "Ce fichier est abîmé : il ne s’ouvre pas. Envoyez-le de nouveau, ou une photo de chaque page."
    ),
    "blank": N_(
        "Ce document est d’une seule couleur : on n’y lit rien. Prenez la photo de nouveau, ou numérisez la page "
        "encore une fois."
    ),
    "too_many_pages": N_("Ce document a trop de pages. Envoyez seulement celles qui sont demandées."),
    "too_many_pixels": N_(
        "Cette image est trop grande. Prenez la photo en qualité moyenne, puis envoyez-la."
    ),
    "too_heavy": N_("Ce fichier est trop compliqué à lire. Envoyez plutôt une photo de chaque page."),
    "active": N_("Ce PDF contient un programme. Envoyez plutôt une photo de chaque page."),
    "virus": N_("L’antivirus a refusé ce fichier. Vérifiez votre appareil, puis envoyez un autre fichier."),
}


_BLANK_PAGE = N_(
    "La page %(number)s est d’une seule couleur : on n’y lit rien. Prenez-la de nouveau en photo."
)


class Paper(Protocol):
    """What was sent, or promised, for a question that asks for a paper."""

    @property
    def state(self) -> str: ...


def papers_of(documents: Mapping[str, Paper]) -> set[str]:
    """Of the documents by question, the questions whose paper was sent or promised, and not refused since."""
    return {key for key, paper in documents.items() if paper.state != DocumentState.REFUSED}


def files_of(parts: Iterable[Mapping[str, Any]]) -> set[str]:
    """The keys of all files in the storage that a paper's parts name: what was sent, and small pictures of it."""
    return {key for part in parts for key in (part["key"], *part.get("small", ()))}


def page_files(pages: Iterable[str], narrow_pages: Iterable[Mapping[str, Any]]) -> list[str]:
    """The keys of the pictures of a paper's pages, wide and narrow."""
    return [*pages, *(each["key"] for each in narrow_pages)]


class Pictured(Protocol):
    """A paper of whose pages there may be pictures."""

    @property
    def pages(self) -> list[Any]: ...
    @property
    def narrow_pages(self) -> list[Any]: ...
    @property
    def parts(self) -> list[Any]: ...


@dataclass(frozen=True)
class PageShape:
    """The picture of a page: its number from 1 on, how large it is, and whether there is a narrow one too."""

    number: int
    width: int
    height: int
    has_narrow: bool


def shapes_of(paper: Pictured) -> list[PageShape]:
    """The pages of a paper of which there are pictures. Where nobody has measured one it is taken for a sheet of A4."""
    found = []
    for number in range(1, len(paper.pages) + 1):
        known = paper.narrow_pages[number - 1] if number <= len(paper.narrow_pages) else None
        width, height = (known["width"], known["height"]) if known else A4_POINTS
        found.append(PageShape(number, width, height, known is not None))
    return found


def unpictured(paper: Pictured) -> int:
    """How many pages of a paper have no picture: there were too many, or the worker has not drawn them."""
    return max(0, sum(part.get("pages", 0) for part in paper.parts) - len(paper.pages))


def picture_key(paper: Pictured, number: int, *, narrow: bool = False) -> str | None:
    """The key of the picture of a page, by its number from 1 on; None if there is none. A page without a narrow one
    has its wide one."""
    if not 0 < number <= len(paper.pages):
        return None
    if narrow and number <= len(paper.narrow_pages):
        return str(paper.narrow_pages[number - 1]["key"])
    return str(paper.pages[number - 1])


def media_type_of(picture: bytes) -> str:
    """The media type of a picture that the worker made."""
    return "image/webp" if picture[:4] == b"RIFF" else "image/jpeg"


def content_of(part: Mapping[str, Any]) -> tuple[str | None, str]:
    """By what a sent file is known again: the SHA-256 of its bytes, and the name that is shown."""
    return part.get("sha256"), part["name"]


@dataclass(frozen=True)
class SmallPage:
    """The small picture of a page: its place among those of the paper and its page's among all pages, both from 1
    on, and whether the page is blank."""

    place: int
    number: int
    blank: bool


@dataclass(frozen=True)
class PaperLook:
    """What a person sees of a paper beside its question: the first pages, how many there are, and the numbers of
    those on which nobody reads anything."""

    first: Sequence[SmallPage]
    total: int
    blank: Sequence[int]

    @property
    def wrong(self) -> list[Problem]:
        """What to say of the pages that nobody can read."""
        return [Problem(_BLANK_PAGE, {"number": number}) for number in self.blank]


def small_keys(parts: Iterable[Mapping[str, Any]]) -> list[str]:
    """The keys of a paper's small pictures, in the order of its pages."""
    return [key for part in parts for key in part.get("small", ())]


def look_of(parts: Iterable[Mapping[str, Any]], most: int = MOST_SMALL) -> PaperLook:
    """What to show of the parts of a paper: those that wait to be examined have no pages yet."""
    found, blank, total = list[SmallPage](), list[int](), 0
    for part in parts:
        empty = part.get("blank", ())
        for number in range(1, len(part.get("small", ())) + 1):
            found.append(SmallPage(len(found) + 1, total + number, number in empty))
        blank += [total + number for number in empty]
        total += part.get("pages", 0)
    return PaperLook(found[:most], total, blank)
