"""Write a contact sheet of paperbirds as a PNG: pictures, part maps, and scenes drawn again.

Usage: python tools/contact_sheet.py OUT.png [--rows 5] [--columns 8] [--size 96] [--maps]
"""

from __future__ import annotations

import argparse
import colorsys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ivpt.data.paperbirds.pose import PARTS
from ivpt.data.paperbirds.scene import Rendering, render, sample_scene
from ivpt.data.paperbirds.species import SPECIES, random_species


def part_colours() -> NDArray[np.uint8]:
    """(parts + 1, 3) RGB: white for no part, then hues spread around the circle."""
    hues = [colorsys.hsv_to_rgb(i / len(PARTS), 0.75, 0.9) for i in range(len(PARTS))]
    return (np.array([(1.0, 1.0, 1.0), *hues]) * 255).astype(np.uint8)


def picture(rendering: Rendering, maps: bool) -> NDArray[np.uint8]:
    """The image, or image and part map side by side; keypoints as black dots on the map."""
    if not maps:
        return rendering.image
    shown = part_colours()[rendering.parts]
    for x, y, visible in rendering.keypoints:
        if visible:
            shown[int(y), int(x)] = 0
    return np.concatenate([rendering.image, shown], axis=1)


def main() -> None:
    """Read the arguments and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=5)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--key", default="sheet")
    parser.add_argument("--maps", action="store_true", help="part maps beside the pictures")
    parser.add_argument("--recolour", action="store_true", help="every second one in other colours")
    parser.add_argument("--pretraining", action="store_true", help="random species and objects")
    args = parser.parse_args()
    lines = []
    for row in range(args.rows):
        line = []
        for column in range(args.columns):
            number = row * args.columns + column
            again = args.recolour and column % 2 == 1
            key = f"{args.key}/{number - again}"
            species = SPECIES[number % len(SPECIES)]
            objects = None
            if args.pretraining:
                species, objects = random_species(key), 3
            scene = sample_scene(key, species, objects=objects)
            line.append(picture(render(scene, args.size, recolour="again" if again else None), args.maps))
        lines.append(np.concatenate(line, axis=1))
    Image.fromarray(np.concatenate(lines, axis=0)).save(args.out)


if __name__ == "__main__":
    main()
