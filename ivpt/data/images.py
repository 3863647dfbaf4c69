"""Image files to upright 8-bit RGB."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from ivpt.errors import DataError

MAX_PIXELS = 89_478_485
"""Larger images are refused unopened: 256 MiB as RGB, and Pillow's own limit for suspected decompression bombs."""


def read_image(
    path: Path | str, *, alpha: Literal["over white", "drop"] = "over white", upright: bool = True
) -> NDArray[np.uint8]:
    """Decode an image file whatever its mode: the first frame, turned upright, transparency over white.

    Grey, palette, CMYK and 16-bit images become 8-bit RGB; 16-bit values keep their upper 8 bits, floating-point ones
    are taken as [0, 1] if they lie there and as [0, 255] otherwise.

    Args:
        path: of the file.
        alpha: what transparency means; ``drop`` takes the colours below it as they are.
        upright: turn it as its EXIF data say; false where published coordinates are those of the stored pixels.

    Returns:
        (height, width, 3) RGB.

    Raises:
        DataError: missing, truncated, not an image, or more than :data:`MAX_PIXELS`; the message names the file.
    """
    with _opened(path) as opened:
        turned = ImageOps.exif_transpose(opened) if upright else opened
        return np.array(_to_rgb(turned, alpha), dtype=np.uint8)


def image_size(path: Path | str, *, upright: bool = True) -> tuple[int, int]:
    """Width and height of what :func:`read_image` gives, from the file's header alone; raises as it does."""
    with _opened(path) as opened:
        width, height = opened.size
        # Orientations 5 to 8 lie on their side.
        lies = upright and opened.getexif().get(ExifTags.Base.Orientation, 1) > 4
        return (height, width) if lies else (width, height)


@contextmanager
def _opened(path: Path | str) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about harmless metadata; the size is checked just below
            with Image.open(path) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise DataError(
                        f"The image {path} has {opened.width}x{opened.height} pixels, more than can be opened safely.",
                        "Make it smaller or take it out.",
                    )
                yield opened
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"The image {path} does not exist.") from None
    except UnidentifiedImageError:
        raise DataError(f"The image {path} cannot be read: it is not an image file that Pillow knows.", _HINT) from None
    except Exception as error:  # decoders of damaged files raise anything, from SyntaxError to struct.error
        reason = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
        raise DataError(f"The image {path} cannot be read: {reason}.", _HINT) from None


_HINT = "Mend it or take it out, or leave such images out with --set data.skip_unreadable=true."


def _to_rgb(image: Image.Image, alpha: str) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return Image.fromarray(_to_8_bits(np.asarray(image), image.mode)).convert("RGB")
    if alpha == "drop":
        return image.convert("RGB")
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _to_8_bits(values: NDArray[np.generic], mode: str) -> NDArray[np.uint8]:
    grey = np.nan_to_num(values.astype(np.float64))
    if mode == "F":
        scale = 255.0 if grey.min() >= 0 and grey.max() <= 1 else 1.0
    else:
        # Older Pillow opens 16-bit files as 32-bit integers; a range of 0 to 255 there means an 8-bit image.
        scale = 1 / 256 if mode.startswith("I;16") or grey.max() > 255 else 1.0
    return np.clip(np.floor(grey * scale), 0, 255).astype(np.uint8)


__all__ = ["MAX_PIXELS", "image_size", "read_image"]
