"""Which images and which layer's maps a metric reads."""

from ivpt.errors import DataError, nearest
from ivpt.interfaces.metric import Evidence, View
from ivpt.runfile.schema import COARSE, LayerInfo


def view_of(split: str) -> View:
    """Whole images of a split.

    Raises:
        ValueError: it is none.
    """
    if split == "val":
        return View(split="val")
    if split == "test":
        return View(split="test")
    raise ValueError(f"split must be val or test, not {split!r}")


def chosen_layer(evidence: Evidence, key: str = "") -> LayerInfo:
    """The layer of that key; ``""`` for the paper's: the second to last prompted one (its only one if there is one).

    Raises:
        DataError: there is no such layer.
    """
    layers = {layer.key: layer for layer in evidence.layers}
    if key:
        if key not in layers:
            raise DataError(f"This run has no layer {key!r}.", nearest(key, list(layers)))
        return layers[key]
    prompted = [layer for layer in evidence.layers if layer.block is not None]
    if not prompted:
        raise DataError("This run has no prompted layer.", f"Layers: {', '.join(layers) or 'none'}.")
    return prompted[max(len(prompted) - 2, 0)]


def coarse_layer(evidence: Evidence) -> LayerInfo:
    """The concepts after the last block, which carry the class scores; foreground channel k is row k of the scores.

    Raises:
        DataError: the run holds no maps of them, or another number of them than of score rows.
    """
    layer = chosen_layer(evidence, COARSE)
    if len(layer.foreground) != evidence.coarse:
        raise DataError(
            f"The coarse maps hold {len(layer.foreground)} concepts, but there are scores of {evidence.coarse}."
        )
    return layer
