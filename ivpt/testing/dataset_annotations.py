"""Checks of keypoints, boxes and masks, in pixels of the image."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivpt.interfaces.dataset import Annotations
from ivpt.testing.kit import PluginTests, require
from ivpt.testing.subject import Subject

NEARLY_ALL = 0.9
"""Share of keypoints and of mask pixels that lie in the object's box: annotators disagree by some pixels."""


class AnnotationChecks(PluginTests):
    """Where things are said to be, they can be."""

    def test_annotations_are_their_own_kind(self, subject: Subject) -> None:
        """``annotations`` gives :class:`Annotations`, the same ones each time."""
        for index, found in subject.annotations.items():
            require(
                isinstance(found, Annotations),
                f"The annotations of {subject.called(index)} are {type(found).__name__}.",
                "return ivpt.interfaces.dataset.Annotations.",
            )
            again = subject.dataset.annotations(index)
            require(
                _same(found, again),
                f"The annotations of {subject.called(index)} differ the second time.",
                "draw nothing at random.",
            )

    def test_keypoints_have_their_shape(self, subject: Subject) -> None:
        """Keypoints are float32 rows of x, y, visible, one for each name in ``info.keypoints``."""
        count = len(subject.info.keypoints)
        for index, points in _keypoints(subject):
            require(
                isinstance(points, np.ndarray) and points.shape == (count, 3) and points.dtype == np.float32,
                f"The keypoints of {subject.called(index)} are {getattr(points, 'dtype', '?')} of shape "
                f"{np.shape(points)}.",
                f"return float32 of shape ({count}, 3), one row per name in info.keypoints.",
            )

    def test_keypoints_are_visible_or_not(self, subject: Subject) -> None:
        """The third column is 0 or 1."""
        for index, points in _keypoints(subject):
            require(
                np.isin(_rows(points)[:, 2], (0, 1)).all(),
                f"Keypoints of {subject.called(index)} are neither visible (1) nor not (0).",
                "make the third column 0 or 1; in COCO's format 2 is visible.",
            )

    def test_keypoints_are_inside_the_image(self, subject: Subject) -> None:
        """A visible keypoint lies in the image, and is a number."""
        for index, points in _keypoints(subject):
            height, width = np.shape(subject.images[index])[:2]
            for row, (x, y, visible) in enumerate(_rows(points)):
                require(
                    not visible or (0 <= x <= width and 0 <= y <= height),
                    f"Keypoint {row} of {subject.called(index)} is at ({x:g}, {y:g}), the image has {width}x{height} "
                    "pixels.",
                    "mark it invisible, or mend its coordinates: x is the column, y the row, in pixels of this image.",
                )

    def test_some_keypoint_is_visible(self, subject: Subject) -> None:
        """Where keypoints are named, some are annotated."""
        if subject.info.keypoints:
            seen = any((_rows(points)[:, 2] == 1).any() for _, points in _keypoints(subject))
            require(seen, "info names keypoints, and none is visible in any image.", "check the column of visibility.")

    def test_boxes_are_boxes(self, subject: Subject) -> None:
        """A box is x, y, width, height: four numbers, the last two above zero."""
        for index, box in _boxes(subject):
            require(
                len(box) == 4 and np.isfinite(box).all() and box[2] > 0 and box[3] > 0,
                f"The box of {subject.called(index)} is {tuple(box)}.",
                "give x, y, width, height; None where there is none.",
            )

    def test_boxes_are_in_the_image(self, subject: Subject) -> None:
        """A box begins in the image, and at most a tenth of it reaches beyond the border."""
        for index, box in _boxes(subject):
            height, width = np.shape(subject.images[index])[:2]
            if len(box) != 4 or not box[2] > 0 or not box[3] > 0:
                continue  # that is the check before
            x, y, w, h = box
            inside = max(min(x + w, width) - max(x, 0), 0) * max(min(y + h, height) - max(y, 0), 0) / (w * h)
            require(
                inside >= NEARLY_ALL,
                f"The box {tuple(float(v) for v in box)} of {subject.called(index)} leaves the image of "
                f"{width}x{height} pixels.",
                "give x, y, width, height, not two corners, in pixels of this image.",
            )

    def test_masks_have_the_size_of_the_image(self, subject: Subject) -> None:
        """A part mask is uint8 of the image's height and width."""
        for index, mask in _masks(subject):
            shape = np.shape(subject.images[index])[:2]
            require(
                isinstance(mask, np.ndarray) and mask.shape == shape and mask.dtype == np.uint8,
                f"The mask of {subject.called(index)} is {getattr(mask, 'dtype', '?')} of shape {np.shape(mask)}.",
                f"return uint8 of shape {shape}; resize with nearest neighbours only.",
            )

    def test_masks_hold_known_parts(self, subject: Subject) -> None:
        """A mask's values are 0 for nothing and i + 1 for ``info.parts[i]``."""
        count = len(subject.info.parts)
        for index, mask in _masks(subject):
            require(
                int(mask.max(initial=0)) <= count,
                f"The mask of {subject.called(index)} holds {int(mask.max())}, and info names {count} parts.",
                "0 is no part, i + 1 is info.parts[i]; turn 255 into 0.",
            )

    def test_masks_and_boxes_agree(self, subject: Subject) -> None:
        """Nearly all of the parts lies inside the object's box."""
        for index, mask in _masks(subject):
            box = subject.annotations[index].box
            if box is None or not min(box[2:]) > 0 or not (mask > 0).any():
                continue
            rows, columns = np.nonzero(mask)
            inside = _within(columns + 0.5, rows + 0.5, box, slack=1.0).mean()
            require(
                inside >= NEARLY_ALL,
                f"{inside:.0%} of the parts of {subject.called(index)} lies in its box.",
                "check the order of x and y, and whether the format counts from 1.",
            )

    def test_keypoints_and_boxes_agree(self, subject: Subject) -> None:
        """Nearly all visible keypoints lie in the object's box, over all images that are looked at."""
        inside: list[NDArray[np.bool_]] = []
        for index, points in _keypoints(subject):
            box = subject.annotations[index].box
            seen = _rows(points)[_rows(points)[:, 2] == 1]
            if box is not None:
                inside.append(_within(seen[:, 0], seen[:, 1], box, slack=0.05 * max(box[2], box[3]) + 1))
        share = np.concatenate(inside).mean() if any(map(len, inside)) else 1.0
        require(
            share >= NEARLY_ALL, f"{share:.0%} of the visible keypoints lie in their box.", "check x, y and the box."
        )

    def test_keypoints_of_parts_are_seen_where_the_part_is(self, subject: Subject) -> None:
        """Where keypoints are named like the parts of the mask, one is visible exactly where its part is."""
        if not subject.info.parts or subject.info.keypoints != subject.info.parts:
            return
        for index, points in _keypoints(subject):
            mask = subject.annotations[index].part_mask
            if mask is None:
                continue
            for part, (name, row) in enumerate(zip(subject.info.parts, _rows(points), strict=False), start=1):
                require(
                    bool(row[2]) == bool((mask == part).any()),
                    f"The keypoint {name!r} of {subject.called(index)} is {'' if row[2] else 'not '}visible, its part "
                    f"is {'' if (mask == part).any() else 'not '}in the mask.",
                    "make keypoints of masks as in docs/datasets.md.",
                )


def _keypoints(subject: Subject) -> Iterator[tuple[int, Any]]:
    for index, found in subject.annotations.items():
        if found.keypoints is not None:
            yield index, found.keypoints


def _rows(points: Any) -> NDArray[np.float32]:
    """Rows of x, y, visible; none where the shape is wrong, which is a check of its own."""
    points = np.asarray(points)
    return points if points.ndim == 2 and points.shape[1] == 3 else np.zeros((0, 3), np.float32)


def _boxes(subject: Subject) -> Iterator[tuple[int, Any]]:
    for index, found in subject.annotations.items():
        if found.box is not None:
            yield index, found.box


def _masks(subject: Subject) -> Iterator[tuple[int, Any]]:
    for index, found in subject.annotations.items():
        if found.part_mask is not None:
            yield index, found.part_mask


def _within(x: Any, y: Any, box: tuple[float, float, float, float], slack: float) -> NDArray[np.bool_]:
    left, top, width, height = box
    inside: NDArray[np.bool_] = (x >= left - slack) & (x <= left + width + slack)
    inside &= (y >= top - slack) & (y <= top + height + slack)
    return inside


def _same(first: Annotations, second: Annotations) -> bool:
    if (first.box is None) != (second.box is None) or (
        first.box is not None and tuple(first.box) != tuple(second.box or ())
    ):
        return False
    pairs: list[tuple[Any, Any]] = [(first.keypoints, second.keypoints), (first.part_mask, second.part_mask)]
    return all(
        (a is None) == (b is None) and (a is None or np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f"))
        for a, b in pairs
    )
