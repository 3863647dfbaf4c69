"""ImageSet: reproducible whatever loads it; unreadable images are named."""

import pickle
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from ivpt.data.loading import ImageSet, plain_error, readable
from ivpt.errors import DataError
from ivpt.interfaces.dataset import Dataset, DatasetInfo, Record


class Noise(Dataset):
    """Ten random pictures, of which those in ``broken`` cannot be decoded."""

    def __init__(self, broken: tuple[int, ...] = ()) -> None:
        self.broken = broken

    @property
    def info(self) -> DatasetInfo:
        return DatasetInfo("noise", ("a", "b"))

    def records(self) -> Sequence[Record]:
        return [Record(str(i), i % 2) for i in range(10)]

    def image(self, index: int) -> np.ndarray:
        if index in self.broken:
            raise DataError(f"The image {index}.png cannot be read: it is cut.", "Mend it.")
        return np.random.default_rng(index).integers(0, 256, (20 + index, 24, 3), np.uint8)


def images(augment: str = "paper", broken: tuple[int, ...] = (), seed: int = 0) -> ImageSet:
    return ImageSet(
        Noise(broken), [3, 5, 8, 9], image_size=16, mean=(0.5,) * 3, std=(0.5,) * 3, augment=augment, seed=seed
    )


def test_items() -> None:
    item = images("none")[1]
    assert item["image"].shape == (3, 16, 16)
    assert item["image"].dtype == torch.float32
    assert (item["label"], item["index"]) == (1, 5)
    assert len(images()) == 4


def test_chance_is_seed_epoch_and_index() -> None:
    first, again, other = images(), images(), images(seed=1)
    assert torch.equal(first[2]["image"], again[2]["image"])
    assert not torch.equal(first[2]["image"], other[2]["image"])
    before = first[2]["image"]
    first.set_epoch(1)
    assert not torch.equal(first[2]["image"], before)
    first.set_epoch(0)
    assert torch.equal(first[2]["image"], before)


def test_evaluation_has_no_chance() -> None:
    plain = images("none")
    before = plain[0]["image"]
    plain.set_epoch(7)
    assert torch.equal(plain[0]["image"], before)


def test_pickled_copy_gives_the_same() -> None:
    first = images()
    first.set_epoch(4)
    copy = pickle.loads(pickle.dumps(first))
    assert torch.equal(first[0]["image"], copy[0]["image"])


def test_workers_that_stay_follow_the_epoch() -> None:
    here, there = images(), images()
    loader = DataLoader(there, batch_size=2, num_workers=1, persistent_workers=True)
    for epoch in (0, 1):
        here.set_epoch(epoch)
        there.set_epoch(epoch)
        got = torch.cat([batch["image"] for batch in loader])
        assert torch.equal(got, torch.stack([here[i]["image"] for i in range(4)]))


def test_readable_tells_good_from_bad() -> None:
    calls: list[tuple[int, int, str]] = []
    good, bad = readable(Noise((5, 9)), [3, 5, 8, 9], lambda *call: calls.append(call))
    assert good.tolist() == [3, 8]
    assert [error.message for error in bad] == [f"The image {i}.png cannot be read: it is cut." for i in (5, 9)]
    assert len(calls) == 4


def test_error_from_a_worker_is_one_sentence() -> None:
    loader = DataLoader(images(broken=(8,)), batch_size=2, num_workers=1)
    with pytest.raises(DataError) as caught:
        list(loader)
    assert str(plain_error(caught.value)) == "The image 8.png cannot be read: it is cut. Mend it."
    plain = DataError("a", "b")
    assert plain_error(plain) is plain
