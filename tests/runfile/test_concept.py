import pytest

from ivpt.errors import ConfigError
from ivpt.runfile.concept import Concept, check_removable, parse_concept
from ivpt.runfile.schema import LayerInfo

LAYERS = (LayerInfo("L6", 6, 4, 0, (2, 2), removed=(2,)), LayerInfo("coarse", None, 3, 0, (2, 2)))


def test_a_concept_is_read_as_it_is_written() -> None:
    assert parse_concept(" L22:5") == Concept("L22", 5)
    assert str(parse_concept("coarse:2")) == "coarse:2"


@pytest.mark.parametrize("words", ["", "L22", "L22:", "5", "l22:5", "L:5", "L22:-1", "coarse:1.5", "L22:5:6"])
def test_other_words_name_none(words: str) -> None:
    with pytest.raises(ConfigError, match="names no concept"):
        parse_concept(words)


def test_what_is_removed_is_put_together_by_layer() -> None:
    wanted = [Concept("coarse", 2), Concept("L6", 3), Concept("coarse", 2)]
    assert check_removable(LAYERS, wanted) == {"L6": (3,), "coarse": (2,)}
    assert LAYERS[0].foreground == (1, 2, 3) and LAYERS[0].present == (1, 3)


@pytest.mark.parametrize(
    ("concepts", "message", "hint"),
    [
        ([], "No prototype", "--drop"),
        ([Concept("L7", 1)], "no layer 'L7'", "It has L6, coarse."),
        ([Concept("L6", 0)], "L6:0 is the background of L6", "1 to 3"),
        ([Concept("coarse", 3)], "coarse has no prototype 3", "1, 2"),
        ([Concept("L6", 2)], "removed from this run already", "Leave it out"),
        ([Concept("L6", 1), Concept("L6", 3)], "Nothing of L6 would be left", "at least one of 1, 3"),
        ([Concept("coarse", 1), Concept("coarse", 2)], "Nothing of coarse would be left", "at least one of 1, 2"),
    ],
)
def test_what_cannot_be_removed(concepts: list[Concept], message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_removable(LAYERS, concepts)
    assert message in caught.value.message and hint in caught.value.hint
