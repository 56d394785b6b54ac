"""Whether a page shows anything: writing, a drawing or a picture, or only paper with dust on it. Pure.

It runs where pictures are taken apart (`cleaning`), so that it imports nothing of the application.
"""

from __future__ import annotations

from typing import Any

# A page is looked at with its longer side no longer than this, in cells of so many points.
LOOKED_AT, CELL = 1200, 3
# What is written differs from the paper AROUND it by more than FAINT; in a picture that is noisy by NOISE_TIMES its
# usual difference, but CLEAR is always enough.
AROUND, FAINT, NOISE_TIMES, CLEAR = 24, 5, 6, 24
# Marks are one if no more than REACH - 1 cells lie between them. Dust is smaller than WRITTEN cells and lies alone.
REACH, WRITTEN = 2, 8
# The part of the longer side that a scanner darkens at most. Whatever hangs on the border counts inside of it only.
BORDER = 0.08
# Where more of the cells than this are marked, the page is full: nobody has to look for marks.
FULL = 0.04

Square = tuple[int, int]


def is_blank(picture: Any) -> bool:
    """Whether a picture in RGB shows nothing that could be read: paper of one colour, or shaded by a lamp, with the
    dust, the dark edges and the noise of a scanner. One word is enough not to be blank."""
    small = picture.reduce(max(1, round(max(picture.size) / LOOKED_AT)))
    cells, size = _marked(small)
    edge = round(BORDER * max(size))
    inner = {
        (left, top) for left, top in cells if edge <= left < size[0] - edge and edge <= top < size[1] - edge
    }
    if len(inner) > FULL * max(size[0] - 2 * edge, 1) * max(size[1] - 2 * edge, 1):
        return False
    return not any(_is_written(mark, inner, size) for mark in _marks(cells))


def _marked(small: Any) -> tuple[set[Square], Square]:
    """The cells in which a colour differs from what is around it, and how many cells there are."""
    from PIL import Image, ImageChops, ImageFilter, ImageStat

    found = Image.new("L", small.size)
    # A JPEG smears colours, not light, over blocks that are larger than dust.
    for band, faint in ((small.convert("L"), FAINT), *((each, CLEAR) for each in small.split())):
        apart = ImageChops.difference(band, band.filter(ImageFilter.BoxBlur(AROUND)))
        least = min(max(faint, NOISE_TIMES * ImageStat.Stat(apart).median[0]), CLEAR)
        found = ImageChops.lighter(found, apart.point([255 * (value > least) for value in range(256)]))
    cells = found.reduce(CELL)
    across = cells.width
    marked = {(place % across, place // across) for place, value in enumerate(cells.tobytes()) if value}
    return marked, cells.size


def _marks(cells: set[Square]) -> list[set[Square]]:
    """The cells put together that lie near each other."""
    near = [(x, y) for x in range(-REACH, REACH + 1) for y in range(-REACH, REACH + 1)]
    left, found = set(cells), []
    while left:
        mark, edge = set[Square](), [left.pop()]
        while edge:
            here = edge.pop()
            mark.add(here)
            beside = left.intersection([(here[0] + x, here[1] + y) for x, y in near])
            left -= beside
            edge += beside
        found.append(mark)
    return found


def _is_written(mark: set[Square], inner: set[Square], size: Square) -> bool:
    """Whether a mark is larger than dust; of one that hangs on the border only what is `inner` counts."""
    if any(left in (0, size[0] - 1) or top in (0, size[1] - 1) for left, top in mark):
        mark = mark & inner
    if not mark:
        return False
    across, down = ([each[axis] for each in mark] for axis in (0, 1))
    return max(max(across) - min(across), max(down) - min(down)) + 1 >= WRITTEN
