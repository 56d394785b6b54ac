"""Files and folders stand where they belong, and none is too large."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import shape
from tests.architecture.sources import ROOT

CHECKS: tuple[Callable[[Path], list[str]], ...] = (
    shape.without_family,
    shape.strays,
    shape.families_twice,
    shape.crowded,
    shape.long,
    shape.vague,
    shape.tests_of_nothing,
    shape.tests_beside_rooms,
    shape.packages_that_say,
    shape.templates_elsewhere,
    shape.rules_without_tests,
    shape.models_left_out,
    shape.of_the_application,
    shape.of_tests,
    shape.loose_ends,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_file_and_folder_has_its_place(check: Callable[[Path], list[str]]) -> None:
    found = check(ROOT)
    assert not found, f"{check.__doc__}\n" + "\n".join(found)


def test_a_reason_for_length_that_no_file_needs_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(shape.LONG_FOR_A_REASON, "wsgi.py", "no reason")
    assert shape.long(ROOT) == ["wsgi.py: needs no reason"]
