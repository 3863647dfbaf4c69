"""A start for the transformer's attention: each head looks at a neighbour, as the taps of a convolution do.

From random weights attention begins as a mean over the whole picture, and most of a short training goes into finding
out what is next to what. With a position embedding of sines and cosines, "the token at my place plus an offset" is a
linear function of the token, so queries and keys can say it from the start. Training is free to change it.
"""

import math

import torch
from timm.layers.pos_embed_sincos import build_sincos2d_pos_embed
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor

TEMPERATURE = 100.0
SCALE = 0.6
"""Of the position embedding at the start."""
SHARPNESS = 1.8
"""Of queries and of keys."""


def position_table(side: int, width: int) -> Tensor:
    """Sines and cosines of row and column, (side, side, width)."""
    return build_sincos2d_pos_embed([side, side], width, temperature=TEMPERATURE).view(side, side, width)


def start_local(model: VisionTransformer, side: int) -> None:
    """Set the position embedding, and add to queries and keys what makes head h of each block look at a neighbour.

    The four heads look down, up, right and left; at the next cell in every other block, two cells away in the others.
    """
    width = int(model.embed_dim)
    table = position_table(side, width)
    model.pos_embed.data = table.view(1, side * side, width) * SCALE
    for number, block in enumerate(model.blocks):
        reach = 1 + number % 2
        offsets = ((reach, 0), (-reach, 0), (0, reach), (0, -reach))
        head = width // len(offsets)
        for h, offset in enumerate(offsets):
            query, key = _look(table, head, offset)
            weight = block.attn.qkv.weight.data
            weight[h * head : (h + 1) * head] += SHARPNESS * query
            weight[width + h * head : width + (h + 1) * head] += SHARPNESS * key


def _look(table: Tensor, head: int, offset: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Query and key matrices (head, width): cos(w (x + offset - y)), summed over frequencies w of both axes."""
    width = table.shape[2]
    query, key = torch.zeros(head, width), torch.zeros(head, width)
    frequencies = TEMPERATURE ** -(torch.arange(width // 4) / (width // 4))
    chosen = range(0, head // 2, 2)  # every other one of the fast half: head / 4 of them for each axis
    row = 0
    for axis, along in enumerate((table[:, 0], table[0])):
        for n in chosen:
            angle = frequencies[n] * torch.arange(len(along))
            sine, cosine = _channel(along, torch.sin(angle)), _channel(along, torch.cos(angle))
            turn = float(frequencies[n]) * offset[axis]
            query[row, sine], query[row, cosine] = math.cos(turn), math.sin(turn)
            query[row + 1, sine], query[row + 1, cosine] = -math.sin(turn), math.cos(turn)
            key[row, sine] = key[row + 1, cosine] = 1
            row += 2
    return query, key


def _channel(along: Tensor, wave: Tensor) -> int:
    """The channel of the position embedding that holds a wave."""
    return int((along - wave[:, None]).square().sum(0).argmin())
