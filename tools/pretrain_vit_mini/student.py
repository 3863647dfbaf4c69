"""Second stage: the transformer learns to give its patch tokens the teacher's features, at every depth of prompts.

The features are wanted in the tokens themselves, behind the final norm and with no head in between: what is learned is
what the prototypes measure.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from augment import normalised, photometric, random_warps, warp
from colours import WORDS, colour_words, palette
from locality import start_local
from schedule import Report, adam, pace, rank, share_gradients, workers
from teacher import FEATURES, Teacher
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from ivpt.backbones.vit_mini import make_vit_mini

DEPTHS = {4: 0.3, 5: 0.6, 6: 1.0, 7: 1.0, 8: 0.7}
"""Weight of the tokens that enter each block (8: that leave the last one)."""
TERMS = {"features": 1.0, "colours": 1.0, "slack": 0.1}
COLOUR_VARIANCE = 12.0
"""Of a token's colour channels together; that of its features is close to 80."""


def fresh_student(size: int) -> VisionTransformer:
    """The bare transformer, with attention that begins as that to neighbours (``locality.py``)."""
    model = make_vit_mini(size)
    start_local(model, size // 8)
    for block in model.blocks:
        block.ls1.gamma.data.fill_(0.3)
        block.ls2.gamma.data.fill_(0.3)
    return model


def layer_tokens(model: VisionTransformer, images: Tensor) -> dict[int, Tensor]:
    """Final-norm patch tokens (b, n, d) at each of :data:`DEPTHS`."""
    x = model._pos_embed(model.patch_embed(images))
    found = {}
    for number, block in enumerate([*model.blocks, None]):
        if number in DEPTHS:
            found[number] = model.norm(x)[:, model.num_prefix_tokens :]
        if block is not None:
            x = block(x)
    return found


@dataclass(frozen=True)
class Wanted:
    """What the student's tokens are to say.

    Channels: ``FEATURES`` of the teacher's features at unit length, centred, times the root of their number; then
    ``WORDS`` of centred shares of colour words; the others nothing, so that the final norm has room to move in.
    Centred, because a mean that all tokens share makes one prototype win everywhere.
    """

    teacher: Teacher
    words: Tensor
    share: Tensor
    feature: Tensor
    colour_scale: float

    @classmethod
    def of(cls, teacher: Teacher, images: Tensor) -> "Wanted":
        """Means and scales from some pictures (b, 3, H, W) in [0, 1]."""
        words = palette(images)
        shares = colour_words(images, words)
        share, feature = shares.mean((0, 1)), unit_features(teacher, images).mean((0, 1))
        variance = (shares - share).square().sum(-1).mean()
        return cls(teacher, words, share, feature, float((COLOUR_VARIANCE / variance).sqrt()))

    def tokens(self, images: Tensor) -> Tensor:
        """(b, n, FEATURES + WORDS) for pictures (b, 3, H, W) in [0, 1]."""
        features = (unit_features(self.teacher, images) - self.feature) * math.sqrt(FEATURES)
        colours = (colour_words(images, self.words) - self.share) * self.colour_scale
        return torch.cat([features, colours], -1)


@torch.no_grad()
def unit_features(teacher: Teacher, images: Tensor) -> Tensor:
    """The teacher's features of pictures in [0, 1], (b, n, FEATURES), each of length one."""
    with torch.autocast("cpu", torch.bfloat16):
        found = teacher(normalised(images))
    return F.normalize(found.float().flatten(2).transpose(1, 2), dim=-1)


def misfit(tokens: Tensor, wanted: Tensor) -> dict[str, Tensor]:
    """Squared distances per feature channel: of the features, of the colours, and of the channels without a meaning."""
    ends = (FEATURES, FEATURES + WORDS)
    apart = (tokens[..., : ends[1]] - wanted).square()
    return {
        "features": apart[..., : ends[0]].sum(-1).mean() / FEATURES,
        "colours": apart[..., ends[0] :].sum(-1).mean() / FEATURES,
        "slack": tokens[..., ends[1] :].square().sum(-1).mean() / FEATURES,
    }


def train_student(
    teacher: Teacher, pool: Tensor, steps: int, *, batch: int, rate: float, seed: int
) -> VisionTransformer:
    """Learn from single pictures of (n, views, 3, H, W) uint8; in several processes, from as many shares of a batch."""
    torch.manual_seed(seed)
    model = fresh_student(pool.shape[-1])
    sample = torch.randint(len(pool), (400,)), torch.randint(pool.shape[1], (400,))
    wanted = Wanted.of(teacher, photometric(pool[sample].float() / 255))
    optimiser = adam([model], rate)
    report, total = Report("student", steps), sum(DEPTHS.values())
    batch //= workers()
    torch.manual_seed(seed + 1000 * rank())  # other pictures in each process
    for step in range(steps):
        pace(optimiser, rate, step, steps, warm=200)
        scenes, view = torch.randint(len(pool), (batch,)), torch.randint(pool.shape[1], (batch,))
        maps = random_warps(batch, turn=45, move=0.7, share=0.6)
        images = photometric(warp(pool[scenes, view].float() / 255, maps))
        target = wanted.tokens(images)
        with torch.autocast("cpu", torch.bfloat16):
            tokens = layer_tokens(model, normalised(images))
        terms = {depth: misfit(t.float(), target) for depth, t in tokens.items()}
        loss = sum(w * sum(TERMS[k] * v for k, v in terms[d].items()) for d, w in DEPTHS.items()) / total
        optimiser.zero_grad()
        loss.backward()
        share_gradients([model])
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        report.add(first=terms[4]["features"].item(), **{k: v.item() for k, v in terms[8].items()})
    return model
