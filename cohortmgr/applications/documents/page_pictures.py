"""Pictures of a paper's page: wide and narrow, as it is read, and small, by which it is known again. Pure.

It runs where pictures are taken apart (`cleaning`), so that it imports nothing of the application but `blank_pages`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from cohortmgr.applications.documents.blank_pages import LOOKED_AT, is_blank

# What fills a desk's screen, and what fills a telephone's; a page is at most so many times as high as it is wide.
WIDE, NARROW, HIGHEST = 1440, 720, 3
WIDE_QUALITY, NARROW_QUALITY = 70, 55
# Of so many pages of one paper there are pictures; who reads more opens the file.
MOST_DRAWN = 20
# The small picture: its box, how good it is at best, and its most bytes.
SMALL_WIDTH, SMALL_HEIGHT, SMALL_QUALITY, SMALL_BYTES = 160, 240, 60, 8000


@dataclass(frozen=True)
class PagePictures:
    """The pictures of a page, and the width and height of the wide one. Of a page too many `wide` and `narrow` are
    empty."""

    wide: bytes
    narrow: bytes
    small: bytes
    shape: tuple[int, int]
    is_blank: bool


def draw(page: Any, *, is_drawn: bool) -> PagePictures:
    """Draw a page of a PDF. One that gets no picture is drawn as large as it takes to see whether it is blank."""
    across, high = page.get_size()
    longest = max(across, high)
    most = (WIDE / across, WIDE * HIGHEST / high) if is_drawn else (LOOKED_AT / longest, LOOKED_AT / longest)
    seen = page.render(scale=min(most)).to_pil().convert("RGB")
    return pictures_of(seen, is_drawn=is_drawn, is_blank=is_blank(seen))


def pictures_of(picture: Any, *, is_drawn: bool, is_blank: bool) -> PagePictures:
    """Make the pictures of a page that is a picture itself, in RGB."""
    picture.thumbnail((WIDE, WIDE * HIGHEST))
    if not is_drawn:
        return PagePictures(b"", b"", small_picture(picture), picture.size, is_blank)
    narrow = picture.copy()
    narrow.info = {}
    narrow.thumbnail((NARROW, NARROW * HIGHEST), reducing_gap=2.0)
    wide = as_jpeg(picture, WIDE_QUALITY)
    return PagePictures(wide, _webp(narrow, NARROW_QUALITY, 2), small_picture(narrow), picture.size, is_blank)


def as_jpeg(picture: Any, quality: int) -> bytes:
    """The pixels of a picture alone, as a JPEG."""
    file = io.BytesIO()
    picture.info = {}  # leaves out EXIF, colour profile and comment
    picture.save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()


def small_picture(seen: Any) -> bytes:
    """The picture as a WebP of SMALL_WIDTH and SMALL_BYTES at most: a page shows several on a slow network."""
    small = seen.copy()
    small.info = {}
    small.thumbnail((SMALL_WIDTH, SMALL_HEIGHT))
    for quality in range(SMALL_QUALITY, -1, -15):
        made = _webp(small, quality, 4)
        if len(made) <= SMALL_BYTES:
            break
    return made


def _webp(picture: Any, quality: int, method: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=quality, method=method)
    return file.getvalue()
