"""Rewrite a document that a person sent, without anything active: a program that `sandbox` runs each time.

Decoders of pictures and PDFs are large and work on bytes that strangers wrote. So they run in a process that
has no secrets, no database, limited memory and limited time, and that writes its result to standard output.
It imports nothing of the application but `blank_pages` and `page_pictures`, which import nothing else:
`python -I cleaning.py`.

In both directions a message is a length (4 bytes), so much JSON, and the blobs whose sizes the JSON gives.
"""

from __future__ import annotations

import io
import json
import resource
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

MEMORY = 768 * 1024 * 1024
SECONDS = 20
# A page of text is read well at 2,400 pixels.
LONGEST_SIDE, QUALITY = 2400, 80
MOST_PIXELS = 66_000_000
A4 = (595.0, 842.0)
# The keys that a page of a PDF keeps; notes, forms and actions go once their looks were drawn into the page.
PAGE_KEYS = frozenset(
    {"/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/UserUnit"}
)
ACTIVE_KEYS = (
    "/AA", "/JS", "/JavaScript", "/OpenAction", "/AF", "/EF", "/XFA", "/RichMediaContent", "/Metadata", "/PieceInfo",
    "/OPI", "/PS",
)  # fmt: skip
# Below these the keys are names that the file's maker chose for fonts, pictures and letters.
NAMED = frozenset(
    {"/Font", "/XObject", "/ColorSpace", "/ExtGState", "/Pattern", "/Shading", "/Properties", "/CharProcs"}
)
ACTIVE_TEXT = (b"<script", b"<?php", b"/javascript", b"/launch", b"/embeddedfile")


class DocumentRefusal(Exception):
    """A document is refused: a key of `rules.REASONS`, and the index of the part at fault, if it is one."""

    def __init__(self, reason: str, part: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.part = reason, part


@dataclass(frozen=True)
class DocumentPart:
    """One file of a document: its kind ("pdf" or "image") and its bytes. `clean`: made here before."""

    kind: str
    data: bytes
    clean: bool = False


def main(given: BinaryIO, told: BinaryIO) -> None:
    """Read a request and write its answer. A failure writes nothing: its exit code tells the caller."""
    _bound()
    head, blobs = read(given)
    parts = [
        DocumentPart(each["kind"], data, each["clean"])
        for each, data in zip(head["parts"], blobs, strict=True)
    ]
    try:
        write(told, *answer(parts, head["most_pages"]))
    except DocumentRefusal as refusal:
        write(told, {"refused": refusal.reason, "part": refusal.part}, [])
    except MemoryError:
        write(told, {"refused": "too_heavy", "part": 0 if len(parts) == 1 else None}, [])


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def read(file: BinaryIO) -> tuple[dict[str, Any], list[bytes]]:
    """Read a message: its JSON and its blobs."""
    (size,) = struct.unpack(">I", file.read(4))
    head: dict[str, Any] = json.loads(file.read(size))
    return head, [file.read(length) for length in head["sizes"]]


def write(file: BinaryIO, head: dict[str, Any], blobs: Sequence[bytes]) -> None:
    """The inverse of `read`."""
    text = json.dumps({**head, "sizes": [len(blob) for blob in blobs]}).encode()
    file.write(struct.pack(">I", len(text)) + text + b"".join(blobs))
    file.flush()


def answer(parts: Sequence[DocumentPart], most_pages: int) -> tuple[dict[str, Any], list[bytes]]:
    """The answer's JSON and blobs: clean parts, the one document that they make, pictures of its first pages, wide and
    narrow, and small ones of all.

    `blank` numbers the pages, from 0 on, that show nothing in a document that shows something."""
    clean = [part if part.clean else _cleaned(place, part, most_pages) for place, part in enumerate(parts)]
    alone = clean[0].data if len(clean) == 1 else joined(clean)
    kind = clean[0].kind if len(clean) == 1 else "pdf"
    pages = list(_pictures(kind, alone, most_pages))
    drawn = [page for page in pages if page.wide]
    head = {
        "refused": None,
        "blank": [place for place, page in enumerate(pages) if page.is_blank],
        "kinds": [part.kind for part in clean],
        "counts": [_count(part) for part in clean],
        "kind": kind,
        "shapes": [page.shape for page in drawn],
    }
    looks = [
        *(page.wide for page in drawn),
        *(page.narrow for page in drawn),
        *(page.small for page in pages),
    ]
    return head, [*(part.data for part in clean), alone, *looks]


def _cleaned(place: int, part: DocumentPart, most_pages: int) -> DocumentPart:
    try:
        if part.kind == "pdf":
            return DocumentPart("pdf", clean_pdf(part.data, most_pages), True)
        return DocumentPart("image", clean_image(part.data), True)
    except DocumentRefusal as refusal:
        raise DocumentRefusal(refusal.reason, place) from refusal
    except MemoryError as error:
        raise DocumentRefusal("too_heavy", place) from error


def clean_image(data: bytes) -> bytes:
    """The picture's first frame as a JPEG: upright, no side over LONGEST_SIDE, only pixels. Or Refusal."""
    from PIL import Image, ImageOps

    from cohortmgr.applications.documents.blank_pages import is_blank
    from cohortmgr.applications.documents.page_pictures import as_jpeg

    Image.MAX_IMAGE_PIXELS = None  # we check the size ourselves, from the header
    formats = ["JPEG", "PNG", "WEBP"]
    if data[4:8] == b"ftyp":
        import pillow_heif

        formats = ["HEIF"]
        pillow_heif.register_heif_opener(thumbnails=False)
    try:
        with Image.open(io.BytesIO(data), formats=formats) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise DocumentRefusal("too_many_pixels")
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # decodes a JPEG at a half or a quarter
            upright = ImageOps.exif_transpose(_eight_bits(opened))
            if upright.mode not in ("RGB", "L", "CMYK"):
                upright = _on_white(upright)  # shrunk before, palettes and single bits lose their thin lines
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
            seen = _on_white(upright)
            if is_blank(seen):
                raise DocumentRefusal("blank")
            return as_jpeg(seen, QUALITY)
    except (OSError, ValueError, SyntaxError, RuntimeError, EOFError, struct.error, LookupError) as error:
        raise DocumentRefusal("unreadable") from error


def _eight_bits(picture: Any) -> Any:
    """The picture with greys from 0 to 255. Scanners write 10 to 16 bits, which a conversion would cut at 255:
    nearly all of such a page is white then."""
    if picture.mode != "F" and not picture.mode.startswith("I"):
        return picture
    wide = picture.convert("F")
    most = max(wide.getextrema()[1], 1)
    white = next((limit for limit in (255, 1023, 4095, 16383) if most <= limit), 65535)
    return wide.point(lambda value: value * (255 / white)).convert("L")


def _on_white(picture: Any) -> Any:
    """The picture in RGB; what was transparent becomes white, as paper is."""
    from PIL import Image

    if picture.mode == "RGB":
        return picture
    if picture.mode == "1":
        return picture.convert("L").convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        alpha = picture.convert("RGBA")
        paper = Image.new("RGB", alpha.size, "white")
        paper.paste(alpha, mask=alpha.getchannel("A"))
        return paper
    return picture.convert("RGB")


def clean_pdf(data: bytes, most_pages: int) -> bytes:
    """A new PDF with the pages as they look: no scripts, forms, notes, actions, enclosures. Or Refusal."""
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(data)) as given, pikepdf.new() as made:
            # What opens without a password may be read; a password of its owner forbids printing and changing.
            if not 0 < len(given.pages) <= most_pages:
                raise DocumentRefusal("too_many_pages" if len(given.pages) else "unreadable")
            given.flatten_annotations("all")
            for page in given.pages:
                for name in set(page.obj.keys()) - PAGE_KEYS:
                    del page.obj[name]
            made.pages.extend(given.pages)
            _disarm(made)
            return _saved(made)
    except pikepdf.PasswordError as error:
        raise DocumentRefusal("encrypted") from error
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise DocumentRefusal("unreadable") from error


def _disarm(made: Any) -> None:
    """Remove all that could act below the pages, whatever names it; photos keep only their pixels."""
    import pikepdf

    for each in made.objects:
        _strip(each)
        if not isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
            continue
        if isinstance(each, pikepdf.Stream) and each.get("/Filter") == pikepdf.Name.DCTDecode:
            parameters: Any = each.get("/DecodeParms")
            each.write(
                bare_jpeg(each.read_raw_bytes()), filter=pikepdf.Name.DCTDecode, decode_parms=parameters
            )


def _strip(whole: Any) -> None:
    """Remove the active keys from an object and from what is written within it, however deep. An object that has a
    number of its own is visited by it."""
    import pikepdf

    left = [(whole, False)]
    while left:
        each, by_name = left.pop()
        if isinstance(each, pikepdf.Array):
            left += [(value, False) for value in each if _within(value)]
        elif isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
            for name in () if by_name else ACTIVE_KEYS:
                if name in each:
                    del each[name]
            left += [(value, name in NAMED) for name, value in each.items() if _within(value)]


def _within(value: Any) -> bool:
    import pikepdf

    return isinstance(value, pikepdf.Array | pikepdf.Dictionary) and not value.is_indirect


def _saved(made: Any) -> bytes:
    import pikepdf

    file = io.BytesIO()
    made.save(
        file,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
        compress_streams=True,
        deterministic_id=True,
    )
    data = file.getvalue()
    if any(text in data.lower() for text in ACTIVE_TEXT):
        raise DocumentRefusal("active")
    return data


def bare_jpeg(data: bytes) -> bytes:
    """A JPEG without comments, other programs' data and bytes after its end.

    JFIF's and Adobe's data stay: Adobe's says how to read the colours."""
    if not data.startswith(b"\xff\xd8"):
        return data
    kept, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:  # the pixels, until the end of the picture
            end = data.rfind(b"\xff\xd9", at)
            return b"".join(kept) + (data[at : end + 2] if end > 0 else data[at:])
        if not (marker == 0xFE or (0xE0 <= marker <= 0xEF and marker not in (0xE0, 0xEE))):
            kept.append(data[at : at + 2 + size])
        at += 2 + max(size, 2)
    return data


def joined(parts: Sequence[DocumentPart]) -> bytes:
    """One PDF of several clean parts, in order. Each photo is a page of A4, in landscape if it is wide."""
    import pikepdf

    with pikepdf.new() as made:
        for part in parts:
            if part.kind == "pdf":
                with pikepdf.open(io.BytesIO(part.data)) as given:
                    made.pages.extend(given.pages)
            else:
                _photo_page(made, part.data)
        return _saved(made)


def _photo_page(made: Any, data: bytes) -> None:
    import pikepdf
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
        width, height = picture.size
    sheet = A4 if height >= width else A4[::-1]
    scale = min(sheet[0] / width, sheet[1] / height)
    drawn = (width * scale, height * scale)
    place = ((sheet[0] - drawn[0]) / 2, (sheet[1] - drawn[1]) / 2)
    page = made.add_blank_page(page_size=sheet)
    image = pikepdf.Stream(
        made,
        data,
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=width,
        Height=height,
        ColorSpace=pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
    )
    page.obj["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Photo=image))
    drawing = f"q {drawn[0]:.3f} 0 0 {drawn[1]:.3f} {place[0]:.3f} {place[1]:.3f} cm /Photo Do Q"
    page.obj["/Contents"] = pikepdf.Stream(made, drawing.encode())


def _count(part: DocumentPart) -> int:
    if part.kind != "pdf":
        return 1
    import pikepdf

    with pikepdf.open(io.BytesIO(part.data)) as given:
        return len(given.pages)


def _pictures(kind: str, data: bytes, most_pages: int) -> Iterable[Any]:
    """Yield the PagePictures of each page; of a photo it is known already that it shows something."""
    from cohortmgr.applications.documents import page_pictures

    if kind != "pdf":
        from PIL import Image

        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            picture.load()
            yield page_pictures.pictures_of(picture, is_drawn=True, is_blank=False)
        return
    import pypdfium2

    try:
        opened = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise DocumentRefusal("unreadable") from error
    with opened:
        if len(opened) > most_pages:
            raise DocumentRefusal("too_many_pages")
        blank = True
        for place, page in enumerate(opened):
            if min(page.get_size()) <= 0:
                raise DocumentRefusal("unreadable")
            found = page_pictures.draw(page, is_drawn=place < page_pictures.MOST_DRAWN)
            blank = blank and found.is_blank
            yield found
        if blank:
            raise DocumentRefusal("blank")


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[3]))
    main(sys.stdin.buffer, sys.stdout.buffer)
