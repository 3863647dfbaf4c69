"""Checks of what loader processes do with a data set."""

import pickle
import tracemalloc

import numpy as np

from ivpt.testing.kit import PluginTests, require
from ivpt.testing.subject import Subject


class WorkerChecks(PluginTests):
    """Pickled, read in other processes, within bounded memory."""

    def test_it_pickles(self, subject: Subject) -> None:
        """An instance can be sent to another process and lists and shows the same there."""
        try:
            other = pickle.loads(pickle.dumps(subject.dataset))
        except Exception as error:
            require(
                False,
                f"It cannot be pickled: {type(error).__name__}: {error}",
                "keep no open files, locks or lambdas in the instance, or leave them out in __getstate__.",
            )
        index = subject.sample[-1]
        require(
            list(other.records()) == list(subject.records)
            and np.array_equal(other.image(index), subject.images[index]),
            "A pickled copy lists or shows something else.",
            "let __getstate__ keep everything that records() and image() need.",
        )

    def test_it_pickles_small(self, subject: Subject) -> None:
        """An instance takes no images along to other processes."""
        try:
            size = len(pickle.dumps(subject.dataset))
        except Exception:  # a check of its own
            return
        allowed = 100_000 + 2_000 * len(subject.records)
        require(
            size <= allowed,
            f"A pickled instance takes {size / 1e6:.1f} MB.",
            "leave images out in __getstate__ and read or map them again.",
        )

    def test_memory_is_bounded(self, subject: Subject) -> None:
        """Reading does not keep every image."""
        made = subject.fresh()
        made.prepare()
        made.records()
        total = 0
        made.image(subject.sample[0])
        tracemalloc.start()
        try:
            for index in subject.sample:
                total += made.image(index).nbytes
                made.annotations(index)
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        require(
            kept <= max(100_000, total // 2),
            f"After reading {len(subject.sample)} images of {total / 1e6:.1f} MB it keeps {kept / 1e6:.1f} MB.",
            "keep no decoded images (no cache over image()); the core asks once per epoch.",
        )

    def test_it_reads_the_same_in_workers(self, subject: Subject) -> None:
        """Batches are equal with 0 and with 2 loader processes."""
        from torch.utils.data import DataLoader

        from ivpt.data.loading import ImageSet

        if not subject.well_formed:
            return  # a check of its own
        view = ImageSet(subject.dataset, subject.sample[:12], image_size=16, mean=(0.5,) * 3, std=(0.5,) * 3)
        loaded = []
        for workers in (0, 2):
            try:
                batches = list(DataLoader(view, batch_size=3, num_workers=workers, timeout=60 if workers else 0))
            except Exception as error:
                where = "in a loader process" if workers else "as model input"
                lines = [line for line in str(error).splitlines() if line.strip()]
                require(
                    False,
                    f"Its images cannot be read {where}: {type(error).__name__}: {(lines or ['no message'])[-1]}",
                    "open files in image(), not in the constructor.",
                )
            loaded.append([(batch["image"].numpy(), batch["label"].tolist()) for batch in batches])
        same = all(np.array_equal(a, c) and b == d for (a, b), (c, d) in zip(*loaded, strict=True))
        require(same, "Images differ between 0 and 2 loader processes.", "keep no state between calls of image().")
