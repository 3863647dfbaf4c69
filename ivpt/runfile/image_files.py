"""Small files of images, such as JPEGs, that lie one after another in one array of bytes."""

from typing import TYPE_CHECKING

from ivpt.errors import RunFileError
from ivpt.runfile.guard import reading

if TYPE_CHECKING:
    from ivpt.runfile.reader import RunFile


def image_file(run: "RunFile", name: str, i: int) -> bytes | None:
    """The file of one image; None where none is stored.

    Args:
        run: the open run file.
        name: of the group below ``images``, with the arrays ``offset`` and ``data``.
        i: position in the table of images.

    Raises:
        RunFileError: the arrays do not fit the table or each other.
    """
    offsets, data = run.dataset(f"images/{name}/offset"), run.dataset(f"images/{name}/data")
    if offsets is None or data is None:
        return None
    if offsets.shape != (run.num_images + 1,) or data.ndim != 1:
        raise RunFileError(f"The run file {run.path} is damaged: images/{name} does not fit the number of images.")
    with reading(run.path):
        start, stop = map(int, offsets[i : i + 2])
        if not 0 <= start <= stop <= len(data):
            raise ValueError(f"images/{name} of image {i} lies outside what is stored")
        found: bytes = data[start:stop].tobytes()
    return found or None
