import sys

import pytest

from ivpt.errors import ConfigError, PluginError
from ivpt.interfaces.described import options_in
from ivpt.registry import BACKBONES, DATASETS, METRICS
from tests.strangers import GOOD, publish


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder on ``sys.path`` where strangers can be published; what they import is forgotten afterwards."""
    before = set(sys.modules)
    monkeypatch.delenv("IVPT_PLUGINS", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


def state_of(name):
    (found,) = [DATASETS.check(listed) for listed in DATASETS.listing() if listed.name == name]
    return found


def test_names_and_listing_import_nothing(place):
    module = publish(place, "a-stranger")
    assert "stranger" in DATASETS.names()
    (listed,) = [status for status in DATASETS.listing() if status.name == "stranger"]
    assert (listed.distribution, listed.version, listed.state) == ("a-stranger", "1.0", "unchecked")
    assert module not in sys.modules


def test_a_plugin_of_a_stranger_is_loaded_like_a_built_in_one(place):
    publish(place, "a-stranger")
    assert DATASETS.create("stranger", {}).crop == "box"
    assert state_of("stranger").state == "ok"


def test_options_are_typed_from_words(place):
    publish(place, "a-stranger")
    made = DATASETS.create("stranger", {"share": "0.25", "deep": "true"})
    assert (made.share, made.deep) == (0.25, True)
    assert [option.name for option in DATASETS.options(type(made))] == ["crop", "share", "deep", "root"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"crp": "x"}, "Did you mean 'crop'"),
        ({"share": "much"}, "'share' of the data set 'stranger'"),
        ({"deep": "perhaps"}, "'deep'"),
    ],
)
def test_a_wrong_option_is_refused_in_one_sentence(place, options, words):
    publish(place, "a-stranger")
    with pytest.raises(ConfigError, match=words):
        DATASETS.create("stranger", options)


def test_a_missing_option_is_named(place):
    publish(place, "a-stranger", GOOD.replace('crop: str = "box"', "crop: str"))
    with pytest.raises(ConfigError, match="needs the option 'crop'"):
        DATASETS.create("stranger", {})


def test_a_plugin_without_options_says_so(place):
    lines = [line for line in GOOD.splitlines() if "__init__" not in line and "self.crop" not in line]
    publish(place, "a-stranger", "\n".join(lines))
    with pytest.raises(ConfigError, match="It has no options"):
        DATASETS.create("stranger", {"crop": "x"})


class Common:
    """What two of a kind share.

    Args:
        split: of the images.
        seed: of all draws,
            whatever they are for.
    """


class Special(Common):
    """One of them.

    Args:
        seed: of the noise.
        noise: how much.
    """


class Plain(Common):
    """The other."""


def test_parameters_are_described_by_the_class_or_one_it_derives_from():
    assert options_in(Special) == {"split": "of the images.", "seed": "of the noise.", "noise": "how much."}
    assert (
        options_in(Plain)
        == options_in(Common)
        == {
            "split": "of the images.",
            "seed": "of all draws, whatever they are for.",
        }
    )
    for name in ("consistency", "stability", "nmi_ari", "nmi_ari_pixels"):
        assert all(option.help for option in METRICS.options(METRICS.load(name)))


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(PluginError, match="Did you mean 'dinov2_l'"):
        BACKBONES.load("dinov2l")


BAD = {
    "an import error": ("import nowhere_to_be_found\n" + GOOD, "ModuleNotFoundError: No module named 'nowhere_to_be"),
    "an exit": ("raise SystemExit(3)", "SystemExit: 3"),
    "a syntax error": ("def", "SyntaxError"),
    "a silent error": ("raise ValueError", "ValueError: no message"),
    "no such class": ("Other = 1", "has no attribute 'Plugin'"),
    "another kind of thing": ("class Plugin: pass", "is not a subclass of ivpt.interfaces.dataset.Dataset"),
    "a function": ("def Plugin(): pass", "is not a subclass"),
    "missing methods": (GOOD.replace("def records", "def rekords"), "does not define records"),
}


@pytest.mark.parametrize("way", BAD)
def test_a_broken_plugin_is_named_with_its_package_and_version(place, way):
    source, words = BAD[way]
    publish(place, "a-stranger", source)
    with pytest.raises(PluginError) as caught:
        DATASETS.load("stranger")
    for part in ("'stranger'", "a-stranger 1.0", words):
        assert part in caught.value.message
    assert "\n" not in caught.value.message
    found = state_of("stranger")
    assert (found.state, found.reason) == ("broken", caught.value.message)


@pytest.mark.parametrize("way", BAD)
def test_a_broken_plugin_leaves_the_others_alone(place, way):
    publish(place, "a-stranger", BAD[way][0])
    assert state_of("folder").state == "ok"
    assert DATASETS.load("folder").__name__ == "Folder"


@pytest.mark.parametrize(("version", "state"), [("0", "too old"), ("99", "too new"), ("None", "too old")])
def test_another_interface_version_is_refused(place, version, state):
    publish(place, "a-stranger", GOOD.replace("(Dataset):", f"(Dataset):\n    api_version = {version}"))
    assert state_of("stranger").state == state
    with pytest.raises(PluginError, match=f"speaks interface version {version}, this ivpt speaks 1"):
        DATASETS.load("stranger")


def test_two_packages_with_one_name_are_told_apart_by_the_package(place):
    publish(place, "a-stranger")
    publish(place, "b-stranger")
    with pytest.raises(PluginError, match="stranger@a-stranger or stranger@b-stranger"):
        DATASETS.load("stranger")
    assert {DATASETS.check(s).state for s in DATASETS.listing() if s.name == "stranger"} == {"conflict"}
    assert DATASETS.load("stranger@b-stranger").__module__ == "b_stranger"


def test_a_stranger_cannot_take_the_name_of_a_built_in_in_silence(place):
    publish(place, "a-stranger", name="folder")
    with pytest.raises(PluginError, match="folder@ivpt"):
        DATASETS.load("folder")
    assert DATASETS.load("folder@ivpt").__name__ == "Folder"


def test_the_environment_isolates(place, monkeypatch):
    publish(place, "a-stranger")
    publish(place, "b-stranger", name="other")
    monkeypatch.setenv("IVPT_PLUGINS", "")
    assert not {"stranger", "other"} & set(DATASETS.names())
    assert "folder" in DATASETS.names()
    monkeypatch.setenv("IVPT_PLUGINS", "b-stranger")
    assert {"stranger", "other"} & set(DATASETS.names()) == {"other"}


def test_what_a_plugin_prints_on_import_does_not_reach_stdout(place, capsys):
    publish(place, "a-stranger", "print('hello from a stranger')\n" + GOOD)
    DATASETS.load("stranger")
    out, err = capsys.readouterr()
    assert out == ""
    assert "hello from a stranger" in err


@pytest.mark.parametrize(
    ("raised", "kind", "words"),
    [
        ("ValueError('share must be below 1')", ConfigError, "refuses its options: share must be below 1."),
        ("KeyError('share')", PluginError, r"'stranger' \(a-stranger 1.0\) cannot be made: KeyError: 'share'."),
    ],
)
def test_a_constructor_that_fails_is_reported_in_words(place, raised, kind, words):
    publish(
        place, "a-stranger", GOOD.replace("self.crop, self.share", f"raise {raised}\n        self.crop, self.share")
    )
    with pytest.raises(kind, match=words):
        DATASETS.create("stranger", {})


def test_an_annotation_that_cannot_be_read_is_reported_in_words(place):
    publish(place, "a-stranger", GOOD.replace("crop: str", "crop: 'Nowhere'"))
    with pytest.raises(PluginError, match="name 'Nowhere' is not defined"):
        DATASETS.create("stranger", {})
