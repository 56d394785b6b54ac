"""What a person sees of a paper beside its question: which pages, how many, and which nobody can read."""

from __future__ import annotations

import io
import random

from PIL import Image

from cohortmgr.applications.documents.page_pictures import SMALL_BYTES, small_picture
from cohortmgr.applications.documents.rules import files_of, look_of, small_keys

PARTS = [
    {"key": "a", "small": ["a1"], "pages": 1, "blank": []},
    {"key": "b", "small": ["b1", "b2", "b3"], "pages": 7, "blank": [2, 6]},
    {"key": "c"},
]


def test_the_first_pages_are_shown_and_all_are_counted() -> None:
    look = look_of(PARTS)
    assert [(page.place, page.number, page.blank) for page in look.first] == [
        (1, 1, False),
        (2, 2, False),
        (3, 3, True),
    ]
    assert look.total == 8 and look.blank == [3, 7] and len(look.wrong) == 2


def test_a_file_that_waits_or_was_read_before_there_were_pictures_has_none() -> None:
    look = look_of([{"key": "a"}, {"key": "b", "pages": 4}])
    assert (look.first, look.total, look.blank) == ([], 4, [])
    assert look_of([]).first == []


def test_all_files_of_a_part_are_known() -> None:
    assert files_of(PARTS) == {"a", "a1", "b", "b1", "b2", "b3", "c"}
    assert small_keys(PARTS) == ["a1", "b1", "b2", "b3"]


def test_a_small_picture_stays_small_whatever_is_on_it() -> None:
    noise = Image.frombytes("RGB", (1200, 1700), random.Random(1).randbytes(1200 * 1700 * 3))
    tall = Image.effect_noise((300, 3600), 120).convert("RGB")
    wide = Image.effect_noise((1200, 90), 120).convert("RGB")
    for given in (noise, tall, wide):
        made = small_picture(given)
        assert len(made) <= SMALL_BYTES
        with Image.open(io.BytesIO(made)) as seen:
            assert seen.format == "WEBP" and seen.width <= 160 and seen.height <= 240
