"""Pretrain the embedded backbone ``vit_mini`` on drawn scenes, without labels, part masks, part names or keypoints.

    python tools/pretrain_vit_mini teacher
    torchrun --nproc-per-node 2 tools/pretrain_vit_mini student --out vit_mini.safetensors

Two stages. A convolutional teacher learns by contrast which patches of two pictures of one scene are the same
(``teacher.py``); the transformer learns the teacher's features (``student.py``), in any number of processes.
docs/model-card.md says what came of it. Each stage ends with k-means of its features against true parts of other
birds, which is printed and used for nothing.
"""

import argparse
import json
import os
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F
from augment import normalised
from judge import agreement
from safetensors.torch import load_file, save_file
from scenes import SIZE, judged_birds, load_scenes
from schedule import rank
from student import layer_tokens, train_student
from teacher import Teacher, train_teacher


def main() -> None:
    """Run one stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=["teacher", "student"])
    parser.add_argument("--count", type=int, default=6000, help="scenes")
    parser.add_argument("--scenes", type=Path, default=Path("scenes.npy"), help="drawn there if they are missing")
    parser.add_argument("--teacher", type=Path, default=Path("teacher.safetensors"))
    parser.add_argument("--out", type=Path, default=Path("vit_mini.safetensors"))
    parser.add_argument("--steps", type=int, help="default: 7300 for the teacher, 7000 for the student")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if "WORLD_SIZE" in os.environ and options.stage == "student":
        dist.init_process_group("gloo")
    pool = torch.from_numpy(load_scenes(options.scenes, options.count, options.seed)).permute(0, 1, 4, 2, 3)
    birds, parts = judged_birds(400)
    images = normalised(torch.from_numpy(birds).permute(0, 3, 1, 2).float() / 255)
    if options.stage == "teacher":
        teacher = train_teacher(pool, options.steps or 7300, batch=16, rate=2e-3, seed=options.seed)
        save_file({k: v.contiguous() for k, v in teacher.state_dict().items()}, options.teacher)
        with torch.inference_mode():
            found = {"teacher": F.normalize(teacher(images), dim=1)}
    else:
        teacher = Teacher()
        teacher.load_state_dict(load_file(options.teacher))
        teacher.eval()
        model = train_student(teacher, pool, options.steps or 7000, batch=32, rate=3e-3, seed=options.seed)
        if rank() > 0:
            return
        save_file({k: v.detach().half().contiguous() for k, v in model.state_dict().items()}, options.out)
        with torch.inference_mode():
            tokens = layer_tokens(model, images)
        grid = (SIZE // 8, SIZE // 8)
        found = {f"tokens at {depth}": t.transpose(1, 2).unflatten(2, grid) for depth, t in tokens.items()}
    told = {name: round(agreement(features.clone(), parts), 3) for name, features in found.items()}
    print(json.dumps({"k-means against true parts, NMI": told}))


if __name__ == "__main__":
    main()
