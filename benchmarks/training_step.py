"""What a training step and an inference of the method cost, beside VPT-Deep and the bare backbone.

    python benchmarks/training_step.py [--rounds 9] [--threads 2] [--model vit_small_patch14_reg4_dinov2]

Everything is measured in one run, in interleaved rounds, on a randomly initialised backbone in 32 bit: each round times
every variant once, so that a slow moment of the machine falls on all of them. Reported are medians over the rounds, of
seconds and of each round's ratio; the ratio of processor time says the same on a machine that other programs use too,
where seconds do not. Peak memory is that of a process of its own that makes three training steps.

VPT-Deep: free prompts (as many as the method fuses) at each of the same blocks, the same tuned tokens, one linear layer
on the class token, the same optimiser.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import timm
import torch
from torch import Tensor, nn

from ivpt.backbones.timm_adapter import TimmTokenModel
from ivpt.concepts.model import ConceptModel
from ivpt.config import Config, load_config
from ivpt.interfaces.backbone import WeightsRecord
from ivpt.losses.objective import Objective, training_terms
from ivpt.losses.transform import sample_affine

CLASSES = 200
Step = Callable[[], None]
Cost = tuple[float, float]
"""Seconds, and seconds of processor time over all threads."""

ROWS = {
    "published": ("training, detached features", "VPT-Deep step + bare forward", ("vpt", "bare")),
    "full": ("training, gradients through both passes", "two VPT-Deep steps", ("vpt", "vpt")),
    "inference": ("inference with all maps", "bare forward", ("bare inference",)),
}
"""What is compared: a step, and the steps whose sum it is held against."""


class VptDeep(nn.Module):
    """Visual prompt tuning with free prompts at the given blocks."""

    def __init__(self, backbone: TimmTokenModel, blocks: tuple[int, ...], prompts: int) -> None:
        super().__init__()
        self.backbone = backbone
        for token in backbone.tunable_tokens().values():
            token.requires_grad_(True)
        self.prompts = nn.ParameterDict({str(i): torch.randn(1, prompts, backbone.dim) * 0.02 for i in blocks})
        self.head = nn.Linear(backbone.dim, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        """Class logits."""
        tokens = self.backbone.embed(images)
        for index in range(self.backbone.depth):
            if str(index) in self.prompts:
                prompts = self.prompts[str(index)].expand(len(images), -1, -1)
                tokens = self.backbone.block(index, torch.cat([tokens, prompts], 1))[:, : tokens.shape[1]]
            else:
                tokens = self.backbone.block(index, tokens)
        logits: Tensor = self.head(self.backbone.normalise(tokens[:, 0]))
        return logits


def make_backbone(args: argparse.Namespace) -> TimmTokenModel:
    """A randomly initialised transformer of the wanted size."""
    torch.manual_seed(0)
    vit = timm.create_model(args.model, pretrained=False, img_size=args.image_size, num_classes=0)
    return TimmTokenModel(vit, args.model, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), WeightsRecord("none", args.model, ""))


def inputs(args: argparse.Namespace, batch: int) -> tuple[Tensor, Tensor]:
    """Random images and labels."""
    return torch.randn(batch, 3, args.image_size, args.image_size), torch.randint(CLASSES, (batch,))


def concept_step(args: argparse.Namespace, config: Config) -> Step:
    """A full training step of the method: both passes, all losses, backward, Adam."""
    model, objective = ConceptModel(make_backbone(args), config.concepts, CLASSES), Objective(config.loss)
    groups, clip = model.parameter_groups(), config.training.clip
    rates = {"tokens": config.training.lr_tokens, "layers": config.training.lr_layers}
    optimiser = torch.optim.Adam([{"params": groups[name], "lr": rates[name]} for name in groups])
    images, labels = inputs(args, args.batch)
    generator = torch.Generator().manual_seed(0)

    def step() -> None:
        noise = model.noise(len(images), generator)
        _, terms = training_terms(model, objective, images, labels, noise, sample_affine(generator))
        optimiser.zero_grad()
        terms["total"].backward()  # type: ignore[no-untyped-call]
        if clip is not None:
            nn.utils.clip_grad_norm_([p for members in groups.values() for p in members], clip)
        optimiser.step()

    return step


def vpt_step(args: argparse.Namespace, config: Config) -> Step:
    """A training step of VPT-Deep."""
    backbone = make_backbone(args)
    blocks = tuple(range(backbone.depth - len(config.concepts.prototypes), backbone.depth))
    model = VptDeep(backbone, blocks, config.concepts.coarse)
    optimiser = torch.optim.Adam([p for p in model.parameters() if p.requires_grad])
    images, labels = inputs(args, args.batch)

    def step() -> None:
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return step


def bare_forward(args: argparse.Namespace, batch: int) -> Step:
    """The backbone alone, without a graph."""
    backbone = make_backbone(args)
    images, _ = inputs(args, batch)

    @torch.no_grad()
    def step() -> None:
        backbone.vit.forward_features(images)

    return step


def concept_forward(args: argparse.Namespace, config: Config) -> Step:
    """Inference of the method with all its maps."""
    model = ConceptModel(make_backbone(args), config.concepts, CLASSES)
    images, _ = inputs(args, args.inference_batch)

    @torch.no_grad()
    def step() -> None:
        model(images)

    return step


def measure(steps: dict[str, Step], rounds: int) -> dict[str, list[Cost]]:
    """Cost of each step in each round, after one round to warm up; the order turns from round to round."""
    costs: dict[str, list[Cost]] = {name: [] for name in steps}
    names = list(steps)
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            wall, processor = time.perf_counter(), time.process_time()
            steps[name]()
            cost = (time.perf_counter() - wall, time.process_time() - processor)
            if number:
                costs[name].append(cost)
    return costs


def row(words: str, against: str, costs: list[Cost], reference: list[list[Cost]]) -> str:
    """One line of the table: a step against the sum of its reference steps, round by round."""
    sums = [(sum(c[0] for c in one), sum(c[1] for c in one)) for one in zip(*reference, strict=True)]
    pairs = list(zip(costs, sums, strict=True))
    wall, processor = (statistics.median(a[i] / b[i] for a, b in pairs) for i in (0, 1))
    seconds, others = statistics.median(c[0] for c in costs), statistics.median(c[0] for c in sums)
    return f"| {words} | {seconds:.3f} | {against} | {others:.3f} | {wall:.3f} | {processor:.3f} | 1.10 |"


def peak_memory(argv: list[str], preset: str) -> float:
    """Peak resident GiB of a process that makes three training steps."""
    words = [sys.executable, __file__, *argv, "--memory-of", preset]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="vit_small_patch14_reg4_dinov2")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--inference-batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    names = ["published", "full", "vpt", "bare", "inference", "bare inference"]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="steps to time; default: all")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    published = load_config(preset="published")
    full = load_config(preset="default", overrides={"concepts.detach": False})
    if args.memory_of:
        step = concept_step(args, published if args.memory_of == "published" else full)
        for _ in range(3):
            step()
        unit = 1 if sys.platform == "darwin" else 1024
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30)
        return
    memory = {name: peak_memory(sys.argv[1:], name) for name in ("published", "full")}
    steps = {
        "published": concept_step(args, published),
        "full": concept_step(args, full),
        "vpt": vpt_step(args, published),
        "bare": bare_forward(args, args.batch),
        "inference": concept_forward(args, load_config()),
        "bare inference": bare_forward(args, args.inference_batch),
    }
    costs = measure({name: step for name, step in steps.items() if name in args.only}, args.rounds)
    print(f"{args.model}, {args.image_size} px, batch {args.batch} (inference {args.inference_batch}),")
    print(f"{torch.get_num_threads()} threads, {args.rounds} rounds, torch {torch.__version__}")
    print("| what | median s | reference | median s | ratio | ratio of processor time | limit |")
    print("|---|---|---|---|---|---|---|")
    for name, (words, against, reference) in ROWS.items():
        if {name, *reference} <= costs.keys():
            print(row(words, against, costs[name], [costs[other] for other in reference]))
    print("| peak memory of a training step | GiB | limit |")
    print("|---|---|---|")
    print(f"| detached features | {memory['published']:.2f} | 2.0 |")
    print(f"| gradients through both passes | {memory['full']:.2f} | - |")


if __name__ == "__main__":
    main()
