"""First stage: a convolutional teacher learns which patches of two pictures of one scene are the same.

A convolution does not know where in the picture it is, and sees texture and outline at once. A plain transformer has to
learn both, and on this contrast alone it stays for long at what position tells.
"""

import torch
import torch.nn.functional as F
from augment import (
    apply,
    inverse,
    normalised,
    photometric,
    random_rolls,
    random_warps,
    roll,
    warp,
    wrapped,
)
from schedule import Report, adam, pace
from torch import Tensor, nn

WIDTH = 128
FEATURES = 96
"""Width of the teacher's features; the student keeps the rest of its width for colour."""


class ChannelNorm(nn.Module):
    """LayerNorm over channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.n = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) to the same."""
        y: Tensor = self.n(x.permute(0, 2, 3, 1))
        return y.permute(0, 3, 1, 2)


class Block(nn.Module):
    """Depthwise convolution and a two-layer network on each cell, added to its input."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.d = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels)
        self.n = nn.LayerNorm(channels)
        self.a = nn.Linear(channels, 3 * channels)
        self.b = nn.Linear(3 * channels, channels)
        self.g = nn.Parameter(torch.full((channels,), 0.3))

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) to the same."""
        y = self.b(F.gelu(self.a(self.n(self.d(x).permute(0, 2, 3, 1)))))
        return x + (self.g * y).permute(0, 3, 1, 2)


class Teacher(nn.Module):
    """Normalised images (b, 3, H, W) to features of their 8 x 8 patches, (b, FEATURES, H / 8, W / 8)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            ChannelNorm(64),
        )
        self.b1 = nn.Sequential(*[Block(64, 5) for _ in range(2)])
        self.down = nn.Sequential(ChannelNorm(64), nn.Conv2d(64, WIDTH, 2, stride=2))
        self.b2 = nn.Sequential(*[Block(WIDTH, 7) for _ in range(6)])
        self.out = nn.Sequential(ChannelNorm(WIDTH), nn.Conv2d(WIDTH, FEATURES, 1))

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        x: Tensor = self.out(self.b2(self.down(self.b1(self.stem(images.to(memory_format=torch.channels_last))))))
        return x


def train_teacher(pool: Tensor, steps: int, *, batch: int, rate: float, seed: int) -> Teacher:
    """Learn from pictures (n, views, 3, H, W) uint8."""
    torch.manual_seed(seed)
    model = Teacher().to(memory_format=torch.channels_last)
    optimiser = adam([model], rate)
    report = Report("teacher", steps)
    for step in range(steps):
        pace(optimiser, rate, step, steps, warm=600)
        one, two = pairs(pool, batch, step)
        (map_a, map_b), (roll_a, roll_b) = zip(*[_place(batch, pool.shape[-1]) for _ in range(2)], strict=True)
        images = torch.cat([roll(warp(one, map_a), roll_a), roll(warp(two, map_b), roll_b)])
        with torch.autocast("cpu", torch.bfloat16):
            a, b = model(normalised(photometric(images))).float().chunk(2)
        temperature = 0.07 + 0.03 * max(0.0, 1 - step / 2000)
        there, hits = contrast(a, b, *counterparts(a, map_a, map_b, roll_a, roll_b), temperature)
        back, _ = contrast(b, a, *counterparts(b, map_b, map_a, roll_b, roll_a), temperature)
        loss = (there + back) / 2
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        report.add(contrast=loss.item(), found=hits.item())
    return model.eval()


def pairs(pool: Tensor, batch: int, step: int) -> tuple[Tensor, Tensor]:
    """Two different pictures of each of some scenes, in [0, 1].

    In the first thousand steps the second is blended with the first, less and less: patches of like colour are matched
    at once, and the invariance is learned from there.
    """
    scenes = torch.randint(len(pool), (batch,))
    order = torch.rand(batch, pool.shape[1]).argsort(1)
    one, two = (pool[scenes, order[:, n]].float() / 255 for n in range(2))
    if step < 1000:
        blend = (torch.rand(batch, 1, 1, 1) * (0.2 + step / 500)).clamp(max=1)
        two = one + blend * (two - one)
    return one, two


def _place(batch: int, size: int) -> tuple[Tensor, Tensor]:
    return random_warps(batch, turn=60, move=0.9), random_rolls(batch, size)


def centres(features: Tensor) -> Tensor:
    """Middles of the patches, (1, h * w, 2)."""
    h, w = features.shape[2:]
    return F.affine_grid(torch.eye(2, 3)[None], [1, 1, h, w], align_corners=False).view(1, h * w, 2)


def counterparts(
    features: Tensor, map_a: Tensor, map_b: Tensor, roll_a: Tensor, roll_b: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Where each patch of the first picture lies in the second one.

    Returns:
        Places (b, n, 2); whether the patch is on both pictures (b, n); whether two patches are too near to each other
        in the scene to be told apart (b, n, n).
    """
    middles, w = centres(features), features.shape[3]
    half = w * 8 / 2
    source = apply(map_a, wrapped(middles - roll_a[:, None].float() / half))
    target = apply(inverse(map_b), source)
    valid = (source.abs() < 1).all(-1) & (target.abs() < 1 - 1 / w).all(-1)
    near = torch.cdist(source, source) < 1.5 * 2 / w
    near &= ~torch.eye(middles.shape[1], dtype=torch.bool)[None]
    return wrapped(target + roll_b[:, None].float() / half), valid, near


def contrast(
    a: Tensor, b: Tensor, target: Tensor, valid: Tensor, near: Tensor, temperature: float
) -> tuple[Tensor, Tensor]:
    """InfoNCE from each patch of ``a`` to its counterpart in ``b``, among the counterparts of all patches of ``a``.

    Negatives come from the same picture only: the heads of two birds may look alike.

    Returns:
        Mean loss in nats and share of patches that find their counterpart.
    """
    anchors = F.normalize(a.flatten(2).transpose(1, 2), dim=-1)
    found = F.grid_sample(b, target[:, :, None], align_corners=False, padding_mode="border")[..., 0]
    found = F.normalize(found.transpose(1, 2), dim=-1)
    logits = (anchors @ found.transpose(1, 2) / temperature).masked_fill(near | ~valid[:, None, :], -1e4)
    losses = -F.log_softmax(logits, -1).diagonal(dim1=1, dim2=2)
    hits = (logits.argmax(-1) == torch.arange(logits.shape[1])) & valid
    count = valid.sum().clamp(min=1)
    return (losses * valid).sum() / count, hits.sum() / count
