"""Checks of a backbone plugin, with random weights: no weights are needed and none are downloaded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
import torch
from torch import Tensor, nn

from ivpt.config import load_config
from ivpt.errors import ConfigError, IvptError, WeightsError
from ivpt.interfaces.backbone import Backbone, PublishedWeights, TokenModel, WeightsRecord
from ivpt.registry import BACKBONES
from ivpt.testing.kit import PluginTests, require


class BackboneTests(PluginTests):
    """Subclass it, name the plugin, and pytest runs every check.

    Attributes:
        plugin: the class under test.
        waived: name of a check that does not apply: the reason.
        options: to make it with.
        image_size: side in pixels that the model is built for here; small is fast.
    """

    registry = BACKBONES
    options: ClassVar[Mapping[str, Any]] = {}
    image_size: ClassVar[int] = 112
    _built: ClassVar[Any] = None

    @pytest.fixture
    def backbone(self) -> Backbone:
        """The plugin, made with its options."""
        made: Backbone = BACKBONES.construct(self.plugin, self.options)
        return made

    @pytest.fixture
    def model(self, backbone: Backbone) -> Any:
        """Built once, with random weights."""
        if type(self).__dict__.get("_built") is None:
            type(self)._built = backbone.build("none", self.image_size)
        return type(self)._built

    @pytest.fixture
    def tokens(self, model: Any) -> Tensor:
        """Two images of noise as tokens."""
        return cast(Tensor, model.embed(_images(model)).detach())

    def test_usual_image_size(self, backbone: Backbone) -> None:
        """``default_image_size`` is a number of pixels."""
        size = backbone.default_image_size
        require(isinstance(size, int) and size >= 16, f"default_image_size is {size!r}.", "give the side in pixels.")

    def test_what_it_recommends_is_a_configuration(self) -> None:
        """Keys and values of ``recommended`` are valid."""
        try:
            load_config(recommended=self.plugin.recommended)
        except IvptError as error:
            require(False, f"`recommended` is refused: {error}", "see docs/configuration.md for keys and values.")

    def test_published_weights_are_named(self, backbone: Backbone) -> None:
        """``published`` says which weights there are, without the network."""
        found = backbone.published
        fits = found is None or (isinstance(found, PublishedWeights) and bool(found.name))
        require(fits, f"published is {found!r}.", "return PublishedWeights(name, present), or leave it out.")

    def test_sizes_that_do_not_fit_are_refused(self, backbone: Backbone, model: Any) -> None:
        """A side that patches do not divide is a ConfigError that names sizes that fit."""
        odd = self.image_size + 1
        try:
            backbone.build("none", odd)
        except ConfigError as error:
            require(any(c.isdigit() for c in error.hint), "The error names no size that fits.", _SIZES)
            return
        except Exception as error:
            require(False, f"An image size of {odd} raises {type(error).__name__}: {error}", _SIZES)
        fits = model.patch_size == (1, 1)
        require(fits, f"An image size of {odd} is accepted, and patches do not divide it.", _SIZES)

    def test_missing_weights_are_said(self, backbone: Backbone, tmp_path: Path) -> None:
        """A file that is not there, or is none of weights, is a WeightsError that names it."""
        junk = tmp_path / "junk.pth"
        junk.write_bytes(b"These are no weights.")
        for file in (tmp_path / "nowhere.safetensors", junk):
            try:
                backbone.build(str(file), self.image_size)
            except WeightsError as error:
                require(file.name in str(error), f"The error does not name the file: {error}", _WEIGHTS)
            except Exception as error:
                require(False, f"The file {file.name} raises {type(error).__name__}: {error}", _WEIGHTS)
            else:
                require(False, f"The file {file.name} is accepted as weights.", _WEIGHTS)

    def test_it_builds_a_token_model(self, model: Any) -> None:
        """``build`` gives a module with the attributes of a :class:`TokenModel`."""
        require(isinstance(model, nn.Module), f"build() gives {type(model).__name__}.", "return a torch.nn.Module.")
        require(
            isinstance(model, TokenModel),
            f"{type(model).__name__} lacks {[name for name in _ATTRIBUTES if not hasattr(model, name)]}.",
            "see ivpt.interfaces.backbone.TokenModel; ivpt.backbones.timm_adapter.TimmTokenModel has them all.",
        )

    def test_sizes_agree(self, model: Any) -> None:
        """Image size, patch size and grid belong together."""
        grid = tuple(side // patch for side, patch in zip(model.image_size, model.patch_size, strict=True))
        wanted = (self.image_size, self.image_size)
        require(tuple(model.image_size) == wanted, f"image_size is {model.image_size}.", f"it was built for {wanted}.")
        require(tuple(model.grid) == grid, f"grid is {model.grid}.", f"image size over patch size is {grid}.")

    def test_normalisation(self, model: Any) -> None:
        """Mean and standard deviation are of images in [0, 1]."""
        values = (*model.mean, *model.std)
        fits = len(values) == 6 and all(0 < value < 1 for value in values)
        require(fits, f"mean and std are {values}.", "give three of each, for images in [0, 1] and not in 0..255.")

    def test_record_of_weights(self, model: Any) -> None:
        """The record says that the weights are random, and has their SHA-256."""
        record = model.weights
        fits = isinstance(record, WeightsRecord) and record.source == "none" and len(record.sha256) == 64
        require(fits, f"weights is {record!r}.", "use ivpt.backbones.checkpoint.fingerprint for the SHA-256.")

    def test_random_weights_are_the_same_each_time(self, backbone: Backbone, model: Any) -> None:
        """Random weights come from a seed of their own and leave torch's generator alone."""
        before = torch.get_rng_state()
        again = backbone.build("none", self.image_size)
        untouched = torch.equal(before, torch.get_rng_state())
        mend = "draw inside torch.random.fork_rng(devices=[]) after torch.manual_seed of your own."
        require(untouched, "Building draws from torch's global random numbers.", mend)
        require(again.weights.sha256 == model.weights.sha256, "A second model has other random weights.", mend)

    def test_tokens_are_prefix_then_patches(self, model: Any, tokens: Tensor) -> None:
        """``embed`` gives prefix tokens and one token per patch."""
        shape = (2, model.num_prefix + model.grid[0] * model.grid[1], model.dim)
        require(tuple(tokens.shape) == shape, f"embed() gives {tuple(tokens.shape)}.", f"expected {shape}.")

    def test_patches_are_in_reading_order(self, model: Any) -> None:
        """A change in the image's upper right corner changes the last token of the first row."""
        image = torch.zeros(1, 3, *model.image_size)
        if model.embed(image).shape[1] != model.num_prefix + model.grid[0] * model.grid[1]:
            return  # a check of its own
        marked = image.clone()
        marked[:, :, : model.patch_size[0], -model.patch_size[1] :] = 1
        changed = (model.embed(image) != model.embed(marked))[0, model.num_prefix :].any(dim=1)
        require(
            bool(changed[model.grid[1] - 1]),
            "The patch in the upper right corner is not the last token of the first row.",
            "order patches row by row, after the prefix tokens.",
        )

    def test_blocks_take_any_number_of_tokens(self, model: Any, tokens: Tensor) -> None:
        """Prompts can be put in before any block, and each block changes the tokens."""
        prompted = torch.cat([tokens, torch.zeros(2, 3, model.dim)], 1)
        for index in (0, model.depth - 1):
            out = model.block(index, prompted)
            require(
                out.shape == prompted.shape, f"Block {index} gives {tuple(out.shape)}.", "keep the number of tokens."
            )
            require(not torch.equal(out, prompted), f"Block {index} changes nothing.", "run the block.")
        normal = model.normalise(tokens)
        require(normal.shape == tokens.shape, f"normalise() gives {tuple(normal.shape)}.", "apply the final LayerNorm.")

    def test_images_do_not_mix(self, model: Any, tokens: Tensor) -> None:
        """An image's tokens do not depend on the others in the batch."""
        alone = model.block(0, tokens[:1])
        require(
            torch.allclose(alone, model.block(0, tokens)[:1], atol=1e-4),
            "An image's tokens depend on the other images of the batch.",
            "use no batch normalisation.",
        )

    def test_nothing_is_drawn_at_random(self, model: Any, tokens: Tensor) -> None:
        """The same tokens give the same tokens: no dropout."""
        same = torch.equal(model.block(0, tokens), model.block(0, tokens))
        require(same, "A block gives something else the second time.", "call .eval() and leave dropout out.")

    def test_gradients_reach_prompts(self, model: Any, tokens: Tensor) -> None:
        """A prompt that goes through the blocks has a gradient."""
        prompt = torch.zeros(2, 1, model.dim, requires_grad=True)
        out = model.normalise(model.block(model.depth - 1, torch.cat([tokens, prompt], 1)))
        if out.requires_grad:
            out[:, model.num_prefix].square().sum().backward()
        require(
            prompt.grad is not None and bool(prompt.grad.abs().sum() > 0),
            "No gradient reaches a prompt.",
            "run blocks without torch.no_grad(); the core freezes the parameters.",
        )

    def test_only_its_own_tokens_are_tunable(self, model: Any) -> None:
        """``tunable_tokens`` names parameters of the model, and few of them."""
        own = {id(parameter) for parameter in model.parameters()}
        tunable = model.tunable_tokens()
        require(all(id(p) in own for p in tunable.values()), "tunable_tokens() names a foreign parameter.", _TUNABLE)
        share = sum(p.numel() for p in tunable.values()) / max(sum(p.numel() for p in model.parameters()), 1)
        require(share < 0.1, f"tunable_tokens() names {share:.0%} of the parameters.", _TUNABLE)


_SIZES = "call ivpt.backbones.sizes.check_image_size(size, patch_size) first."
_WEIGHTS = "raise ivpt.errors.WeightsError naming the file; ivpt.backbones.checkpoint.read_state_dict does."
_TUNABLE = "give class, distillation and register tokens and the position embedding."
_ATTRIBUTES = (
    *("name", "dim", "depth", "num_prefix", "patch_size", "image_size", "grid", "mean", "std", "weights"),
    *("embed", "block", "normalise", "tunable_tokens"),
)


def _images(model: Any) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 3, *model.image_size, generator=generator)


__all__ = ["BackboneTests"]
