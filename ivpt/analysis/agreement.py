"""Do people agree on what concepts show? Names and ratings of several annotators (paper, appendix E)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Kappa = float | None
"""``None`` where it is undefined: nothing in common, or everybody always gave the same single answer."""


@dataclass(frozen=True)
class Pair:
    """Two annotators.

    Attributes:
        first, second: who.
        items: what both have answered.
        same: share on which they gave the same answer; ``None`` without common items.
        kappa: Cohen's; of ratings weighted by squared distance.
    """

    first: str
    second: str
    items: int
    same: float | None
    kappa: Kappa


@dataclass(frozen=True)
class Agreement:
    """Several annotators.

    Attributes:
        people: in alphabetical order.
        items: answered by somebody; ``common`` by everybody.
        common: see ``items``.
        same: share of the common items on which all gave the same answer; ``None`` without any.
        fleiss: Fleiss' kappa over the common items.
        pairs: each two of them.
        disputed: common items with more than one answer, the most disputed first.
    """

    people: tuple[str, ...]
    items: int
    common: int
    same: float | None
    fleiss: Kappa
    pairs: tuple[Pair, ...]
    disputed: tuple[str, ...]


@dataclass(frozen=True)
class Rated:
    """Ratings of one question.

    Attributes:
        question: its key.
        count: ratings.
        mean: of all ratings; ``None`` without any.
        sd: over the ratings (n - 1); ``None`` for fewer than two.
        distribution: count of each value of the scale.
        agreement: between annotators.
    """

    question: str
    count: int
    mean: float | None
    sd: float | None
    distribution: Mapping[int, int]
    agreement: Agreement


def names_agree(names: Mapping[str, Mapping[str, str]]) -> Agreement:
    """Agreement on names.

    Args:
        names: person to (item, for example ``L6:3``, to name). Case and surrounding or repeated blanks do not count;
            empty names are no answers.
    """
    raise NotImplementedError


def ratings_agree(
    ratings: Mapping[str, Mapping[str, Mapping[str, int]]], scale: Sequence[int] = (1, 2, 3, 4, 5)
) -> tuple[Rated, ...]:
    """Ratings and agreement on them, one per question.

    Args:
        ratings: person to (item to (question to rating)).
        scale: the values a rating may have.

    Raises:
        ValueError: a rating is not on the scale.
    """
    raise NotImplementedError
