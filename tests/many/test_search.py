"""The search over everything reads a few blocks of 20,000 files, as its list does, in as many statements as rooms."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.many.conftest import Many
from tests.many.test_lists import MOST_BLOCKS

pytestmark = pytest.mark.services


@pytest.mark.parametrize(
    "text", ["benjelloun", "salma el amrani", "العمراني", "عبد الإله بنجلون", "mdia", "a", "finance", "zzzyx"]
)
@pytest.mark.parametrize("quick", ["", "1"])
def test_a_search_over_everything_reads_a_few_blocks(many: Many, text: str, quick: str) -> None:
    asked = {"q": text, "at": many.references["intake"], **({"quick": quick} if quick else {})}
    opened = many.open(f"/staff/search?{urlencode(asked)}")
    assert opened.answer.status_code == 200 and len(opened.read) <= 6
    assert opened.blocks < MOST_BLOCKS, (opened.blocks, opened.heaviest)
