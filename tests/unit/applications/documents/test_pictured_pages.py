"""The pictures of a paper's pages: two widths, pixels alone, few of a long paper, none of a hostile one."""

from __future__ import annotations

import io

import pikepdf
import pytest
from PIL import Image

from cohortmgr.applications.documents.actions.sandbox import NotTaken
from cohortmgr.applications.documents.cleaning import (
    DocumentPart,
)
from cohortmgr.applications.documents.page_pictures import MOST_DRAWN, NARROW, WIDE
from tests.unit.applications.documents.test_cleaning import made, pdf, picture, refusal


def sized(*pages: tuple[float, float]) -> bytes:
    """A PDF with something on pages of these sizes."""
    file = io.BytesIO()
    with pikepdf.new() as made:
        for width, height in pages:
            page = made.add_blank_page(page_size=(300, 400))
            page.obj["/MediaBox"] = pikepdf.Array([0, 0, int(width), int(height)])
            drawn = f"0 g 0 0 {width / 2} {height / 2} re f".encode()
            page.obj["/Contents"] = pikepdf.Stream(made, drawn)
        made.save(file)
    return file.getvalue()


def test_a_page_has_a_wide_and_a_narrow_picture_of_pixels_alone() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Telephone"
    for part in (
        DocumentPart("image", picture(size=(3000, 2000), exif=exif.tobytes())),
        DocumentPart("pdf", sized((595, 842))),
    ):
        found = made(part)
        (width, height), wide, narrow = found.shapes[0], found.pages[0], found.narrow[0]
        assert width == WIDE and width < height, "upright"
        with Image.open(io.BytesIO(wide)) as large, Image.open(io.BytesIO(narrow)) as few:
            assert large.size == (width, height) and few.width == NARROW
            assert abs(few.height / few.width - height / width) < 0.01
            assert not large.getexif() and not few.getexif()
        assert b"Exif" not in wide + narrow and b"Telephone" not in wide + narrow


def test_of_a_long_paper_the_first_pages_are_drawn_and_all_are_known_by_small_ones() -> None:
    found = made(DocumentPart("pdf", sized(*[(300, 400)] * (MOST_DRAWN + 5))), most_pages=60)
    assert len(found.pages) == len(found.narrow) == len(found.shapes) == MOST_DRAWN
    assert found.counts == (MOST_DRAWN + 5,) and len(found.small) == MOST_DRAWN + 5


def test_a_blank_page_is_known_behind_those_that_are_drawn() -> None:
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(sized(*[(300, 400)] * (MOST_DRAWN + 1)))) as made_before:
        made_before.add_blank_page(page_size=(300, 400))
        made_before.save(file)
    found = made(DocumentPart("pdf", file.getvalue()), most_pages=60)
    assert found.blank == (MOST_DRAWN + 1,)


@pytest.mark.parametrize("shape", [(1, 14_000), (14_000, 1), (14_000, 14_000), (3, 3)])
def test_a_page_of_an_odd_shape_is_small_whatever_it_says(shape: tuple[float, float]) -> None:
    try:
        found = made(DocumentPart("pdf", sized(shape)))
    except NotTaken as refused:
        assert refused.reason in ("blank", "unreadable")
        return
    width, height = found.shapes[0]
    assert 1 <= width <= WIDE and 1 <= height <= 3 * WIDE


@pytest.mark.parametrize("size", [(1, 100_000), (100_000, 1)])
def test_a_picture_as_thin_as_a_hair_shows_nothing(size: tuple[int, int]) -> None:
    file = io.BytesIO()
    Image.new("L", size, 90).save(file, "PNG")
    assert refusal(DocumentPart("image", file.getvalue())) == ("blank", 0)


def test_a_paper_of_five_thousand_pages_and_one_of_none_are_refused() -> None:
    assert refusal(DocumentPart("pdf", pdf(5000))) == ("too_many_pages", 0)
    assert refusal(DocumentPart("pdf", pdf(0))) == ("unreadable", 0)
    long_ago = DocumentPart("pdf", pdf(5000), clean=True)
    assert refusal(long_ago)[0] == "too_many_pages", "nor is one drawn again that was let in once"
