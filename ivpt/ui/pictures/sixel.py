"""Sixel graphics, encoded by textual-image (the extra ``sixel``)."""

from ivpt.ui.raster import Pixels


def sixels(pixels: Pixels) -> str:
    """A picture as one escape sequence that draws it at the cursor.

    Args:
        pixels: (h, w, 3).
    """
    from PIL import Image

    # not the package's own widget: importing that one asks the terminal and waits for an answer
    from textual_image._sixel import image_to_sixels

    sequence: str = image_to_sixels(Image.fromarray(pixels))
    return sequence
