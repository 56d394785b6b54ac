"""Names in an address reach `url_for` by `kept_arguments` alone; and proof that others are seen."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.sources import APPLICATION, ROOT, our_files, place

RAW = re.compile(
    r"""\*\*\s*request\.(args|values|form)\b
      | \bdict\(\s*request\.(args|values)\b
      | \brequest\.(args|values)\.(items|to_dict|lists|listvalues|keys|copy|values)\b
      | \bfor\ [\w,\ ]+\ in\ request\.(args|values)\b""",
    re.VERBOSE,
)
READS = APPLICATION / "base" / "web" / "asked.py"


def raw(files: list[Path]) -> list[tuple[Path, int]]:
    """(file, line) of each place that hands on all names of an address as they came."""
    return [
        (path, number)
        for path in files
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if path != READS and RAW.search(line)
    ]


def test_no_page_hands_the_names_of_an_address_on_as_they_came() -> None:
    ours = [
        path
        for path in our_files(".py", ".html", ".txt")
        if path.is_relative_to(APPLICATION) or path.is_relative_to(ROOT / "templates")
    ]
    assert [place(path, number) for path, number in raw(ours)] == []


def test_names_that_are_handed_on_are_seen(tmp_path: Path) -> None:
    wrong = (
        "url_for('x', **request.args)",
        "{{ url_for(request.endpoint, **dict(request.args.to_dict(), page=1)) }}",
        "kept = {name: text for name, text in request.args.items()}",
        "arguments=dict(request.args)",
        "url_for('x', **{**request.values})",
        "kept = {name: 1 for name in request.args}",
        "{% for name in request.args %}",
    )
    right = (
        "request.args.get('page')",
        "declining='decline' in request.args,",
        "if 'all' not in request.args:",
        "Filters.of(request.args)",
        "TrailForm(formdata=request.args)",
        "url_for('x', **kept_arguments('x'))",
    )
    planted, sound = tmp_path / "planted.py", tmp_path / "sound.py"
    planted.write_text("\n".join(wrong), "utf-8")
    sound.write_text("\n".join(right), "utf-8")
    assert raw([planted, sound]) == [(planted, number) for number in range(1, len(wrong) + 1)]
