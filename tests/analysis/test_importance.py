import numpy as np
import pytest

from ivpt.analysis.importance import contrast, contributions, display_shares, logits_without

SCORES = np.random.default_rng(0).normal(size=(7, 4, 3)).astype(np.float32)


def test_contributions_are_signed_and_sum_to_the_logits() -> None:
    own = contributions(SCORES)
    assert (own < 0).any()
    assert np.allclose(own.sum(axis=-2), SCORES.mean(axis=-2), atol=1e-6)


def test_display_shares_are_between_0_and_1_and_ignore_the_common_level() -> None:
    shares = display_shares(SCORES)
    assert np.allclose(shares.sum(axis=-2), 1, atol=1e-6)
    assert (shares > 0).all()
    assert np.allclose(display_shares(SCORES + 1000), shares, atol=1e-3)
    assert np.array_equal(shares.argmax(axis=-2), SCORES.argmax(axis=-2))


def test_contrast_sums_to_the_difference_and_ignores_a_shift_of_all_logits() -> None:
    logits = SCORES.mean(axis=-2)
    assert np.allclose(contrast(SCORES, 0, 2).sum(axis=-1), logits[:, 0] - logits[:, 2], atol=1e-6)
    assert np.allclose(contrast(SCORES + 5, 0, 2), contrast(SCORES, 0, 2), atol=1e-5)


def test_removing_evidence_is_the_mean_of_what_is_left() -> None:
    assert np.allclose(logits_without(SCORES, (1,)), SCORES[:, [0, 2, 3]].mean(axis=1))
    assert np.array_equal(logits_without(SCORES, ()), SCORES.mean(axis=1))
    with pytest.raises(ValueError, match="no evidence left"):
        logits_without(SCORES, (0, 1, 2, 3))
