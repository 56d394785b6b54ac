"""Templates are read by people: no line longer than a screen is wide; and proof that a longer one is seen."""

from __future__ import annotations

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
