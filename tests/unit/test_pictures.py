"""What may come in as a picture, and what is made of it."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from domain.errors import ErrorCode, RecastError
from resources.pictures import MAX_SCANS, MEGABYTE, ByteCap, Picture, clean_picture, clean_pictures

ORIENTATION = 0x0112
TURN_RIGHT = 6


def drawing(size: tuple[int, int] = (400, 600), mode: str = "RGB") -> Image.Image:
    """Red above, blue below."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (0, size[1] // 2, *size))
    return picture.convert(mode)


def encoded(picture: Image.Image, format_: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def huge_png(side: int = 14_200) -> bytes:
    """200 megapixels of nothing, in far less than 10 KB: a header, and one row of the 14,200 that it promises."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 + (side + 7) // 8))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def clean(content: bytes, folder: Path) -> Picture:
    return clean_picture(io.BytesIO(content), folder / "clean.webp")


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_drawn_anew_as_webp(tmp_path: Path, format_: str) -> None:
    picture = clean(encoded(drawing(), format_), tmp_path)
    assert (picture.width, picture.height) == (400, 600)
    assert picture.size_bytes == picture.path.stat().st_size
    with Image.open(picture.path) as result:
        assert (result.format, result.mode, result.size) == ("WEBP", "RGB", (400, 600))
        red, _, blue = result.getpixel((200, 20))  # type: ignore[misc]
        assert red > 200 > 60 > blue


def test_the_same_bytes_give_the_same_picture(tmp_path: Path) -> None:
    """A retried request finds what the first one wrote down."""
    content = encoded(drawing(), "JPEG")
    assert clean(content, tmp_path).sha256 == clean(content, tmp_path).sha256
    assert clean(content, tmp_path).sha256 != clean(encoded(drawing((401, 600))), tmp_path).sha256


def test_metadata_and_what_hides_behind_a_picture_stay_outside(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "home address"
    exif.get_ifd(0x8825)[1] = "N"
    for format_ in ("JPEG", "PNG", "WEBP"):
        extra = {"comment": b"home address"} if format_ == "JPEG" else {}
        content = encoded(drawing(), format_, exif=exif, **extra) + b"PK\x03\x04 <script>home address</script>"
        assert b"home address" in content
        result = clean(content, tmp_path).path.read_bytes()
        for trace in (b"home", b"address", b"PK\x03\x04", b"script", b"EXIF", b"Exif", b"ICCP", b"XMP"):
            assert trace not in result, (format_, trace)


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = TURN_RIGHT
    picture = clean(encoded(drawing((600, 400)), "JPEG", exif=exif), tmp_path)
    assert (picture.width, picture.height) == (400, 600)
    with Image.open(picture.path) as result:
        assert result.getpixel((380, 300))[0] > 200  # type: ignore[index]
        assert result.getpixel((20, 300))[2] > 200  # type: ignore[index]


def test_a_large_picture_is_made_smaller_and_keeps_its_shape(tmp_path: Path) -> None:
    picture = clean(encoded(drawing((5000, 4000)), "JPEG"), tmp_path)
    assert (picture.width, picture.height) == (2048, 1638)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "I;16", "RGBA"])
def test_every_kind_of_pixel_keeps_its_brightness(tmp_path: Path, mode: str) -> None:
    grey = Image.new(mode, (400, 400), 0x8080) if mode == "I;16" else Image.new("L", (400, 400), 128).convert(mode)
    with Image.open(clean(encoded(grey), tmp_path).path) as result:
        average = sum(result.convert("L").resize((1, 1)).tobytes())
        assert abs(average - 128) < 4


def test_transparency_is_kept(tmp_path: Path) -> None:
    with Image.open(clean(encoded(Image.new("RGBA", (400, 400), (255, 0, 0, 0))), tmp_path).path) as result:
        assert result.getpixel((200, 200))[3] == 0  # type: ignore[index]


def test_a_telephones_photograph_with_a_second_picture_inside_is_one_picture(tmp_path: Path) -> None:
    content = encoded(drawing(), "MPO", save_all=True, append_images=[drawing((400, 400))])
    with Image.open(io.BytesIO(content)) as source:
        assert source.format == "MPO"
    assert clean(content, tmp_path).height == 600


def many_scans(count: int) -> bytes:
    """A progressive JPEG that says the same again and again; every decoder takes it."""
    content = encoded(drawing(), "JPEG", progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last * (count - content.count(b"\xff\xda")) + content[-2:]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"><script>alert(1)</script></svg>'
MOVING = {"save_all": True, "append_images": [drawing().rotate(180)], "duration": 100}
WHOLE_JPEG = encoded(drawing(), "JPEG")
WHOLE_PNG = encoded(Image.effect_noise((400, 400), 80))
REFUSED = {
    "empty": (b"", "is empty"),
    "SVG": (SVG, "is not a PNG"),
    "GIF": (encoded(drawing(), "GIF"), "is not a PNG"),
    "TIFF": (encoded(drawing(), "TIFF"), "is not a PNG"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 400 400\n", "is not a PNG"),
    "a GIF that says it is a PNG": (b"\x89PNG\r\n\x1a\n" + encoded(drawing(), "GIF"), "is not a PNG"),
    "a page": (b"<html><body>hello</body></html>", "is not a PNG"),
    "a cut-off JPEG": (WHOLE_JPEG[: len(WHOLE_JPEG) // 2], "is damaged"),
    "a cut-off PNG": (WHOLE_PNG[: len(WHOLE_PNG) // 2], "is damaged"),
    "the first bytes of a PNG": (WHOLE_PNG[:20], "is damaged"),
    "200 megapixels in 10 KB": (huge_png(), "has more than 25 megapixels"),
    "26 megapixels": (encoded(Image.new("1", (5200, 5000))), "has more than 25 megapixels"),
    "a JPEG of far too many scans": (many_scans(MAX_SCANS + 1), "is damaged"),
    "an animated PNG": (encoded(drawing(), "PNG", **MOVING), "has several frames"),
    "an animated WebP": (encoded(drawing(), "WEBP", **MOVING), "has several frames"),
    "a stamp": (encoded(drawing((299, 400))), "is 299×400 pixels; each side has at least 300"),
    "a banner": (encoded(drawing((1001, 400))), "is 1001×400 pixels; a side is at most 2.5 times"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_is_no_usable_picture_is_refused_with_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    assert len(content) < MEGABYTE
    with pytest.raises(RecastError) as refused:
        clean(content, tmp_path)
    assert refused.value.code is ErrorCode.PICTURE_REJECTED
    assert refused.value.detail.startswith(reason)
    assert not (tmp_path / "clean.webp").exists()


def test_scans_are_counted_but_bytes_that_only_look_like_one_do_no_harm(tmp_path: Path) -> None:
    """They stand in any large PNG, and in the film that a telephone appends to a photograph."""
    assert clean(many_scans(MAX_SCANS), tmp_path).width == 400
    assert clean(WHOLE_PNG + b"\xff\xda" * (MAX_SCANS + 1), tmp_path).width == 400
    assert clean(WHOLE_JPEG + b"\xff\xda" * (MAX_SCANS - 10), tmp_path).width == 400


def test_a_picture_at_the_limit_is_taken(tmp_path: Path) -> None:
    assert clean(encoded(Image.new("1", (5000, 5000))), tmp_path).width == 2048
    assert clean(encoded(drawing((750, 300))), tmp_path).width == 750


async def test_the_bad_one_of_many_is_named_by_its_number(tmp_path: Path) -> None:
    files = [io.BytesIO(encoded(drawing())), io.BytesIO(SVG)]
    with pytest.raises(RecastError) as refused:
        await clean_pictures(files, tmp_path)
    assert refused.value.detail == "Picture 2 is not a PNG, JPEG or WebP picture."


async def test_the_same_picture_twice_is_refused(tmp_path: Path) -> None:
    """Also when one carries other metadata: what counts is what is seen."""
    exif = Image.Exif()
    exif[0x010E] = "another"
    files = [encoded(drawing()), encoded(drawing((300, 300))), encoded(drawing(), exif=exif)]
    with pytest.raises(RecastError) as refused:
        await clean_pictures([io.BytesIO(one) for one in files], tmp_path)
    assert refused.value.detail == "Picture 3 is the same as picture 1."


async def test_pictures_keep_their_order(tmp_path: Path) -> None:
    sizes = [(400 + 10 * number, 400) for number in range(5)]
    cleaned = await clean_pictures([io.BytesIO(encoded(drawing(size))) for size in sizes], tmp_path)
    assert [(one.width, one.height) for one in cleaned] == sizes


def test_bytes_are_counted_while_they_come_in() -> None:
    cap = ByteCap(one=10, all_=25)
    for _ in range(2):
        cap.begin()
        cap.add(4)
        cap.add(6)
    with pytest.raises(RecastError) as refused:
        cap.add(1)
    assert refused.value.code is ErrorCode.TOO_LARGE
    total = ByteCap(one=10, all_=25)
    for _ in range(2):
        total.begin()
        total.add(10)
    total.begin()
    total.add(5)
    with pytest.raises(RecastError):
        total.add(1)
