"""Part masks as they are stored: one grey PNG per image, whose pixel values are the labels themselves."""

import io

import numpy as np
from numpy.typing import NDArray


def encode(labels: NDArray[np.uint8]) -> bytes:
    """PNG bytes of labels.

    Args:
        labels: (height, width); 0 no part, ``i + 1`` part i.
    """
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.asarray(labels, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def decode(png: bytes, parts: int) -> NDArray[np.uint8]:
    """The labels back.

    Args:
        png: as :func:`encode` made it.
        parts: how many parts have names.

    Returns:
        (height, width).

    Raises:
        ValueError: the bytes are no grey 8-bit PNG, or a label has no name; its words go on from "the mask".
    """
    # most readers of a run file never ask for a mask; Pillow takes a noticeable part of a start
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as opened:
            labels = np.asarray(opened) if opened.mode == "L" else None
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        labels = None
    if labels is None:
        raise ValueError("is not a grey 8-bit PNG")
    if int(labels.max(initial=0)) > parts:
        raise ValueError(f"marks part {labels.max()}, and {parts} parts have names")
    return labels
