"""Pictures that staff put on pages, made small: a telephone on a slow network pays for each byte.

They come from people who administer what they stand on, and are few. The papers and photos that candidates send are
examined by a process with limits (applications/documents)."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from cohortmgr.base.errors import N_, Problem, Refused

# The most bytes of a picture as it is sent to us.
MOST_SENT = 4 * 1024 * 1024
# A picture of more is refused before its pixels are read.
_MOST_PIXELS = 16_000_000
_FORMATS = ("PNG", "JPEG", "WEBP")
_QUALITIES = (85, 70, 55, 40)
_UNREADABLE = N_("Cette image ne se lit pas : envoyez un fichier PNG, JPEG ou WebP.")
_TOO_HEAVY = N_("Cette image est trop lourde : %(most)s Mo au plus.")
_TOO_LARGE = N_("Cette image est trop grande : envoyez-la en 4 000 points de côté au plus.")
_TOO_FINE = N_("Cette image reste trop lourde pour un téléphone, même réduite : envoyez-en une plus simple.")


def made_small(data: bytes, box: tuple[int, int], most: int, where: str) -> bytes:
    """Return a picture's pixels alone, upright, as WebP, no larger than `box` (width, height) and than `most` bytes.

    Takes some milliseconds. Raises Refused, at the field `where`, if it is no picture or too much of one."""
    if len(data) > MOST_SENT:
        raise Refused(Problem(_TOO_HEAVY, {"most": MOST_SENT // 1024**2}, where))
    try:
        upright = _upright(data, where)
    except Refused:
        raise
    except (
        Exception
    ) as error:  # a decoder raises whatever the bytes lead it to, of any kind: it reads, or it does not
        raise Refused(Problem(_UNREADABLE, {}, where)) from error
    upright.thumbnail(box, Image.Resampling.LANCZOS)
    for quality in (None, *_QUALITIES):
        packed = _packed(upright, quality)
        if len(packed) <= most:
            return packed
    raise Refused(Problem(_TOO_FINE, {}, where))


def _upright(data: bytes, where: str) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
        if opened.width * opened.height > _MOST_PIXELS:
            raise Refused(Problem(_TOO_LARGE, {}, where))
        return ImageOps.exif_transpose(opened).convert("RGBA")


def _packed(picture: Image.Image, quality: int | None) -> bytes:
    """Return the picture as WebP: exact without a quality, which is small for most drawings and for no photo."""
    packed = io.BytesIO()
    if quality is None:
        picture.save(packed, "WEBP", lossless=True, method=6)
    else:
        picture.save(packed, "WEBP", quality=quality, method=6)
    return packed.getvalue()
