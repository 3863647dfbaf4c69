"""Accuracy, by hand and against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import balanced_accuracy_score, top_k_accuracy_score

from ivpt.metrics.accuracy import Accuracy, ranks, weighted
from ivpt.proportions import wilson
from tests.metrics.arrays import ArrayEvidence


def evidence(scores: np.ndarray, labels: list[int], **more) -> ArrayEvidence:
    scores = np.asarray(scores, np.float32)
    scores = scores[:, None] if scores.ndim == 2 else scores
    names = tuple(f"c{i}" for i in range(scores.shape[2]))
    rows = np.arange(len(labels))
    return ArrayEvidence(
        classes=names,
        layers=(),
        labels=np.array(labels),
        sizes=np.full((len(labels), 2), 8),
        rows={"test, whole": rows, "val, whole": rows[:1]},
        class_scores={"test, whole": scores, "val, whole": scores[:1]},
        **more,
    )


@given(
    arrays(np.float32, (12, 5), elements=st.integers(-9, 9).map(float), unique=False),
    st.lists(st.integers(0, 4), min_size=12, max_size=12),
    st.integers(1, 5),
)
def test_top_k_and_macro_agree_with_scikit_learn(scores, labels, k):
    scores = scores + np.arange(60, dtype=np.float32).reshape(12, 5) / 1000  # without ties
    found = Accuracy(top=k).compute(evidence(scores, labels)).figures
    expected = 100 * top_k_accuracy_score(labels, scores, k=k, labels=range(5)) if k < 5 else 100
    assert found[f"top-{k}" if k != 1 else "top-1"].value == pytest.approx(expected)
    present = [c for c in range(5) if c in labels]
    if set(scores.argmax(1)) <= set(present):  # scikit-learn warns otherwise
        assert found["macro"].value == pytest.approx(100 * balanced_accuracy_score(labels, scores.argmax(1)))


def test_ties_go_to_the_lower_index_as_in_the_prediction():
    np.testing.assert_array_equal(ranks(np.zeros((3, 3)), np.array([0, 1, 2])), [0, 1, 2])


def test_logits_are_the_mean_over_concepts():
    scores = np.array([[[5, 0], [0, 6]]])  # one image, two concepts: logits 2.5 and 3
    assert Accuracy().compute(evidence(scores, [1])).figures["top-1"].value == 100


def test_per_class_has_holes_where_there_are_no_images():
    result = Accuracy().compute(evidence(np.eye(3)[[0, 1, 0]], [0, 0, 1]))
    np.testing.assert_array_equal(result.per_class["top-1"], [50, 0, np.nan])
    assert result.images == 3
    assert result.figures["top-1"].interval == (100 * wilson(1, 3).low, 100 * wilson(1, 3).high)
    assert result.figures["macro"].value == 25


def test_worst_group_by_hand():
    # class 0: land 1/2, water 1/1; class 1: land 0/1, water without images; one image without a place
    labels = [0, 0, 0, 1, 1]
    predicted = [0, 1, 0, 0, 1]
    places = np.array([0, 0, 1, 0, -1])
    run = evidence(np.eye(2)[predicted], labels, attributes={"place": ("land", "water")}, values={"place": places})
    result = Accuracy().compute(run)
    assert result.figures["worst group by place"].value == 0
    assert result.parameters["worst group by place"] == "c1 with place land: 1 images, standard error 0.0 %"
    assert result.parameters["groups by place"] == 3
    assert result.figures["place = land"].value == pytest.approx(100 / 3)
    supported = Accuracy(min_images=2).compute(run)
    assert supported.figures["worst group by place"].value == 50
    assert supported.parameters["worst group by place"].endswith(f"standard error {100 * (0.25 / 2) ** 0.5:.1f} %")
    none = Accuracy(min_images=9).compute(run).figures["worst group by place"]
    assert none.value is None and "9 images" in none.why


def test_the_split_is_what_is_asked_for():
    run = evidence(np.eye(2)[[0, 0]], [0, 1])
    assert Accuracy(split="val").compute(run).figures["top-1"].value == 100
    assert Accuracy().compute(run).figures["top-1"].value == 50
    with pytest.raises(ValueError, match="split"):
        Accuracy(split="train")


@given(st.permutations(range(8)))
def test_the_order_of_images_means_nothing(order):
    random = np.random.default_rng(0)
    scores, labels = random.normal(size=(8, 3)), random.integers(0, 3, 8)
    places = random.integers(0, 2, 8)
    more = {"attributes": {"place": ("a", "b")}}
    one = Accuracy().compute(evidence(scores, labels.tolist(), values={"place": places}, **more))
    two = Accuracy().compute(evidence(scores[order], labels[order].tolist(), values={"place": places[order]}, **more))
    assert one.figures == two.figures and one.parameters == two.parameters


def test_weighted_as_train_by_hand():
    # groups (class, place): train has three of (0, land) and one of (1, water); test is balanced
    labels = [0, 0, 0, 1, 0, 0, 1, 1, 0]
    places = np.array([0, 0, 0, 1, 0, 0, 1, 1, 1])  # the last test image's group is not in train: weight 0
    scores = np.eye(2)[[0, 0, 0, 1, 0, 1, 1, 1, 1]]
    run = evidence(scores, labels, attributes={"place": ("land", "water")}, values={"place": places})
    run.rows = {"test, whole": np.arange(4, 9), "val, whole": np.arange(0)}
    run.class_scores = {"test, whole": scores[4:, None].astype(np.float32)}
    found = Accuracy().compute(run).figures["weighted as train by place"]
    assert found.value == pytest.approx(100 * (3 / 4 * 1 / 2 + 1 / 4 * 1))
    assert found.interval[0] < found.value < found.interval[1]


def test_weights_of_groups_without_images_go_to_the_others():
    found = weighted(np.array([True, False]), np.array([0, 0]), np.array([0.2, 0.8]))
    assert found.value == 50
    assert weighted(np.array([True]), np.array([0]), np.array([0.0, 1.0])).value is None
