"""Changes a definition's form as plain tables: adds, moves, copies and removes its questions and sections.

The tables have the shape that `binding.py` reads and writes; a text or a number in them may still be wrong.
Functions that change something change the document they are given. A question is named by its key, a field of
a group's row by `group.field`: a key holds no point.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from typing import Any

from cohortmgr.base.errors import N_, NotFound, Problem, Refused
from cohortmgr.base.text import fold
from cohortmgr.programmes.definition.checks.form import KEY, is_reserved

TomlTable = MutableMapping[str, Any]

LONGEST_KEY = 40
MOST_QUESTIONS, MOST_SECTIONS = 200, 30
_COPY = {"fr": "(copie)", "ar": "(نسخة)", "en": "(copy)"}


def sections_of(document: TomlTable) -> list[TomlTable]:
    """The sections, which may be changed in place."""
    found: list[TomlTable] = document.setdefault("form", {}).setdefault("sections", [])
    return found


def questions_of(document: TomlTable) -> Iterator[TomlTable]:
    """Every question of every section, in order, without the fields of groups."""
    for section in sections_of(document):
        yield from section.setdefault("questions", [])


def keys_of(document: TomlTable) -> set[str]:
    """The keys of all questions."""
    return {question["key"] for question in questions_of(document)}


def key_from(label: str, taken: Iterable[str], otherwise: str) -> str:
    """A key made from a label: lower-case letters, digits and `_`, neither taken nor reserved.

    `otherwise` is used if the label has nothing usable, such as one in Arabic.
    """
    words = re.findall(r"[a-z0-9]+", fold(label[:200]))
    stem = "_".join(words)[: LONGEST_KEY - 4].strip("_") or otherwise
    used, found, number = set(taken), stem, 1
    while found in used or is_reserved(found, used) or not KEY.fullmatch(found):
        number += 1
        found = f"{stem}_{number}"
    return found


def find_section(document: TomlTable, key: str) -> tuple[list[TomlTable], int]:
    """The sections, and the place of the one with this key; NotFound if there is none."""
    sections = sections_of(document)
    return sections, _place(sections, key)


def find(document: TomlTable, name: str) -> tuple[list[TomlTable], int]:
    """The list that holds a question, or a field of a group's row, and its place there; NotFound if there is
    none."""
    key, point, inner = name.partition(".")
    for section in sections_of(document):
        questions = section.setdefault("questions", [])
        if key in (question["key"] for question in questions):
            place = _place(questions, key)
            if not point:
                return questions, place
            fields = questions[place].setdefault("fields", [])
            return fields, _place(fields, inner)
    raise NotFound(name)


def question(document: TomlTable, name: str) -> TomlTable:
    """A question, or a field of a group's row, by its name; NotFound if there is none."""
    held, place = find(document, name)
    return held[place]


def path_to(document: TomlTable, name: str) -> tuple[str | int, ...]:
    """The path of the question with this name, as faults give it."""
    key, point, _inner = name.partition(".")
    for place, section in enumerate(sections_of(document)):
        for rank, each in enumerate(section.get("questions", ())):
            if each["key"] == key:
                path = ("form", "sections", place, "questions", rank)
                return (*path, "fields", find(document, name)[1]) if point else path
    raise NotFound(name)


def add_section(document: TomlTable, title: TomlTable) -> str:
    """Add a section without questions at the end, and return its key. Refused when there are too many."""
    sections = sections_of(document)
    if len(sections) >= MOST_SECTIONS:
        raise Refused(Problem(N_("Un formulaire a au plus %(most)s parties."), {"most": MOST_SECTIONS}))
    begun = {"title": title, "questions": []}
    if key := just_added(sections, begun):
        return key
    key = key_from(str(title.get("fr", "")), (each["key"] for each in sections), "partie")
    sections.append({"key": key, **begun})
    return key


def just_added(rows: Sequence[TomlTable], table: TomlTable) -> str:
    """Return the key of the last row if it says this and no more, as it does when the page that adds it was sent twice;
    else an empty text."""
    last = rows[-1] if rows else {}
    return str(last["key"]) if last == {**table, "key": last.get("key")} else ""


def begin_question(document: TomlTable, place: str, table: TomlTable) -> str:
    """Do `add_question`, but once only if it is asked again before anything else was written there."""
    if place.endswith("."):
        rows = question(document, place[:-1]).get("fields", [])
    else:
        sections, number = find_section(document, place)
        rows = sections[number].get("questions", [])
    key = just_added(rows, table)
    if not key:
        return add_question(document, place, table)
    return f"{place}{key}" if place.endswith(".") else key


def add_question(document: TomlTable, place: str, table: TomlTable) -> str:
    """Put a question at the end of a section, or of a group's row (`place` is then the group's name and a
    point). Returns its name."""
    if sum(1 for _each in questions_of(document)) >= MOST_QUESTIONS:
        raise Refused(Problem(N_("Un formulaire a au plus %(most)s questions."), {"most": MOST_QUESTIONS}))
    label = str(table.get("label", {}).get("fr", ""))
    if place.endswith("."):
        fields = question(document, place[:-1]).setdefault("fields", [])
        key = key_from(label, (each["key"] for each in fields), "champ")
        fields.append({**table, "key": key})
        return f"{place}{key}"
    sections, number = find_section(document, place)
    key = key_from(label, keys_of(document), "question")
    sections[number].setdefault("questions", []).append({**table, "key": key})
    return key


def move(document: TomlTable, name: str, by: int) -> bool:
    """Move a question one place up (-1) or down (1); at the edge of its section it goes into the next one.

    Returns whether it moved: the first cannot go up, the last cannot go down, and a field stays in its group.
    """
    held, place = find(document, name)
    if shifted(held, place, by):
        return True
    if "." in name:
        return False
    sections = sections_of(document)
    number = next(i for i, each in enumerate(sections) if each.get("questions") is held)
    if not 0 <= number + by < len(sections):
        return False
    there = sections[number + by].setdefault("questions", [])
    there.insert(0 if by > 0 else len(there), held.pop(place))
    return True


def move_section(document: TomlTable, key: str, by: int) -> bool:
    """Move a section one place up or down, with its questions. Returns whether it moved."""
    return shifted(*find_section(document, key), by)


def shifted(rows: list[Any], place: int, by: int) -> bool:
    """Move what stands at a place by that many places. Returns whether it moved: nothing leaves the list."""
    if not 0 <= place + by < len(rows):
        return False
    rows.insert(place + by, rows.pop(place))
    return True


def duplicate(document: TomlTable, name: str) -> str:
    """Copy a question, right after it, and return the copy's name. The copy has neither target nor columns."""
    held, place = find(document, name)
    double = copy.deepcopy(held[place])
    for said in ("target", "columns"):
        double.pop(said, None)
    label = double.get("label", {})
    double["label"] = {code: f"{said} {_COPY[code]}" for code, said in label.items() if code in _COPY}
    group, point, _inner = name.rpartition(".")
    added = add_question(document, f"{group}." if point else _section_of(document, held), double)
    held.insert(place + 1, held.pop())
    return added


def remove(document: TomlTable, name: str) -> TomlTable:
    """Take a question out of the form, and return it."""
    held, place = find(document, name)
    return held.pop(place)


def remove_section(document: TomlTable, key: str) -> TomlTable:
    """Take an empty section out of the form, and return it. Refused while it asks something."""
    sections, place = find_section(document, key)
    if sections[place].get("questions"):
        raise Refused(N_("Cette partie pose encore des questions : déplacez-les ou retirez-les d’abord."))
    return sections.pop(place)


def rename(document: TomlTable, name: str, label: str) -> str:
    """Give a question that was never published the key of its new label, wherever it is named. Returns its
    new name."""
    held, place = find(document, name)
    group, point, old = name.rpartition(".")
    others = {each["key"] for each in held if each is not held[place]} if point else keys_of(document) - {old}
    wanted = key_from(label, others, old)
    if re.fullmatch(rf"{re.escape(wanted)}(_\d+)?", old):
        return name  # the key says the same, with a number to tell it from another
    held[place]["key"] = wanted
    if point:
        return f"{group}.{wanted}"
    _everywhere(document, lambda key: wanted if key == old else key)
    return wanted


def _everywhere(document: TomlTable, renamed: Callable[[str], str]) -> None:
    """Rename a question wherever it is named: in conditions, proofs of figures, eligibility, and aliases of
    imports."""
    for section in sections_of(document):
        _conditions(section, renamed)
    for each in questions_of(document):
        _conditions(each, renamed)
        if each.get("proof"):
            each["proof"] = renamed(each["proof"])
    for rule in document.get("eligibility", ()):
        if rule.get("question"):
            rule["question"] = renamed(rule["question"])
        if rule.get("named_in"):
            rule["named_in"] = renamed(rule["named_in"])
        if rule.get("also"):
            rule["also"] = [renamed(key) for key in rule["also"]]
        _conditions({"show_when": rule.get("when", [])}, renamed)
    aliases = document.get("imports", {}).get("value_aliases")
    if aliases:
        document["imports"]["value_aliases"] = {renamed(key): each for key, each in aliases.items()}


def _conditions(table: TomlTable, renamed: Callable[[str], str]) -> None:
    for name in ("show_when", "require_when"):
        for condition in table.get(name, ()):
            condition["question"] = renamed(condition.get("question", ""))


def _place(held: list[TomlTable], key: str) -> int:
    for place, each in enumerate(held):
        if each["key"] == key:
            return place
    raise NotFound(key)


def _section_of(document: TomlTable, held: list[TomlTable]) -> str:
    return next(str(each["key"]) for each in sections_of(document) if each.get("questions") is held)
