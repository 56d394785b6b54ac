"""What nobody can read: paper, whatever its colour, its dust and its edges; and how little is enough to be read."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from cohortmgr.applications.documents.actions.sandbox import NotTaken, made_of
from cohortmgr.applications.documents.blank_pages import is_blank
from cohortmgr.applications.documents.cleaning import DocumentPart

Drawn = Image.Image
A4 = (1700, 2400)
PAPERS = {
    "white": (255, 255, 255),
    "grey": (214, 214, 214),
    "cream": (250, 240, 214),
    "rose": (244, 196, 206),
    "green": (178, 222, 190),
    "dark": (58, 54, 50),
}


def paper(colour: tuple[int, int, int] = (255, 255, 255), size: tuple[int, int] = A4) -> Drawn:
    return Image.new("RGB", size, colour)


def dusty(drawn: Drawn, specks: int, seed: int, dark: bool = True) -> Drawn:
    """The page with so many specks of up to a millimetre, up to its very edges."""
    chosen = random.Random(seed)
    unit = max(drawn.size) / 297
    for _ in range(specks):
        size = chosen.uniform(0.1, 1) * unit
        left, top = chosen.uniform(0, drawn.width), chosen.uniform(0, drawn.height)
        shade = chosen.randint(0, 140) if dark else chosen.randint(140, 255)
        ImageDraw.Draw(drawn).ellipse((left, top, left + size, top + size), fill=(shade, shade, shade))
    return drawn


def edged(drawn: Drawn, sides: str, part: float, slant: float = 0.0) -> Drawn:
    """The page with the dark edges that a scanner leaves, a `part` of its width wide; a page laid down askew has
    them aslant."""
    (wide, high), pen = drawn.size, ImageDraw.Draw(drawn)
    deep, more = part * wide, (part + slant) * wide
    shapes = {
        "l": ((0, 0), (deep, 0), (more, high), (0, high)),
        "r": ((wide, 0), (wide - deep, 0), (wide - more, high), (wide, high)),
        "t": ((0, 0), (0, deep), (wide, more), (wide, 0)),
        "b": ((0, high), (0, high - deep), (wide, high - more), (wide, high)),
    }
    for side in sides:
        pen.polygon(shapes[side], fill=(18, 18, 20))
    return drawn


def noisy(drawn: Drawn, strength: int, seed: int = 1) -> Drawn:
    """The page with a sensor's noise."""
    chosen = random.Random(seed)
    grain = Image.frombytes("L", drawn.size, chosen.randbytes(drawn.width * drawn.height))
    spread = grain.point([round((value - 128) * strength / 128) + 128 for value in range(256)]).convert("RGB")
    return Image.blend(drawn, spread, 0.5).point(
        [min(max(2 * value - 128, 0), 255) for value in range(256)] * 3
    )


def compressed(drawn: Drawn, quality: int) -> Drawn:
    file = io.BytesIO()
    drawn.save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def lamp(darkest: int) -> Drawn:
    """Empty paper under a lamp that stands at one side."""
    return Image.linear_gradient("L").resize(A4).point(lambda grey: darkest + grey // 3).convert("RGB")


@pytest.mark.parametrize(
    ("colour", "specks"),
    [(colour, specks) for colour in PAPERS for specks in (1, 5, 12, 30) if colour != "dark" or specks < 30],
)
def test_dust_on_paper_of_any_colour_is_nothing_to_read(colour: str, specks: int) -> None:
    for size in (A4, (1240, 1754), (600, 850)):
        drawn = dusty(paper(PAPERS[colour], size), specks, specks, dark=colour != "dark")
        assert is_blank(drawn) and is_blank(compressed(drawn, 75)), size


BLANK: dict[str, Callable[[], Drawn]] = {
    "one colour": paper,
    "left edge": lambda: edged(paper(), "l", 0.05),
    "two edges": lambda: edged(paper(PAPERS["cream"]), "tr", 0.03),
    "frame": lambda: edged(paper(), "ltrb", 0.03),
    "askew": lambda: edged(paper(PAPERS["grey"]), "lb", 0.0, 0.05),
    "edge and dust": lambda: dusty(edged(paper(), "l", 0.05), 30, 4),
    "grain": lambda: noisy(paper(PAPERS["grey"]), 8),
    "poor JPEG": lambda: compressed(dusty(paper(PAPERS["cream"]), 20, 3), 40),
    "poor JPEG of grain": lambda: compressed(noisy(paper(PAPERS["rose"]), 6), 35),
    "lens cap": lambda: noisy(paper((8, 8, 8), (800, 600)), 6),
    "lamp": lambda: lamp(150),
    "small": lambda: paper((200, 30, 30), (40, 60)),
}


@pytest.mark.parametrize("name", BLANK)
def test_edges_noise_and_shade_are_nothing_to_read(name: str) -> None:
    assert is_blank(BLANK[name]())


def written(drawn: Drawn, words: str, shade: int, height: int, place: tuple[int, int] = (300, 411)) -> Drawn:
    font = ImageFont.load_default(height)
    ImageDraw.Draw(drawn).text(place, words, fill=(shade, shade, shade), font=font)
    return drawn


def letter(drawn: Drawn, shade: int) -> Drawn:
    for line in range(25):
        written(drawn, "Relevé de notes du semestre 3, session ordinaire", shade, 28, (200, 300 + 60 * line))
    return drawn


def signed(drawn: Drawn, ink: tuple[int, int, int] = (20, 30, 120)) -> Drawn:
    points = [(1000 + 12 * step, 1900 + (step * 37 % 11 - 5) * 14) for step in range(25)]
    ImageDraw.Draw(drawn).line(points, fill=ink, width=5)
    return drawn


def stamped(drawn: Drawn) -> Drawn:
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((1100, 1700, 1400, 2000), outline=(170, 120, 200), width=6)
    pen.ellipse((1150, 1750, 1350, 1950), outline=(170, 120, 200), width=3)
    return drawn


def landscape() -> Drawn:
    """A photograph with soft shapes and no line in it."""
    drawn = Image.linear_gradient("L").resize((1600, 1200)).convert("RGB")
    pen = ImageDraw.Draw(drawn)
    for turn in range(12):
        left, top = turn * 131 % 1500, turn * 197 % 1100
        pen.ellipse((left, top, left + 260, top + 180), fill=(40 + turn * 16, 120, 200 - turn * 12))
    return noisy(drawn.filter(ImageFilter.GaussianBlur(6)), 10)


def on_a_table() -> Drawn:
    """A photograph of a letter that lies on a dark table."""
    drawn = paper((70, 52, 40))
    drawn.paste(letter(paper((225, 222, 214), (1300, 1900)), 60), (200, 250))
    return noisy(drawn, 12)


READABLE: dict[str, Callable[[], Drawn]] = {
    "letter": lambda: letter(paper(), 0),
    "one line": lambda: written(paper(), "Fait à Rabat, le 3 janvier 2026", 0, 28),
    "one line at the top": lambda: written(paper(), "Attestation de réussite", 40, 28, (700, 60)),
    "one word": lambda: written(paper(), "oui", 0, 28),
    "page number": lambda: written(paper(), "Page 3/4", 80, 26, (780, 2300)),
    "pencil": lambda: letter(paper((246, 244, 240)), 222),
    "pencil, compressed": lambda: compressed(letter(paper((246, 244, 240)), 218), 75),
    "pencil line": lambda: written(paper(), "Salma Bennis", 238, 30),
    "signature": lambda: signed(paper()),
    "signature in dust": lambda: signed(dusty(paper(), 30, 6)),
    "signature, edges": lambda: signed(edged(paper(), "ltrb", 0.04)),
    "stamp": lambda: stamped(paper()),
    "stamp on cream": lambda: stamped(paper(PAPERS["cream"])),
    "dark scan": lambda: letter(paper((46, 46, 46)), 16),
    "noisy dark scan": lambda: noisy(letter(paper((60, 60, 60)), 10), 12),
    "inverted": lambda: letter(paper((0, 0, 0)), 255),
    "under a lamp": lambda: written(lamp(150), "Salma Bennis", 110, 30),
    "photograph": landscape,
    "on a table": on_a_table,
    "small": lambda: written(paper(size=(600, 800)), "Salma Bennis", 90, 12, (60, 90)),
    "form with dust": lambda: letter(dusty(paper(PAPERS["green"]), 20, 8), 60),
}


@pytest.mark.parametrize("name", READABLE)
def test_little_is_enough_to_be_read(name: str) -> None:
    assert not is_blank(READABLE[name]())


def test_a_dusty_page_is_said_to_be_unreadable() -> None:
    file = io.BytesIO()
    dusty(paper(PAPERS["cream"]), 12, 5).save(file, "JPEG", quality=80)
    with pytest.raises(NotTaken) as caught:
        made_of([DocumentPart("image", file.getvalue())], 20)
    assert caught.value.reason == "blank"
