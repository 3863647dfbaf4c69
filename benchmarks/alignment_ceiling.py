"""How well could the regions of an earlier layer follow the coarse ones, if these stood still?

The model of a run is reloaded; patch embeddings of each prompted layer and coarse maps are computed once, without
noise. On the training images four things are then fitted to the coarse maps, which do not change any more:

- *shaped*: the run's own prototypes, bias maps and grouping layer (with Gumbel noise), from where training left them,
  by the consistency loss and the part-shaping losses of single maps (all of them but equivariance), weighed as in
  training;
- *run on*: the same by the consistency loss alone;
- *readout*: n + 1 fresh prototypes with bias maps (Eq. 5), one per group, so that nothing has to be grouped, by the
  consistency loss alone: what a softmax of linear scores of these embeddings can tell of the coarse regions;
- *network*: the same with a hidden layer of 256 units and three times as many steps: nearly what they can tell at all.

Judged on images that nothing was fitted on, by the alignment metric.

    python benchmarks/alignment_ceiling.py RUN.h5 ... [--split val] [--steps 500]
"""

import argparse
import copy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.alignment_parts import iou
from ivpt.concepts.aggregation import pool
from ivpt.concepts.discovery import ConceptSet
from ivpt.concepts.fusion import Fusion
from ivpt.concepts.grouping import gumbel
from ivpt.concepts.model import ConceptModel, set_name
from ivpt.data.loading import ImageSet
from ivpt.evaluation.reload import Reloaded, reloaded
from ivpt.evaluation.source import reopen
from ivpt.interfaces.dataset import Dataset
from ivpt.losses.consistency import patch_consistency
from ivpt.losses.entropy import entropy
from ivpt.losses.presence import background_presence, presence
from ivpt.losses.total_variation import total_variation
from ivpt.runfile.reader import RunFile
from ivpt.runfile.schema import COARSE, SPLITS
from ivpt.training.evaluation import evaluate

BATCH = 16

Groups = list[dict[str, Any]]
"""Parameters and their learning rates, as optimisers of torch take them."""

Fitted = Callable[[Tensor, bool], tuple[Tensor, Tensor, Tensor]]
"""Features, and whether there is noise, to maps (b, m, h, w), soft group maps (b, n + 1, h, w), group of each cell."""


def seen(run: RunFile, model: Reloaded, dataset: Dataset, split: str) -> dict[str, Tensor]:
    """Patch embeddings (N, u, d) by layer, and under ``coarse`` the coarse maps (N, n + 1, h, w)."""
    backbone = model.model.backbone
    indices = np.flatnonzero(run.splits == SPLITS.index(split))
    images = ImageSet(dataset, indices, image_size=backbone.image_size, mean=backbone.mean, std=backbone.std)
    found: dict[str, list[Tensor]] = {COARSE: []}
    hooks = []
    for index in model.model.blocks:
        own = found[set_name(index)] = []

        def keep(_: nn.Module, given: tuple[Tensor, ...], __: Any, own: list[Tensor] = own) -> None:
            own.append(given[0].detach().cpu())

        hooks.append(model.model.concept_set(index).register_forward_hook(keep))
    for batch in evaluate(model.accelerator, model.model, images, per_process=32):
        found[COARSE].append(torch.from_numpy(batch.attention[COARSE]))
    for hook in hooks:
        hook.remove()
    return {key: torch.cat(parts) for key, parts in found.items()}


def readout(model: ConceptModel, index: int, seed: int) -> tuple[Fitted, Groups]:
    """One fresh prototype per group."""
    torch.manual_seed(seed)
    groups = model.config.coarse + 1
    fresh = ConceptSet(groups, model.backbone.dim, model.backbone.grid, model.config.init_std, "inside")

    def fitted(features: Tensor, noisy: bool) -> tuple[Tensor, Tensor, Tensor]:
        attention = fresh(features)
        return attention, attention, attention.argmax(1)

    return fitted, [{"params": fresh.parameters(), "lr": 1e-2}]


def network(model: ConceptModel, index: int, seed: int) -> tuple[Fitted, Groups]:
    """A small network of each patch embedding, with a bias for each cell."""
    torch.manual_seed(seed)
    groups, (rows, columns) = model.config.coarse + 1, model.backbone.grid
    hidden = nn.Sequential(nn.Linear(model.backbone.dim, 256), nn.GELU(), nn.Linear(256, groups))
    bias = nn.Parameter(torch.zeros(groups, rows * columns))

    def fitted(features: Tensor, noisy: bool) -> tuple[Tensor, Tensor, Tensor]:
        maps = (hidden(features).transpose(1, 2) + bias).softmax(1).reshape(-1, groups, rows, columns)
        return maps, maps, maps.argmax(1)

    return fitted, [{"params": [*hidden.parameters(), bias], "lr": 2e-3}]


def run_on(model: ConceptModel, index: int, seed: int) -> tuple[Fitted, Groups]:
    """The run's own set and grouping layer."""
    own = copy.deepcopy(model.concept_set(index)).cpu()
    fusion = model.fusion[set_name(index)]
    assert isinstance(fusion, Fusion)
    grouping = copy.deepcopy(fusion.grouping).cpu()
    generator = torch.Generator().manual_seed(seed)

    def fitted(features: Tensor, noisy: bool) -> tuple[Tensor, Tensor, Tensor]:
        attention = own(features)
        vectors, mass = pool(attention.detach(), features, model.config.aggregation)
        shape = (*mass.shape, model.config.coarse + 1)
        groups = grouping(vectors, mass, gumbel(shape, generator) if noisy else None)
        soft = (groups.relaxed.transpose(1, 2) @ attention.flatten(2)).reshape(len(features), -1, *attention.shape[2:])
        owner = attention.argmax(1).flatten(1)
        group = groups.weights.argmax(2).gather(1, owner).reshape(len(features), *attention.shape[2:])
        return attention, soft, group

    return fitted, [{"params": own.parameters(), "lr": 2e-3}, {"params": grouping.parameters(), "lr": 1e-2}]


def labels(fitted: Fitted, features: Tensor) -> np.ndarray[Any, Any]:
    """(N, h, w) group of each cell."""
    with torch.no_grad():
        return torch.cat([fitted(part, False)[2] for part in torch.split(features, 100)]).numpy()


def fit(fitted: Fitted, parameters: Groups, features: Tensor, target: Tensor, steps: int, shaping: float) -> None:
    """Adam; the rate falls to a fifth after 60 %, and again after 85 % of the steps.

    Args:
        fitted: what is fitted.
        parameters: its parameters, with their rates.
        features: of the training images.
        target: their coarse maps.
        steps: of 16 images.
        shaping: weight of the part-shaping losses; that of consistency is 1.
    """
    optimiser = torch.optim.Adam(parameters)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [steps * 6 // 10, steps * 85 // 100], 0.2)
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        chosen = torch.randint(0, len(features), (BATCH,), generator=generator)
        attention, soft, _group = fitted(features[chosen], True)
        loss = patch_consistency(target[chosen], soft)
        if shaping:
            terms = presence(attention) + background_presence(attention) + entropy(attention, "mean")
            loss = loss + shaping * (terms + total_variation(attention))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()


def ceilings(path: Path, split: str, steps: int) -> dict[str, list[float]]:
    """Layer to IoU in % as trained and of all that is fitted, and the share of equal cells of the readout in %."""
    with RunFile(path) as run, reloaded(run, device="cpu") as model:
        dataset = reopen(run)
        train, judged = (seen(run, model, dataset, each) for each in ("train", split))
        target = judged[COARSE].argmax(1).numpy()
        count, blocks = model.model.config.coarse + 1, model.model.blocks
        shaping = len(blocks) / (len(blocks) + 1)  # consistency is the mean over blocks, part shaping over all sets
        rows = {}
        for index in blocks:
            key, found = set_name(index), []
            for make, length, weight in (
                (run_on, 0, 0.0),
                (run_on, steps, shaping),
                (run_on, steps, 0.0),
                (readout, steps, 0.0),
                (network, 3 * steps, 0.0),
            ):
                fitted, parameters = make(model.model, index, 0)
                fit(fitted, parameters, train[key], train[COARSE], length, weight)
                found.append(labels(fitted, judged[key]))
            rows[key] = [*(iou(each, target, count) for each in found), float(100 * (found[3] == target).mean())]
        return rows


def main() -> None:
    """Print a row a layer, the mean over runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--split", choices=["val", "test"], default="test")
    parser.add_argument("--steps", type=int, default=500)
    given = parser.parse_args()
    found = []
    for path in given.runs:
        print(f"{path} ...", file=sys.stderr, flush=True)
        found.append(ceilings(path, given.split, given.steps))
    means = {key: np.mean([rows[key] for rows in found], axis=0).tolist() for key in found[0]}
    means["mean"] = np.mean(list(means.values()), axis=0).tolist()
    print("| layer | as trained | shaped | run on | readout | network | cells of the readout that agree |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for key, row in means.items():
        print(f"| {key} | {' | '.join(f'{value:.1f}' for value in row)} |")


if __name__ == "__main__":
    main()
