"""Checks of the images themselves."""

import io
import random
from contextlib import redirect_stderr, redirect_stdout

import numpy as np

from ivpt.testing.kit import PluginTests, require
from ivpt.testing.subject import Subject


class ImageChecks(PluginTests):
    """Shape, type, and that nothing but the position decides what an image is."""

    def test_images_are_colour_pictures(self, subject: Subject) -> None:
        """An image is a numpy array (height, width, 3)."""
        for index, image in subject.images.items():
            require(
                isinstance(image, np.ndarray) and image.ndim == 3 and image.shape[2] == 3 and min(image.shape) > 0,
                f"{subject.called(index)} is {type(image).__name__} of shape {np.shape(image)}.",
                "return (height, width, 3); ivpt.data.images.read_image does.",
            )

    def test_images_have_8_bits(self, subject: Subject) -> None:
        """An image has the type uint8, 0 to 255."""
        for index, image in subject.images.items():
            kind = getattr(image, "dtype", None)
            require(
                kind == np.uint8,
                f"{subject.called(index)} has the type {kind}.",
                "scale it to 0..255 (NaN first made a number) and return it .astype(np.uint8).",
            )

    def test_images_show_something(self, subject: Subject) -> None:
        """Not every image is one flat colour."""
        flat = [np.ptp(np.asarray(image)) == 0 for image in subject.images.values()]
        require(
            not all(flat), "All images are one flat colour.", "look at them: values in 0..1 cast to uint8 become 0."
        )

    def test_an_image_stays_the_same(self, subject: Subject) -> None:
        """Asked twice, an image is the same, bit by bit."""
        for index, image in subject.images.items():
            require(
                np.array_equal(subject.dataset.image(index), image),
                f"{subject.called(index)} is another picture the second time.",
                "draw nothing at random in image(); augmentation is the core's.",
            )

    def test_images_do_not_depend_on_the_order_of_reading(self, subject: Subject) -> None:
        """A fresh instance that is read backwards gives the same images."""
        other = subject.fresh()
        other.prepare()
        for index in reversed(subject.sample):
            require(
                np.array_equal(other.image(index), subject.images[index]),
                f"{subject.called(index)} is another picture when the images are read backwards.",
                "keep no position or random state between calls of image().",
            )

    def test_images_can_be_written_on(self, subject: Subject) -> None:
        """What the caller does to an image does not change the data set."""
        index = subject.sample[0]
        image = subject.dataset.image(index)
        if not image.flags.writeable:
            return
        before = image.copy()
        image[:] = 255 - image
        kept = np.array_equal(subject.dataset.image(index), subject.images[index])
        image[:] = before
        require(
            kept,
            f"Whoever changes {subject.called(index)} changes the data set.",
            "return a copy, or an array that cannot be written.",
        )

    def test_global_random_numbers_are_left_alone(self, subject: Subject) -> None:
        """Reading draws nothing from Python's or numpy's global random numbers."""
        before = random.getstate(), repr(np.random.get_state(legacy=False))
        for index in subject.sample[:5]:
            subject.dataset.image(index)
            subject.dataset.annotations(index)
        after = random.getstate(), repr(np.random.get_state(legacy=False))
        require(
            before == after,
            "Reading an image draws from the global random numbers, or seeds them.",
            "use numpy.random.default_rng(seed of your own).",
        )

    def test_it_prints_nothing(self, subject: Subject) -> None:
        """Stdout is for results: neither preparing nor reading prints."""
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(io.StringIO()):
            other = subject.fresh()
            other.prepare()
            other.records()
            for index in subject.sample[:5]:
                other.image(index)
                other.annotations(index)
        require(not said.getvalue(), f"It prints {said.getvalue()[:60]!r}.", "use logging, or the progress callback.")

    def test_images_drawn_again(self, subject: Subject) -> None:
        """``redrawn`` gives the image itself when nothing is asked for, and another of its size without a part."""
        for index in subject.sample[:3]:
            parts, things = subject.dataset.removable(index)
            if not parts and not things:
                continue
            image = subject.images[index]
            require(
                np.array_equal(subject.dataset.redrawn(index), image),
                f"{subject.called(index)} drawn again is another picture.",
                "redrawn() without arguments is the image.",
            )
            less = subject.dataset.redrawn(index, without=[[*parts, *things][0]])
            require(
                np.shape(less) == image.shape and not np.array_equal(less, image),
                f"{subject.called(index)} without {[*parts, *things][0]!r} is the same picture, or of another size.",
                "removable() names only what is seen.",
            )
