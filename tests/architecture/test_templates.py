"""Templates are read by people: no line longer than a screen is wide; and proof that a longer one is seen."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.sources import ROOT, files, place

LONGEST = 160


def too_long(folder: Path) -> list[tuple[Path, int]]:
    """(file, line) of each line of the templates below a folder that has over 160 characters."""
    return [
        (path, number)
        for path in files(folder, "*.*")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > LONGEST
    ]


def test_no_line_of_a_template_is_longer_than_a_screen() -> None:
    assert [place(path, number) for path, number in too_long(ROOT / "templates")] == []


def test_a_line_that_is_too_long_is_seen(tmp_path: Path) -> None:
    page, message = tmp_path / "room" / "page.html", tmp_path / "room" / "message.txt"
    page.parent.mkdir()
    page.write_text(f"<p>\n{'é' * LONGEST}\n{'é' * (LONGEST + 1)}\n</p>\n", "utf-8")
    message.write_text(f"{{{{ {'name ~ ' * 40}name }}}}\n", "utf-8")
    assert too_long(tmp_path) == [(message, 1), (page, 3)]


_IMPORTED = re.compile(r"{%-? *from +\"[^\"]+\" +import +([^%]*?)(?: +with context)? *-?%}")
# What a box shows below its figure, and the columns of a table, stand in no sentence with it.
_NOT_COUNTED = {"staff_campaign.html", "staff_import_preview.html", "staff_import_result.html"}


def unused(source: str) -> list[str]:
    """The names that a template imports and does not use."""
    body = re.sub(r"{#.*?#}", "", source, flags=re.DOTALL)
    rest = _IMPORTED.sub("", body)
    names = [each.split(" as ")[-1].strip() for found in _IMPORTED.findall(body) for each in found.split(",")]
    return [name for name in names if not re.search(rf"(?<![\w.\"'-]){name}(?![\w\"'-])", rest)]


def test_no_template_imports_what_it_does_not_use() -> None:
    found = [
        (place(path, 1), unused(path.read_text("utf-8"))) for path in files(ROOT / "templates", "*.html")
    ]
    assert [each for each in found if each[1]] == []


def test_an_import_that_is_not_used_is_seen() -> None:
    source = '{% from "macros/x.html" import tag, due as owed, th with context %}{# tag #}{{ th(1) }}<p class="tag">'
    assert unused(source) == ["tag", "owed"]


def test_the_counts_of_a_list_have_their_plural_forms() -> None:
    heads = [path for path in files(ROOT / "templates", "*.html") if path.name not in _NOT_COUNTED]
    sources = {path: path.read_text("utf-8") for path in heads}
    assert [place(path, 1) for path, text in sources.items() if counted_in_words(text)] == []


def counted_in_words(source: str) -> list[str]:
    """The counts of `list_head` that are a number and a word without forms."""
    listed = source.partition("list_head(")[1] and re.findall(r"^ *[\[(].*$", source, flags=re.MULTILINE)
    return [line for line in listed or [] if re.match(r" *\[?\(.*\|number(?: ~ [^,]+)?, *_\(", line)]


def test_a_count_without_forms_is_seen() -> None:
    head = '{% call list_head(title, none, [\n  (all|length|number, _("Personnes"), none),\n]) %}'
    assert counted_in_words(head) == ['  (all|length|number, _("Personnes"), none),']
    assert counted_in_words(head.replace("_(", "ngettext(")) == []


# An e-mail address that no link holds, and that no class lets break: it would reach beyond a phone's screen.
_UNBROKEN = re.compile(r'(?<!}}">)<bdi dir="ltr">{{ *(?:\w+\.)*email\b')


def unbroken(folder: Path) -> list[tuple[Path, int]]:
    """Where an e-mail address stands in one piece, however long it is."""
    lines = (
        (path, text.splitlines())
        for path in sorted(folder.rglob("*.html"))
        for text in [path.read_text("utf-8")]
    )
    return [
        (path, number)
        for path, found in lines
        for number, line in enumerate(found, 1)
        if _UNBROKEN.search(line)
    ]


def test_an_address_breaks_where_it_must(tmp_path: Path) -> None:
    assert [place(path, number) for path, number in unbroken(ROOT / "templates")] == []
    page = tmp_path / "page.html"
    page.write_text(
        '<bdi dir="ltr" class="address">{{ a.email }}</bdi>\n<bdi dir="ltr">{{ a.b.email or "" }}</bdi>\n'
    )
    assert unbroken(tmp_path) == [(page, 2)]
