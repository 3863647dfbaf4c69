"""The embedded backbone: a small plain vision transformer whose weights ship inside the package."""

from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import ClassVar, final

import torch
from timm.models.vision_transformer import VisionTransformer

from ivpt.backbones.checkpoint import fingerprint, load_into, read_state_dict
from ivpt.backbones.sizes import as_pair, check_image_size
from ivpt.backbones.timm_adapter import TimmTokenModel
from ivpt.errors import WeightsError
from ivpt.interfaces.backbone import Backbone, PublishedWeights, WeightsRecord

WIDTH = 128
"""Token width D."""
DEPTH = 8
HEADS = 4
PATCH = 8
IMAGE_SIZE = 96
"""Side in pixels the weights were trained at; other multiples of :data:`PATCH` resample the position embedding."""
MEAN = (0.5, 0.5, 0.5)
STD = (0.5, 0.5, 0.5)
WEIGHTS = "vit_mini.safetensors"
RANDOM_SEED = 0


def make_vit_mini(image_size: int | tuple[int, int] = IMAGE_SIZE) -> VisionTransformer:
    """The bare transformer with freshly drawn weights (from torch's global generator).

    DINOv2's plan in small: class token, four registers, LayerScale, position embedding on patches only.

    Args:
        image_size: side, or (height, width), in pixels; a multiple of :data:`PATCH`.
    """
    return VisionTransformer(
        img_size=as_pair(image_size),
        patch_size=PATCH,
        embed_dim=WIDTH,
        depth=DEPTH,
        num_heads=HEADS,
        mlp_ratio=4.0,
        init_values=0.1,
        class_token=True,
        reg_tokens=4,
        no_embed_class=True,
        num_classes=0,
    )


@final
class VitMini(Backbone):
    """The embedded backbone; see docs/model-card.md for what it was trained on and what it is not."""

    recommended: ClassVar[Mapping[str, object]] = {
        "training.epochs": 12,
        # A run of the embedded data takes some 500 steps, not the paper's 9,000: at its 2e-4 no coordinate of a
        # prototype could move farther than 0.1.
        "training.lr_tokens": 2e-3,
        # Total variation counts the edges of regions per cell: the same regions have three times as many on a grid of
        # 12 as on the paper's of 37.
        "loss.total_variation": 0.33,
    }

    @property
    def default_image_size(self) -> int:
        """Side in pixels the weights were trained at."""
        return IMAGE_SIZE

    @property
    def published(self) -> PublishedWeights:
        """The weights in this package."""
        return PublishedWeights(WEIGHTS, (files("ivpt.backbones") / "weights" / WEIGHTS).is_file())

    def build(self, weights: str | None, image_size: int | tuple[int, int]) -> TimmTokenModel:
        """Make the model; see :meth:`ivpt.interfaces.backbone.Backbone.build`."""
        size = as_pair(image_size)
        check_image_size(size, (PATCH, PATCH))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(RANDOM_SEED)
            vit = make_vit_mini(size)
        if weights == "none":
            record = WeightsRecord("none", f"random (seed {RANDOM_SEED})", fingerprint(vit.state_dict()))
        elif weights is None:
            record = _load_embedded(vit)
        else:
            state = read_state_dict(Path(weights))
            load_into(vit, state, f"The weights file {weights}")
            record = WeightsRecord("file", Path(weights).name, fingerprint(state))
        return TimmTokenModel(vit, "vit_mini", MEAN, STD, record)


def _load_embedded(vit: VisionTransformer) -> WeightsRecord:
    with as_file(files("ivpt.backbones") / "weights" / WEIGHTS) as file:
        if not file.is_file():
            raise WeightsError(
                f"This installation lacks the weights of vit_mini ({WEIGHTS}).",
                "Reinstall ivpt, or name others with --weights FILE, or use random ones with --weights none.",
            )
        state = read_state_dict(file)
        load_into(vit, state, f"The embedded {WEIGHTS}")
    return WeightsRecord("embedded", WEIGHTS, fingerprint(state))


__all__ = ["VitMini", "make_vit_mini"]
