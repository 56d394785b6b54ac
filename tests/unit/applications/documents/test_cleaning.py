"""What comes out of the process that takes pictures and PDFs apart, and what it refuses."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pikepdf
import pillow_heif
import pytest
from PIL import Image

from cohortmgr.applications.documents.actions import sandbox
from cohortmgr.applications.documents.actions.sandbox import CleanedDocument, NotTaken, made_of
from cohortmgr.applications.documents.cleaning import (
    ACTIVE_KEYS,
    LONGEST_SIDE,
    DocumentPart,
    bare_jpeg,
)
from cohortmgr.applications.documents.page_pictures import WIDE

ACTIVE = (b"<script", b"<?php", b"/javascript", b"/launch", b"/embeddedfile", b"/openaction", b"/aa")


def picture(
    form: str = "JPEG", size: tuple[int, int] = (300, 200), mode: str = "RGB", **more: object
) -> bytes:
    file = io.BytesIO()
    drawn = Image.new(mode, size, "red")
    drawn.paste("navy", (0, 0, size[0] // 3, size[1] // 3))
    drawn.save(file, form, **more)
    return file.getvalue()


def pdf(pages: int = 1, **more: object) -> bytes:
    file = io.BytesIO()
    with pikepdf.new() as made:
        for _ in range(pages):
            page = made.add_blank_page(page_size=(300, 400))
            page.obj["/Contents"] = pikepdf.Stream(made, b"10 10 50 50 re f")
        made.save(file, **more)  # type: ignore[arg-type]
    return file.getvalue()


def made(*parts: DocumentPart, most_pages: int = 20) -> CleanedDocument:
    return made_of(parts, most_pages)


def refusal(*parts: DocumentPart, most_pages: int = 20) -> tuple[str, int | None]:
    with pytest.raises(NotTaken) as caught:
        made(*parts, most_pages=most_pages)
    return caught.value.reason, caught.value.part


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_each_kind_of_photo_becomes_a_jpeg_with_a_page_image(form: str) -> None:
    pillow_heif.register_heif_opener()
    found = made(DocumentPart("image", picture(form)))
    assert (found.kind, found.counts, len(found.pages)) == ("image", (1,), 1)
    assert found.data.startswith(b"\xff\xd8\xff") and found.pages[0].startswith(b"\xff\xd8\xff")


def test_a_photo_is_turned_upright_and_loses_what_it_told_of_its_place() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "Telephone <script>"
    found = made(
        DocumentPart("image", picture(size=(300, 200), exif=exif.tobytes(), comment=b"<?php echo 1;"))
    )
    with Image.open(io.BytesIO(found.data)) as upright:
        assert upright.size == (200, 300) and not upright.getexif()
    assert b"Exif" not in found.data and not [text for text in ACTIVE if text in found.data.lower()]


def test_a_large_photo_becomes_smaller() -> None:
    found = made(DocumentPart("image", picture(size=(5000, 2500))))
    with Image.open(io.BytesIO(found.data)) as smaller, Image.open(io.BytesIO(found.pages[0])) as seen:
        assert smaller.size == (LONGEST_SIDE, LONGEST_SIDE // 2) and seen.width == WIDE


def test_what_is_transparent_is_white_as_paper_is() -> None:
    file = io.BytesIO()
    drawn = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    drawn.paste((0, 0, 0, 255), (0, 0, 9, 9))
    drawn.save(file, "PNG")
    with Image.open(io.BytesIO(made(DocumentPart("image", file.getvalue())).data)) as found:
        assert found.getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize(
    "tail",
    [
        b"<script>alert(1)</script>",
        b"<?php system($_GET[0]);",
        b"<svg onload=alert(1)>",
        b"PK\x05\x06" + b"\0" * 18,
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_hangs_on_a_photo_is_gone(form: str, tail: bytes) -> None:
    found = made(DocumentPart("image", picture(form) + tail))
    assert tail not in found.data and not [text for text in ACTIVE if text in found.data.lower()]


def test_a_picture_of_144_million_pixels_is_refused_before_it_is_drawn() -> None:
    file = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(file, "PNG")
    assert refusal(DocumentPart("image", file.getvalue())) == ("too_many_pixels", 0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + b"\0" * 50,
        b"\xff\xd8\xff" + b"0" * 500,
        picture("PNG")[:60],
        b"<svg/>",
        picture("GIF"),
    ],
)
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    assert refusal(DocumentPart("image", data)) == ("unreadable", 0)


def armed() -> bytes:
    """A PDF that would act: at its opening, at a page, by a form, by a link and by a file within."""
    file = io.BytesIO()
    with pikepdf.new() as made:
        page = made.add_blank_page(page_size=(300, 400))
        act = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert('<script>')"))
        made.Root.OpenAction = act
        made.Root.AcroForm = pikepdf.Dictionary(XFA=pikepdf.String("<script>"), Fields=pikepdf.Array())
        made.attachments["a.html"] = b"<script>alert(1)</script>"
        start = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("cmd.exe"))
        page.obj["/AA"] = pikepdf.Dictionary(O=start)
        link = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=pikepdf.Array([0, 0, 9, 9]), A=act
        )
        page.obj["/Annots"] = pikepdf.Array([link])
        page.obj["/Contents"] = pikepdf.Stream(made, b"10 10 50 50 re f\n% <script>alert(1)</script> <?php")
        made.docinfo["/Title"] = "<script>"
        made.save(file, compress_streams=False)
    return file.getvalue()


def test_nothing_in_a_pdf_acts() -> None:
    given = armed()
    assert all(text in given.lower() for text in (b"<script", b"/javascript", b"/launch", b"/embeddedfile"))
    found = made(DocumentPart("pdf", given))
    assert not [text for text in ACTIVE if text in found.data.lower()]
    with pikepdf.open(io.BytesIO(found.data)) as clean:
        assert len(clean.pages) == 1 and not clean.attachments
        assert set(clean.Root.keys()) <= {"/Type", "/Pages"}
        assert set(clean.pages[0].obj.keys()) <= {"/Type", "/Parent", "/MediaBox", "/Resources", "/Contents"}


def test_a_pdf_that_asks_for_a_password_is_refused_and_one_that_opens_is_taken() -> None:
    locked = pdf(encryption=pikepdf.Encryption(owner="owner", user="secret"))
    assert refusal(DocumentPart("pdf", locked)) == ("encrypted", 0)
    for restricted in (pdf(encryption=pikepdf.Encryption(owner="owner", user="")), fault("owner-only.pdf")):
        found = made(DocumentPart("pdf", restricted))
        with pikepdf.open(io.BytesIO(found.data)) as opened:
            assert not opened.is_encrypted


def fault(name: str) -> bytes:
    return (Path(__file__).parents[3] / "data" / "faults" / name).read_bytes()


def shades(data: bytes) -> list[int]:
    """The shades of grey of a page, from the darkest."""
    with Image.open(io.BytesIO(data)) as seen:
        return sorted({value // 16 for value in seen.convert("L").tobytes()})


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_a_scan_of_many_bits_keeps_its_greys(bits: int) -> None:
    dark, white = ((1 << (bits - 2)).to_bytes(2, "little"), ((1 << bits) - 1).to_bytes(2, "little"))
    drawn = Image.frombytes("I;16", (400, 300), (dark * 200 + white * 200) * 300)
    file = io.BytesIO()
    drawn.save(file, "PNG")
    (page,) = made(DocumentPart("image", file.getvalue())).pages
    assert shades(page)[0] in (3, 4) and shades(page)[-1] == 15


def test_the_scan_of_sixteen_bits_is_no_white_page() -> None:
    (page,) = made(DocumentPart("image", fault("scan-16bit.png"))).pages
    assert len(shades(page)) > 2


@pytest.mark.parametrize("mode", ["1", "P"])
def test_thin_lines_stay_when_a_scan_is_shrunk(mode: str) -> None:
    drawn = Image.new("L", (6000, 6000), 255)
    for line in range(0, 6000, 61):
        drawn.paste(0, (0, line, 6000, line + 1))
    file = io.BytesIO()
    drawn.convert(mode).save(file, "PNG")
    found = made(DocumentPart("image", file.getvalue()))
    with Image.open(io.BytesIO(found.data)) as seen:
        column = seen.convert("L").crop((50, 0, 51, seen.height)).tobytes()
    dark = sum(1 for before, here in zip(column, column[1:], strict=False) if before >= 225 > here)
    assert dark >= 90


def test_a_photo_in_the_colours_of_print_is_read() -> None:
    file = io.BytesIO()
    drawn = Image.new("CMYK", (300, 200), (0, 0, 0, 0))
    drawn.paste((0, 255, 255, 0), (0, 0, 150, 200))
    drawn.save(file, "JPEG")
    (page,) = made(DocumentPart("image", file.getvalue())).pages
    with Image.open(io.BytesIO(page)) as seen:
        red, white = seen.getpixel((20, 100)), seen.getpixel((280, 100))
    assert red[0] > 200 > 60 > red[1] and min(white) > 240


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "I;16"])
def test_a_page_of_one_colour_is_said_to_be_unreadable(mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, (300, 200), 1).save(file, "PNG")
    assert refusal(DocumentPart("image", file.getvalue())) == ("blank", 0)


def test_a_pdf_of_empty_pages_alone_is_unreadable_and_an_empty_back_is_not() -> None:
    empty, both = io.BytesIO(), io.BytesIO()
    with pikepdf.new() as one, pikepdf.open(io.BytesIO(pdf())) as other:
        one.add_blank_page()
        one.save(empty)
        one.pages.extend(other.pages)
        one.save(both)
    assert refusal(DocumentPart("pdf", empty.getvalue()))[0] == "blank"
    assert made(DocumentPart("pdf", both.getvalue())).counts == (2,)


@pytest.mark.parametrize(
    "data", [b"%PDF-1.4\n<script>1</script>\n%%EOF", b"%PDF-1.4\n%%EOF", b"", b"PK\x03\x04"]
)
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    assert refusal(DocumentPart("pdf", data)) == ("unreadable", 0)


def test_pages_are_counted_in_each_file_and_in_all() -> None:
    assert refusal(DocumentPart("pdf", pdf(4)), most_pages=3) == ("too_many_pages", 0)
    assert refusal(DocumentPart("pdf", pdf(2)), DocumentPart("pdf", pdf(2)), most_pages=3) == (
        "too_many_pages",
        None,
    )


def test_a_stream_that_swells_to_gigabytes_does_no_harm() -> None:
    packer = zlib.compressobj(9)
    first, again = (
        packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2)
    )  # each megabyte is packed for itself, so that the second may stand for all that follow
    swelling = first + 1499 * again + packer.flush()
    file = io.BytesIO()
    with pikepdf.new() as bomb:
        stream = bomb.make_indirect(pikepdf.Stream(bomb, b""))
        bomb.add_blank_page().obj["/Contents"] = stream
        stream.write(swelling, filter=pikepdf.Name.FlateDecode)
        bomb.save(file, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    assert refusal(DocumentPart("pdf", file.getvalue()))[0] in ("unreadable", "too_heavy")


def test_several_files_are_one_document_in_their_order() -> None:
    found = made(
        DocumentPart("image", picture(size=(200, 300))),
        DocumentPart("pdf", pdf(2)),
        DocumentPart("image", picture(size=(300, 200))),
    )
    assert (found.kind, found.counts, len(found.pages)) == ("pdf", (1, 2, 1), 4)
    with pikepdf.open(io.BytesIO(found.data)) as whole:
        wide = [page.mediabox[2] > page.mediabox[3] for page in whole.pages]
    assert wide == [False, False, False, True]
    again = made(*found.parts)  # what is clean is put together again as it is
    assert again.counts == found.counts and again.parts == found.parts


def test_the_file_at_fault_is_named() -> None:
    assert refusal(DocumentPart("image", picture()), DocumentPart("image", b"\xff\xd8\xff")) == (
        "unreadable",
        1,
    )


def test_a_process_that_lasts_is_ended() -> None:
    with pytest.raises(NotTaken) as caught:
        made_of([DocumentPart("image", picture())], 20, patience=0.01)
    assert (caught.value.reason, caught.value.part) == ("too_heavy", None)


def test_the_process_sees_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {}

    def run(command: list[str], **more: object) -> None:
        given.update(more, command=command)
        raise sandbox.subprocess.TimeoutExpired(command, 1)

    monkeypatch.setenv("COHORTMGR_SECRET_KEY", "secret")
    monkeypatch.setattr(sandbox.subprocess, "run", run)
    assert refusal(DocumentPart("image", picture())) == ("too_heavy", None)
    assert "secret" not in str(given["env"]) and "-I" in str(given["command"])


def test_a_jpeg_within_keeps_its_colours_and_loses_its_comments() -> None:
    head = b"\xff\xd8\xff\xee\x00\x0eAdobe" + b"\0" * 7
    given = head + b"\xff\xfe\x00\x09<script" + b"\xff\xda\x00\x04\0\0pixels\xff\xd9<?php"
    assert bare_jpeg(given) == head + b"\xff\xda\x00\x04\0\0pixels\xff\xd9"
    assert bare_jpeg(b"no jpeg") == b"no jpeg"


def test_a_photo_within_a_pdf_tells_nothing_of_its_place_and_maker() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Telephone of Zohra"  # who made it
    exif.get_ifd(0x8825)[1] = "N"  # where
    photo = picture(exif=exif.tobytes(), comment=b"taken at home")
    assert b"Telephone of Zohra" in photo and b"taken at home" in photo
    file = io.BytesIO()
    with pikepdf.new() as given:
        page = given.add_blank_page(page_size=(300, 200))
        image = pikepdf.Stream(
            given, photo, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=300, Height=200,
            ColorSpace=pikepdf.Name.DeviceRGB, BitsPerComponent=8, Filter=pikepdf.Name.DCTDecode,
        )  # fmt: skip
        image["/Metadata"] = pikepdf.Stream(given, b"<x:xmpmeta>Zohra</x:xmpmeta>")
        page.obj["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Photo=image))
        page.obj["/Contents"] = pikepdf.Stream(given, b"q 300 0 0 200 0 0 cm /Photo Do Q")
        given.save(file)
    found = made(DocumentPart("pdf", file.getvalue()))
    with pikepdf.open(io.BytesIO(found.data)) as clean:
        kept = clean.pages[0].obj["/Resources"]["/XObject"]["/Photo"]
        raw = kept.read_raw_bytes()
        assert "/Metadata" not in kept
    assert raw.startswith(b"\xff\xd8") and len(raw) > 100, "the picture is there"
    for told in (b"Exif", b"Zohra", b"taken at home"):
        assert told not in raw and told not in found.data


@pytest.mark.parametrize("name", [key for key in ACTIVE_KEYS if key not in ("/JS", "/PS", "/OPI")])
def test_each_key_that_acts_or_tells_is_gone_wherever_it_stands(name: str) -> None:
    file = io.BytesIO()
    with pikepdf.new() as given:
        page = given.add_blank_page(page_size=(300, 400))
        look = pikepdf.Stream(given, b"0 0 9 9 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form)
        look["/BBox"] = pikepdf.Array([0, 0, 9, 9])
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        whole = () if name == "/Metadata" else (given.Root,)  # there the library reads it itself
        for place in (*whole, page.obj, look, font):
            place[name] = given.make_indirect(pikepdf.Dictionary(Told=pikepdf.String("Zohra")))
        page.obj["/Resources"] = pikepdf.Dictionary(
            XObject=pikepdf.Dictionary(L=look), Font=pikepdf.Dictionary(F=font)
        )
        page.obj["/Contents"] = pikepdf.Stream(given, b"/L Do BT /F 12 Tf (x) Tj ET 10 10 50 50 re f")
        given.save(file)
    found = made(DocumentPart("pdf", file.getvalue()))
    with pikepdf.open(io.BytesIO(found.data)) as clean:
        held = [each for each in clean.objects if isinstance(each, pikepdf.Dictionary | pikepdf.Stream)]
        assert clean.pages[0].obj["/Resources"]["/XObject"]["/L"] is not None
        assert not [each for each in held if name in each or "/Told" in each]


def test_what_was_filled_into_a_form_is_still_read_though_the_form_is_gone() -> None:
    file = io.BytesIO()
    with pikepdf.new() as given:
        page = given.add_blank_page(page_size=(300, 400))
        look = pikepdf.Stream(
            given, b"0 0 200 100 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form,
            BBox=pikepdf.Array([0, 0, 200, 100]), Resources=pikepdf.Dictionary(),
        )  # fmt: skip
        field = given.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, T=pikepdf.String("name"),
                V=pikepdf.String("Zohra"), Rect=pikepdf.Array([50, 200, 250, 300]), F=4,
                AP=pikepdf.Dictionary(N=look),
            )
        )  # fmt: skip
        page.obj["/Annots"] = pikepdf.Array([field])
        page.obj["/Contents"] = pikepdf.Stream(given, b"10 10 20 20 re f")
        given.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
        given.save(file)
    found = made(DocumentPart("pdf", file.getvalue()))
    with pikepdf.open(io.BytesIO(found.data)) as clean:
        assert "/AcroForm" not in clean.Root and "/Annots" not in clean.pages[0].obj
    with Image.open(io.BytesIO(found.pages[0])) as seen:
        across, down = seen.size
        # The middle of the field, whose place is measured from the lower edge.
        assert seen.convert("L").getpixel((across * 150 // 300, down * 150 // 400)) < 60
        assert seen.convert("L").getpixel((across * 280 // 300, down * 380 // 400)) > 200
