"""Every kind of image file becomes upright 8-bit RGB, or one clear error."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ivpt.data import images
from ivpt.data.images import image_size, read_image
from ivpt.errors import DataError

RED = np.array([255, 0, 0])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LA", "I;16", "I", "F"])
def test_every_mode_becomes_rgb(mode: str, tmp_path: Path) -> None:
    file = tmp_path / ("x.tif" if mode in ("CMYK", "YCbCr", "F", "I") else "x.png")
    if mode == "I;16":
        Image.fromarray(np.full((4, 6), 0xFFFF, np.uint16)).save(file)
    elif mode in ("I", "F"):
        Image.fromarray(np.full((4, 6), {"I": 0xFFFF, "F": 1.0}[mode], {"I": np.int32, "F": np.float32}[mode])).save(
            file
        )
    else:
        Image.new("RGB", (6, 4), "white").convert(mode).save(file)
    got = read_image(file)
    assert got.shape == (4, 6, 3)
    assert got.dtype == np.uint8
    assert got.min() >= 254


def test_sixteen_bits_keep_the_upper_eight(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 0x80FF, 0x0100]], np.uint16)).save(tmp_path / "x.png")
    assert read_image(tmp_path / "x.png")[0, :, 0].tolist() == [0, 0x80, 1]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_over_white(mode: str, tmp_path: Path) -> None:
    if mode == "P":
        image = Image.new("P", (2, 1), 0)
        image.putpalette([9, 9, 9, 0, 0, 0])
        image.putpixel((1, 0), 1)
        image.save(tmp_path / "x.png", transparency=0)
    else:
        image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
        image.putpixel((1, 0), (0, 0, 0, 255))
        image.convert(mode).save(tmp_path / "x.png")
    assert read_image(tmp_path / "x.png")[0, :, 0].tolist() == [255, 0]


def test_half_transparent_red_is_pink(tmp_path: Path) -> None:
    Image.new("RGBA", (1, 1), (255, 0, 0, 128)).save(tmp_path / "x.png")
    assert np.abs(read_image(tmp_path / "x.png")[0, 0].astype(int) - [255, 127, 127]).max() <= 1


def test_exif_rotation_is_undone(tmp_path: Path) -> None:
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, :8] = RED
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to see it upright
    Image.fromarray(pixels).save(tmp_path / "x.jpg", exif=exif, quality=95, subsampling=0)
    got = read_image(tmp_path / "x.jpg")
    assert got.shape == (16, 8, 3)
    assert got[2, 4, 0] > 200
    assert got[13, 4, 0] < 50


def test_truncated_empty_and_foreign_files_are_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for suffix in ("png", "jpg"):
        whole = tmp_path / f"whole.{suffix}"
        Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)).save(whole)
        (tmp_path / f"cut.{suffix}").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no image")
    for name in ("cut.png", "cut.jpg", "empty.png", "text.png", "absent.png"):
        with pytest.raises(DataError, match=name):
            read_image(tmp_path / name)


def test_huge_images_are_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (20, 20)).save(tmp_path / "x.png")
    monkeypatch.setattr(images, "MAX_PIXELS", 399)
    with pytest.raises(DataError, match="20x20"):
        read_image(tmp_path / "x.png")


def test_bomb_of_pillow_is_an_error_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (20, 20)).save(tmp_path / "x.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DataError, match=r"x\.png"):
        read_image(tmp_path / "x.png")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_that_of_the_upright_image(orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (16, 8)).save(tmp_path / "x.jpg", exif=exif)
    width, height = image_size(tmp_path / "x.jpg")
    assert read_image(tmp_path / "x.jpg").shape == (height, width, 3)


def test_the_size_needs_the_header_only(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200)).save(tmp_path / "x.bmp")
    (tmp_path / "x.bmp").write_bytes((tmp_path / "x.bmp").read_bytes()[:200])
    assert image_size(tmp_path / "x.bmp") == (300, 200)
    with pytest.raises(DataError, match=r"x\.bmp"):
        read_image(tmp_path / "x.bmp")
    with pytest.raises(DataError, match="does not exist"):
        image_size(tmp_path / "y.bmp")
