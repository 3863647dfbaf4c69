"""Do people agree on what concepts show? Names and ratings of several annotators (paper, appendix E)."""

import statistics
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        fleiss: Fleiss' kappa over the common items; of ratings too it counts every difference alike.
        pairs: each two of them.
        disputed: common items with more than one answer, the fewest that agree first.
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
    said = {who: {item: " ".join(name.split()).casefold() for item, name in own.items()} for who, own in names.items()}
    return _agreement({who: {item: name for item, name in own.items() if name} for who, own in said.items()}, None)


def ratings_agree(
    ratings: Mapping[str, Mapping[str, Mapping[str, int]]], scale: Sequence[int] = (1, 2, 3, 4, 5)
) -> tuple[Rated, ...]:
    """Ratings and agreement on them, one per question in alphabetical order.

    Args:
        ratings: person to (item to (question to rating)).
        scale: the values a rating may have, ascending.

    Raises:
        ValueError: a rating is not on the scale.
    """
    questions = sorted({q for own in ratings.values() for answers in own.values() for q in answers})
    return tuple(
        _rated(
            question,
            {
                who: {item: answers[question] for item, answers in own.items() if question in answers}
                for who, own in ratings.items()
            },
            scale,
        )
        for question in questions
    )


def cohen(first: Sequence[Hashable], second: Sequence[Hashable], scale: Sequence[Hashable] | None = None) -> Kappa:
    """Cohen's kappa of two annotators: agreement beyond what their own frequencies would give.

    Source: Cohen, Educational and Psychological Measurement 20 (1960) 37-46; weighted: Psychological Bulletin 70 (1968)
    213-220.

    Args:
        first: one answer per item.
        second: of the same items.
        scale: for answers in this order: disagreements count by the square of their distance on it. Without, all
            disagreements count alike.
    """
    values = list(scale) if scale is not None else sorted({*first, *second}, key=str)
    place = {value: n for n, value in enumerate(values)}
    table = np.zeros((len(values), len(values)))
    for one, other in zip(first, second, strict=True):
        table[place[one], place[other]] += 1
    count = table.sum()
    at = np.arange(len(values))
    weight = (at[:, None] - at) ** 2 if scale is not None else (at[:, None] != at).astype(float)
    expected = float((weight * np.outer(table.sum(axis=1), table.sum(axis=0))).sum()) / max(count, 1)
    return 1 - float((weight * table).sum()) / expected if expected else None


def fleiss(counts: NDArray[np.integer[Any]]) -> Kappa:
    """Fleiss' kappa of several annotators.

    Source: Fleiss, Psychological Bulletin 76 (1971) 378-382.

    Args:
        counts: (items, answers) how many gave each answer; each row sums to the number of annotators, two or more.
    """
    table = np.asarray(counts, np.float64)
    if not len(table) or table[0].sum() < 2:
        return None
    people = table[0].sum()
    same = ((table**2).sum(axis=1) - people) / (people * (people - 1))
    chance = float(((table.sum(axis=0) / table.sum()) ** 2).sum())
    # with one answer alone chance is exactly 1
    return float(same.mean() - chance) / (1 - chance) if chance < 1 else None


def _agreement(answers: Mapping[str, Mapping[str, Hashable]], scale: Sequence[int] | None) -> Agreement:
    people = tuple(sorted(answers))
    items = sorted({item for own in answers.values() for item in own})
    common = [item for item in items if all(item in answers[who] for who in people)]
    values = sorted({answers[who][item] for who in people for item in common}, key=str)
    counts = np.array([[sum(answers[who][item] == v for who in people) for v in values] for item in common], np.int64)
    several = len(people) > 1
    most = counts.max(axis=1) if len(common) else np.zeros(0, np.int64)
    order = np.argsort(most, kind="stable")
    return Agreement(
        people,
        len(items),
        len(common),
        float((most == len(people)).mean()) if several and common else None,
        fleiss(counts) if several else None,
        tuple(_pair(a, b, answers[a], answers[b], scale) for a, b in combinations(people, 2)),
        tuple(common[n] for n in order if most[n] < len(people)),
    )


def _pair(
    a: str, b: str, first: Mapping[str, Hashable], second: Mapping[str, Hashable], scale: Sequence[int] | None
) -> Pair:
    both = sorted(first.keys() & second.keys())
    one, other = [first[item] for item in both], [second[item] for item in both]
    same = sum(x == y for x, y in zip(one, other, strict=True)) / len(both) if both else None
    return Pair(a, b, len(both), same, cohen(one, other, scale))


def _rated(question: str, answers: Mapping[str, Mapping[str, int]], scale: Sequence[int]) -> Rated:
    given = [rating for own in answers.values() for rating in own.values()]
    for rating in given:
        if rating not in scale:
            raise ValueError(f"{rating!r} is not a rating from {scale[0]} to {scale[-1]} (question {question!r})")
    return Rated(
        question,
        len(given),
        statistics.fmean(given) if given else None,
        statistics.stdev(given) if len(given) > 1 else None,
        {value: given.count(value) for value in scale},
        _agreement({who: own for who, own in answers.items() if own}, scale),
    )
