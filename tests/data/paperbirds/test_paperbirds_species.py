"""The class table: parts are shared, and pretraining birds are other birds."""

from collections import Counter
from itertools import combinations

from ivpt.data.paperbirds.species import SPECIES, random_species


def test_no_single_part_gives_a_class_away() -> None:
    for column in zip(*(s.shape + s.colours for s in SPECIES), strict=True):
        assert min(Counter(column).values()) > 1 or len(SPECIES) // len(set(column)) < 2
    shapes = [Counter(column) for column in zip(*(s.shape for s in SPECIES), strict=True)]
    assert all(min(count.values()) >= 4 for count in shapes)


def test_any_two_species_differ_in_several_parts() -> None:
    for one, other in combinations(SPECIES, 2):
        pairs = zip(one.shape + one.colours, other.shape + other.colours, strict=True)
        assert sum(a != b for a, b in pairs) >= 5


def test_random_species_are_none_of_the_classes() -> None:
    known = {s.shape for s in SPECIES}
    drawn = {random_species(f"s{i}").shape for i in range(6000)}
    assert not drawn & known
    assert len(drawn) == 4 * 3 * 4 * 4 * 2 - len(known)
