"""Scenes to learn from: one bird, three pictures, before other backgrounds and in other colours."""

import random
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivpt.data.paperbirds.habitats import HABITATS
from ivpt.data.paperbirds.scene import Scene, render, sample_scene
from ivpt.data.paperbirds.species import Species, random_species

SIZE = 96
VIEWS = 3
BIRDS = 0.88
"""Share of scenes with a bird; the others show other drawn objects only."""


def views(key: str) -> NDArray[np.uint8]:
    """Three pictures of one scene: (VIEWS, SIZE, SIZE, 3).

    With a bird: as it is; in random colours before another background; in another natural plumage before a third one.
    The bird's outline and pose stay, so that a point of it is at the same place in all three. Nothing else does: where
    no counterpart is to be had, the contrast teaches nothing but that such patches are alike.
    Without one: the same objects, in other colours and before other backgrounds.
    """
    draw = random.Random(key)
    species = random_species(key) if draw.random() < BIRDS else None
    objects = int(draw.random() * 3) if species else 2 + int(draw.random() * 3)
    first = sample_scene(key, species, _habitat(draw), objects=objects)
    pictures = [render(first, SIZE).image]
    for number in range(1, VIEWS):
        name = f"{key}/view{number}"
        other = _elsewhere(first, species, name, draw)
        natural = species is not None and number == VIEWS - 1
        pictures.append(render(other, SIZE, recolour=None if natural else name).image)
    return np.stack(pictures)


def _elsewhere(scene: Scene, species: Species | None, name: str, draw: random.Random) -> Scene:
    if species is None:
        return replace(scene, habitat=_habitat(draw))
    plumage = random_species(name)
    dressed = replace(species, crown=plumage.crown, back=plumage.back, belly=plumage.belly, rear=plumage.rear)
    other = sample_scene(name, dressed, _habitat(draw), objects=int(draw.random() * 3))
    return replace(other, pose=scene.pose)


def _habitat(draw: random.Random) -> str:
    return HABITATS[int(draw.random() * len(HABITATS))]


def load_scenes(file: Path, count: int, seed: int) -> NDArray[np.uint8]:
    """Pictures of ``count`` scenes, (count, VIEWS, SIZE, SIZE, 3); rendered into ``file`` on all cores if need be."""
    if file.exists():
        stored: NDArray[np.uint8] = np.load(file, mmap_mode="r")
        if len(stored) >= count:
            return np.array(stored[:count])
    pictures = np.empty((count, VIEWS, SIZE, SIZE, 3), np.uint8)
    with get_context("spawn").Pool() as pool:
        for i, found in enumerate(pool.imap(views, [f"pretrain/{seed}/{n}" for n in range(count)], chunksize=20)):
            pictures[i] = found
            if i % 500 == 0:
                print(f"drawn {i} of {count} scenes", flush=True)
    np.save(file, pictures)
    return pictures


def judged_birds(count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pictures and part maps of birds that are neither trained on nor in ``paperbirds``: for reporting only."""
    drawn = [
        render(sample_scene(f"judge/{n}", random_species(f"judge/{n}"), HABITATS[n % len(HABITATS)]), SIZE)
        for n in range(count)
    ]
    return np.stack([d.image for d in drawn]), np.stack([d.parts for d in drawn])
