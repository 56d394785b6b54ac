"""What nobody can read: dust on paper, the noise of a covered lens, a lamp's shade; and what is enough to be read."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageDraw, ImageFont

from cohortmgr.applications.documents.actions.sandbox import NotTaken, made_of
from cohortmgr.applications.documents.cleaning import DocumentPart, is_blank


def scan(white: int = 255) -> Image.Image:
    """A page of A4 with nothing on it, as large as it is kept."""
    return Image.new("RGB", (1700, 2400), (white, white, white))


def dusty(size: int, shade: int) -> Image.Image:
    """Paper with fifty specks, each of so many points, up to its very edges."""
    drawn, places = scan(), random.Random(size)
    for _ in range(50):
        left, top = places.randrange(1700), places.randrange(2400)
        drawn.paste((shade, shade, shade), (left, top, left + size, top + size))
    return drawn


def lens_cap(least: int, most: int) -> Image.Image:
    """The noise of a camera that saw nothing."""
    chosen, size = random.Random(1), (800, 600)
    grey = bytes(chosen.randint(least, most) for _ in range(size[0] * size[1]))
    return Image.frombytes("L", size, grey).convert("RGB")


def shaded() -> Image.Image:
    """Empty paper under a lamp that stands at one side."""
    return Image.linear_gradient("L").resize((1700, 2400)).point(lambda grey: 150 + grey // 3).convert("RGB")


@pytest.mark.parametrize(
    "drawn",
    [dusty(1, 0), dusty(3, 250), dusty(2, 60), dusty(3, 0), lens_cap(3, 13), lens_cap(0, 60), shaded()],
    ids=["points", "pale", "grey", "black", "cap", "noise", "lamp"],
)
def test_dust_noise_and_shade_are_nothing_to_read(drawn: Image.Image) -> None:
    assert is_blank(drawn)


def written(drawn: Image.Image, words: str, shade: int, height: int) -> Image.Image:
    """The page with words on it."""
    font = ImageFont.load_default(height)
    ImageDraw.Draw(drawn).text((300, 411), words, fill=(shade, shade, shade), font=font)
    return drawn


@pytest.mark.parametrize(
    "drawn",
    [
        written(scan(), "oui", 0, 24),
        written(scan(), "Salma Bennis", 238, 28),
        written(lens_cap(8, 24), "CIN AB123456", 50, 30),
        written(shaded(), "Salma", 110, 30),
        written(Image.new("RGB", (600, 800), "white"), "Salma Bennis", 90, 12),
        written(dusty(2, 60), "CIN", 0, 28),
    ],
    ids=["word", "pale", "dark", "lamp", "small", "dust"],
)
def test_a_few_words_are_enough_to_be_read(drawn: Image.Image) -> None:
    assert not is_blank(drawn)


def test_a_dusty_page_is_said_to_be_unreadable() -> None:
    file = io.BytesIO()
    dusty(3, 250).save(file, "PNG")
    with pytest.raises(NotTaken) as caught:
        made_of([DocumentPart("image", file.getvalue())], 20)
    assert caught.value.reason == "blank"
