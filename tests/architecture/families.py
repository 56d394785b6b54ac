"""Which family a file belongs to, told by its name alone; docs/decisions/0013."""

from __future__ import annotations

from pathlib import Path

from tests.architecture.sources import Source, files

VIEWS = ("views", "candidate_views", "staff_views", "company_views")
# Names of files, and of folders of files, from the lowest up.
FAMILIES = (
    "rules",
    "models",
    "hooks",
    "display",
    "queries",
    "actions",
    "forms",
    "tasks",
    "commands",
    "guards",
    *VIEWS,
    "wiring",
)
TOP = ("app", "cli", "tables")
PURE, BASE, HOUSE = "pure", "base", "house"
# What a room's name, or a sub-room's, may not be; and endings by which a name only seems to say its family.
ENDINGS = tuple(f"_{name}" for name in FAMILIES)


def rooms(root: Path) -> list[str]:
    """The rooms of the house: the packages of cohortmgr."""
    return sorted(path.parent.name for path in (root / "cohortmgr").glob("*/__init__.py"))


def sub_rooms(root: Path, room: str) -> list[str]:
    """The sub-rooms of a room: its packages that are no family."""
    inside = sorted((root / "cohortmgr" / room).glob("*/__init__.py"))
    return [path.parent.name for path in inside if path.parent.name not in FAMILIES]


def place_in(parts: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """(family, what follows it) of a module below cohortmgr, its parts without that name.

    The first name below the room, or below its sub-room, says the family; any other name is a pure one.
    """
    if not parts or len(parts) == 1:
        return HOUSE, ()
    if parts[0] == BASE:
        return BASE, parts[1:]
    for depth in (1, 2):
        if depth < len(parts) and parts[depth] in FAMILIES:
            return parts[depth], parts[depth + 1 :]
    return PURE, parts[2:]


def family_of(parts: tuple[str, ...]) -> str:
    """The family of a module below cohortmgr: one name for the four kinds of views, and `pure` for rules."""
    family = place_in(parts)[0]
    return "views" if family in VIEWS else PURE if family == "rules" else family


def of_house(root: Path) -> list[Source]:
    """Each file of cohortmgr that says something."""
    return [Source(root, path) for path in files(root / "cohortmgr") if path.stat().st_size]


def of_family(root: Path, *families: str) -> list[Source]:
    """The files of some families, in every room."""
    return [source for source in of_house(root) if family_of(source.parts) in families]
