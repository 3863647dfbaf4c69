import pytest

from ivpt import errors
from ivpt.errors import ExitCode, IvptError, nearest

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, IvptError)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not IvptError])
def test_every_kind_of_error_has_an_exit_code_of_its_own(kind):
    assert kind.exit_code not in (ExitCode.OK, ExitCode.DEFECT, ExitCode.USAGE)
    assert [other for other in KINDS if other.exit_code == kind.exit_code] == [kind]


def test_an_error_reads_as_its_sentence_and_its_hint():
    assert str(IvptError("The disk is full.", "Make room.")) == "The disk is full. Make room."
    assert str(IvptError("The disk is full.")) == "The disk is full."


def test_near_names_are_offered():
    assert nearest("dinov2_x", ["dinov2_s", "dinov2_b", "deit_s"]) == "Did you mean 'dinov2_s' or 'dinov2_b'?"


def test_all_names_are_listed_when_none_is_near():
    assert nearest("zzz", ["b", "a"]) == "Known: a, b."
