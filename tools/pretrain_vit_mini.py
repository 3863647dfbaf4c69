"""Pretrain the embedded backbone ``vit_mini`` on drawn scenes, without part masks, part names or keypoints.

The target is dense correspondence: one scene is rendered twice with other colours, lighting and texture phase; the two
renderings are warped differently, and a patch of one must find its counterpart among all patches of the same image
(InfoNCE). The contrast acts on the backbone's own normalised patch tokens, at every depth from which prompts are made,
with no projection head in between: what is learned is what the prototypes measure. Negatives come from the same image
only, because a bird's head in one image and the head of another bird must be allowed to agree.
Two smaller terms keep what classes differ in: a linear read-out of each patch's colours from its token, and of part
shapes and hues (image-level labels of random species, none of them a paperbirds class) from the mean token.

    python tools/pretrain_vit_mini.py --out /tmp/vit_mini.safetensors --minutes 40
"""

import argparse
import colorsys
import json
import multiprocessing as mp
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from timm.models.vision_transformer import VisionTransformer

from ivpt.backbones.vit_mini import make_vit_mini

if TYPE_CHECKING:
    from ivpt.data.paperbirds.scene import Scene

SIZE = 96
COLOURS = 12  # hues told apart; part shapes have fewer kinds
VIEWS = 2  # renderings of one scene


def pretraining_scene(key: str) -> "Scene":
    """A scene of a random species outside the paperbirds classes (4 of 5 scenes), or of other objects only."""
    from ivpt.data.paperbirds.habitats import HABITATS
    from ivpt.data.paperbirds.scene import sample_scene
    from ivpt.data.paperbirds.species import random_species

    draw = random.Random(key)
    species = random_species(key) if draw.random() < 0.8 else None
    objects = int(draw.random() * 3) if species else 2 + int(draw.random() * 3)
    return sample_scene(key, species, HABITATS[int(draw.random() * len(HABITATS))], objects=objects)


def attributes(key: str) -> list[int]:
    """Image-level labels of a scene: part shapes and part hues of its species as indices, -1 without a bird."""
    from ivpt.data.paperbirds import species as kinds

    species = pretraining_scene(key).species
    if species is None:
        return [-1] * 9
    shapes = (kinds.BEAKS, kinds.HEADS, kinds.TAILS, kinds.WINGS, kinds.LEGS)
    # Random species have colours of their own: the nearest hue of twelve.
    hues = [int(colorsys.rgb_to_hsv(*(channel / 255 for channel in colour))[0] * COLOURS) for colour in species.colours]
    return [known.index(own) for known, own in zip(shapes, species.shape, strict=True)] + hues


def render_scene(key: str) -> np.ndarray:
    """All renderings of one pretraining scene: (VIEWS, SIZE, SIZE, 3) uint8."""
    from ivpt.data.paperbirds.scene import render

    scene = pretraining_scene(key)
    return np.stack([render(scene, SIZE, recolour=f"{key}/{v}" if v else None).image for v in range(VIEWS)])


def _render(worker: int, workers: int, scenes: int, seed: int, queue: "mp.Queue[tuple[int, np.ndarray]]") -> None:
    numbers = range(worker, scenes, workers)
    for start in range(0, len(numbers), 16):
        chunk = numbers[start : start + 16]
        queue.put((chunk[0], np.stack([render_scene(f"pretrain/{seed}/{n}") for n in chunk])))


class Scenes:
    """A pool of rendered scenes on the training device that grows to ``capacity`` while training goes on."""

    def __init__(self, capacity: int, device: str, workers: int, seed: int, file: Path | None) -> None:
        self.pool = torch.empty(capacity, VIEWS, 3, SIZE, SIZE, dtype=torch.uint8, device=device)
        self.ready = torch.zeros(capacity, dtype=torch.bool)
        self.filled = 0
        self.file = file
        self.workers = workers
        self.processes: list[mp.process.BaseProcess] = []
        if file and file.exists():
            self.pool = torch.from_numpy(np.load(file)).to(device)
            self.filled = len(self.pool)
            self.ready[:] = True
            return
        context = mp.get_context("spawn")
        self.queue: mp.Queue[tuple[int, np.ndarray]] = context.Queue(maxsize=64)
        self.processes = [
            context.Process(target=_render, args=(w, workers, capacity, seed, self.queue), daemon=True)
            for w in range(workers)
        ]
        for process in self.processes:
            process.start()

    def refill(self, at_least: int = 0) -> None:
        """Take in what has been rendered; wait until there are ``at_least`` scenes."""
        if self.filled == len(self.pool):
            return
        while self.filled < at_least or not self.queue.empty():
            first, chunk = self.queue.get()
            numbers = torch.arange(first, first + len(chunk) * self.workers, self.workers)
            self.pool[numbers] = torch.from_numpy(chunk).permute(0, 1, 4, 2, 3).to(self.pool.device)
            self.ready[numbers] = True
            self.filled += len(chunk)
        if self.file and self.filled == len(self.pool):
            np.save(self.file, self.pool.cpu().numpy())

    def sample(self, batch: int, recolour: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Two renderings of each of ``batch`` scenes, float in [0, 1], and the numbers of the scenes.

        The second is blended of the first (weight 1 - u) and another colouring (u), u uniform in [0, ``recolour``].
        """
        ready = self.ready.nonzero()[:, 0]
        index = ready[torch.randint(len(ready), (batch,))]
        first, second = (self.pool[index, view].float() / 255 for view in range(2))
        blend = torch.rand(batch, 1, 1, 1, device=first.device) * recolour
        return first, first + blend * (second - first), index

    def close(self) -> None:
        """Stop the rendering processes."""
        for process in self.processes:
            process.terminate()


def random_warps(batch: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Affine maps from output to source coordinates, both in [-1, 1]: (b, 2, 3), and their inverses."""
    angle = (torch.rand(batch, device=device) - 0.5) * 2 * torch.pi * 0.25
    scale = torch.exp((torch.rand(batch, device=device) - 0.7) * 0.7)
    stretch = torch.exp((torch.rand(batch, device=device) - 0.5) * 0.35)
    flip = torch.where(torch.rand(batch, device=device) < 0.5, -1.0, 1.0)
    shift = (torch.rand(batch, 2, device=device) - 0.5) * 0.6
    cos, sin = angle.cos() * scale, angle.sin() * scale
    linear = torch.stack(
        [torch.stack([cos * flip * stretch, -sin], -1), torch.stack([sin * flip * stretch, cos], -1)], 1
    )
    forward = torch.cat([linear, shift[..., None]], -1)
    back = torch.linalg.inv(linear)
    return forward, torch.cat([back, -back @ shift[..., None]], -1)


def photometric(images: torch.Tensor) -> torch.Tensor:
    """Brightness, contrast, saturation, channel gain, and a little noise."""
    b, device = len(images), images.device
    gain = 1 + 0.25 * (torch.rand(b, 3, 1, 1, device=device) - 0.5)
    contrast = 1 + 0.5 * (torch.rand(b, 1, 1, 1, device=device) - 0.5)
    brightness = 0.25 * (torch.rand(b, 1, 1, 1, device=device) - 0.5)
    grey = images.mean(1, keepdim=True)
    saturation = 1.3 * torch.rand(b, 1, 1, 1, device=device)
    images = grey + (images - grey) * saturation.clamp(max=1.15)
    images = (images * gain - 0.5) * contrast + 0.5 + brightness
    return (images + 0.02 * torch.randn_like(images)).clamp(0, 1)


def warp(images: torch.Tensor, forward: torch.Tensor) -> torch.Tensor:
    """Sample images at an affine map; what lies outside is mirrored."""
    grid = F.affine_grid(forward, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def embed(model: VisionTransformer, images: torch.Tensor, roll: bool) -> torch.Tensor:
    """Tokens that enter block 0, optionally with the position embedding rolled by a random amount in each image.

    Rolling keeps what is next to what and takes away where in the picture it is; otherwise position alone tells
    counterparts apart, and the tokens learn where a patch is instead of what it is.
    """
    patches = model.patch_embed(images)
    batch, count, _ = patches.shape
    side = int(count**0.5)
    places = torch.arange(count, device=images.device).view(1, side, side)
    if roll:
        steps = torch.arange(side, device=images.device)
        rows = (steps + torch.randint(side, (batch, 1), device=images.device)) % side
        columns = (steps + torch.randint(side, (batch, 1), device=images.device)) % side
        places = rows[:, :, None] * side + columns[:, None, :]
    patches = patches + model.pos_embed[0][places.flatten(1)]
    prefix = torch.cat([model.cls_token, model.reg_token], 1).expand(batch, -1, -1)
    return torch.cat([prefix, patches], 1)


def layer_tokens(model: VisionTransformer, images: torch.Tensor, first: int, *, roll: bool) -> list[torch.Tensor]:
    """Final-norm patch maps (b, d, h, w) of the inputs of blocks ``first``... and of the output."""
    x = embed(model, images, roll)
    side = images.shape[-1] // 8
    maps = []
    for number, block in enumerate([*model.blocks, None]):
        if number >= first:
            tokens = model.norm(x)[:, model.num_prefix_tokens :]
            maps.append(tokens.transpose(1, 2).unflatten(2, (side, side)))
        if block is not None:
            x = block(x)
    return maps


def dense_contrast(
    a: torch.Tensor, b: torch.Tensor, forward_a: torch.Tensor, back_b: torch.Tensor, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """InfoNCE from each patch of ``a`` to its counterpart in ``b`` among the counterparts of all patches of ``a``."""
    h, w = a.shape[2:]
    centres = F.affine_grid(torch.eye(2, 3, device=a.device)[None], [1, 1, h, w], align_corners=False).view(1, h * w, 2)
    source = centres @ forward_a[:, :, :2].transpose(1, 2) + forward_a[:, None, :, 2]
    target = source @ back_b[:, :, :2].transpose(1, 2) + back_b[:, None, :, 2]
    valid = (source.abs() < 1).all(-1) & (target.abs() < 1 - 1 / w).all(-1)
    anchors = F.normalize(a.flatten(2).transpose(1, 2).float(), dim=-1)
    found = F.grid_sample(b.float(), target[:, :, None], align_corners=False)[..., 0].transpose(1, 2)
    found = F.normalize(found, dim=-1)
    logits = anchors @ found.transpose(1, 2) / temperature
    # Near neighbours (less than 1.5 patches away) are no negatives: their regions overlap.
    near = torch.cdist(centres, centres) < 1.5 * 2 / w
    near = near & ~torch.eye(h * w, dtype=torch.bool, device=a.device)[None]
    logits = logits.masked_fill(near | ~valid[:, None, :], -1e4)
    losses = -F.log_softmax(logits, -1).diagonal(dim1=1, dim2=2)
    hits = (logits.argmax(-1) == torch.arange(h * w, device=a.device)) & valid
    return (losses * valid).sum() / valid.sum().clamp(min=1), hits.sum() / valid.sum().clamp(min=1)


@torch.no_grad()
def judge(
    model: VisionTransformer, images: np.ndarray, parts: np.ndarray, device: str, clusters: int = 11
) -> dict[str, float]:
    """k-means of the bare tokens of each depth against true parts on bird pixels (reporting only, never trained on)."""
    model.eval()
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float().to(device) / 255
    maps = layer_tokens(model, (x - 0.5) / 0.5, 4, roll=False)
    model.train()
    result = {}
    half = len(images) // 2
    for depth, tokens in zip([4, 5, 6, 7, 8], maps, strict=True):
        tokens = tokens.float()
        flat = tokens.permute(0, 2, 3, 1)[:half].reshape(-1, tokens.shape[1]).cpu().numpy()
        means = KMeans(clusters, n_init=2, random_state=0).fit(flat).cluster_centers_
        centre = torch.from_numpy(means).to(device)
        logits = 2 * torch.einsum("bdhw,kd->bkhw", tokens, centre) - (centre**2).sum(1)[None, :, None, None]
        labels = F.interpolate(logits.softmax(1), size=SIZE, mode="bilinear").argmax(1)[half:].cpu().numpy().reshape(-1)
        truth = parts[half:].reshape(-1)
        keep = truth > 0
        result[f"nmi{depth}"] = float(normalized_mutual_info_score(truth[keep], labels[keep]))
        result[f"ari{depth}"] = float(adjusted_rand_score(truth[keep], labels[keep]))
    return result


def save(model: VisionTransformer, path: Path) -> None:
    """The backbone alone, as 16-bit floats."""
    save_file({k: v.detach().half().contiguous().cpu() for k, v in model.state_dict().items()}, path)


def main() -> None:
    """Render, train, and save the backbone with its log."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--temperature", type=float, default=0.1)
    parser.add_argument("--colour", type=float, default=0.3)
    parser.add_argument("--attributes", type=float, default=0.2)
    parser.add_argument("--start", type=int, default=640, help="scenes to wait for before training")
    parser.add_argument("--pool", type=int, default=4000)
    parser.add_argument("--scenes", type=Path, help=".npy in which rendered scenes are kept for another run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--judge", type=Path, help=".npz of images and parts to report k-means NMI on")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    device = options.device
    began = time.monotonic()
    scenes = Scenes(options.pool, device, options.workers, options.seed, options.scenes)
    model = make_vit_mini(SIZE).to(device)
    colour_head = torch.nn.Linear(model.embed_dim, 12).to(device)
    labels = torch.tensor([attributes(f"pretrain/{options.seed}/{n}") for n in range(options.pool)], device=device)
    attribute_head = torch.nn.Linear(model.embed_dim, labels.shape[1] * COLOURS).to(device)
    parameters = [*model.parameters(), *colour_head.parameters(), *attribute_head.parameters()]
    decay = [p for p in parameters if p.ndim > 1]
    plain = [p for p in parameters if p.ndim <= 1]
    groups = [{"params": decay, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=options.lr)
    scenes.refill(options.start)
    limit = options.minutes * 60
    amp = torch.autocast(device.partition(":")[0], dtype=torch.bfloat16)
    step, log = 0, []
    first = 4
    weights = [0.25, 0.5, 1.0, 1.0, 1.0]
    while (elapsed := time.monotonic() - began) < limit:
        scenes.refill()
        progress = elapsed / limit
        rate = options.lr * min(1.0, (step + 1) / 300) * (0.5 * (1 + np.cos(np.pi * progress)) + 0.003)
        for group in optimiser.param_groups:
            group["lr"] = rate
        # Counterparts of the same colours are found soon; from there other colours are learned little by little.
        one, two, index = scenes.sample(options.batch, recolour=min(1.0, 0.1 + 2 * progress))
        forward_a, _ = random_warps(options.batch, one.device)
        forward_b, back_b = random_warps(options.batch, one.device)
        view_a, view_b = warp(photometric(one), forward_a), warp(photometric(two), forward_b)
        with amp:
            maps = layer_tokens(model, (torch.cat([view_a, view_b]) - 0.5) / 0.5, first, roll=True)
            loss = torch.zeros((), device=device)
            for weight, tokens in zip(weights, maps, strict=True):
                a, b = tokens.chunk(2)
                contrast, hit = dense_contrast(a, b, forward_a, back_b, options.temperature)
                loss = loss + weight * contrast
            loss = loss / sum(weights)
            colours = F.adaptive_avg_pool2d(torch.cat([view_a, view_b]), (24, 24))
            colours = F.pixel_unshuffle(colours, 2).flatten(2).transpose(1, 2)
            read = [colour_head(t.flatten(2).transpose(1, 2)).float() for t in maps]
            colour = torch.stack([F.mse_loss(r, colours - 0.5) for r in read]).mean()
            pooled = maps[-1].chunk(2)[0].mean((2, 3))
            named = F.cross_entropy(attribute_head(pooled).view(-1, COLOURS), labels[index].flatten(), ignore_index=-1)
        total = loss + options.colour * 10 * colour + options.attributes * named
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        step += 1
        if step % 100 == 0:
            row = {"step": step, "s": round(elapsed), "scenes": scenes.filled}
            row |= {
                "nce": round(loss.item(), 3),
                "named": round(named.item(), 3),
                "hit": round(hit.item(), 3),
                "colour": round(colour.item(), 4),
            }
            if options.judge and step % 1000 == 0:
                data = np.load(options.judge)
                row |= {k: round(v, 3) for k, v in judge(model, data["images"], data["parts"], device).items()}
            log.append(row)
            print(json.dumps(row), flush=True)
            save(model, options.out.with_suffix(".partial.safetensors"))
    scenes.close()
    if options.judge:
        data = np.load(options.judge)
        print("final", judge(model, data["images"], data["parts"], device))
    save(model, options.out)
    told = {"options": {k: str(v) for k, v in vars(options).items()}, "steps": step, "log": log}
    options.out.with_suffix(".json").write_text(json.dumps(told))


if __name__ == "__main__":
    main()
