"""What staff put on pages is made small, and what is no picture, or too much of one, is refused."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from cohortmgr.base.errors import Refused
from cohortmgr.base.pictures import MOST_SENT, made_small

BOX, MOST = (320, 180), 16 * 1024


def noise(kind: str, size: tuple[int, int] = (900, 700), **more: object) -> bytes:
    """A picture that is as hard to make small as any photo."""
    packed = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(packed, kind, **more)
    return packed.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_made_small(kind: str) -> None:
    made = made_small(noise(kind), BOX, MOST, "mark")
    with Image.open(io.BytesIO(made)) as seen:
        assert seen.format == "WEBP" and seen.width <= 320 and seen.height == 180
    assert len(made) <= MOST


def test_a_drawing_stays_exact_and_what_is_small_does_not_grow() -> None:
    drawing = Image.new("RGBA", (40, 20), (12, 90, 60, 0))
    drawing.paste((255, 200, 0, 255), (5, 5, 20, 15))
    packed = io.BytesIO()
    drawing.save(packed, "PNG")
    with Image.open(io.BytesIO(made_small(packed.getvalue(), BOX, MOST, "mark"))) as seen:
        assert seen.size == (40, 20) and seen.convert("RGBA").getpixel((10, 10)) == (255, 200, 0, 255)
        assert seen.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]


def test_nothing_of_where_and_when_it_was_taken_is_left_and_it_stands_upright() -> None:
    told = Image.Exif()
    told[0x0112], told[0x010E] = 6, "Chez Salma, Rabat"
    made = made_small(noise("JPEG", (400, 200), exif=told), BOX, MOST, "mark")
    with Image.open(io.BytesIO(made)) as seen:
        assert not seen.getexif() and seen.height > seen.width
    assert b"Salma" not in made


def broken_note() -> bytes:
    """A photo whose note of how it stands holds a figure of a wrong kind, by which the decoder falls."""
    note = Image.Exif()
    note[0x0112], note[0x011A] = 6, 72.0
    return noise("JPEG", (64, 48), exif=note.tobytes()).replace(b"\x01\x1a\x00\x05", b"\x01\x1a\x00\x01")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "ne se lit pas"),
        (broken_note(), "ne se lit pas"),
        (b"<svg onload=alert(1)>", "ne se lit pas"),
        (noise("PNG")[:2000], "ne se lit pas"),
        (noise("GIF"), "ne se lit pas"),
        (b"\x89PNG" + b"0" * MOST_SENT, "trop lourde"),
    ],
)
def test_what_is_no_picture_or_is_too_heavy_is_refused_at_its_field(data: bytes, said: str) -> None:
    with pytest.raises(Refused, match=f"^mark: .*{said}"):
        made_small(data, BOX, MOST, "mark")


def test_a_picture_of_many_points_is_refused_before_they_are_read() -> None:
    packed = io.BytesIO()
    Image.new("1", (5000, 4000)).save(packed, "PNG")
    with pytest.raises(Refused, match="trop grande"):
        made_small(packed.getvalue(), BOX, MOST, "mark")


def test_what_stays_too_heavy_is_refused() -> None:
    with pytest.raises(Refused, match="reste trop lourde"):
        made_small(noise("PNG"), BOX, 300, "mark")
