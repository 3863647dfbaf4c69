"""Colour as words: which of a few dozen colours a patch holds, and how much of each.

The teacher's features know nothing of colour, because the contrast compares pictures in other colours. Classes differ
in it. Shares of colour words are something a linear head can use; mean values of red, green and blue are not.
"""

import torch
import torch.nn.functional as F
from sklearn.cluster import KMeans
from torch import Tensor

WORDS = 24
PATCH = 8
WIDTH = 0.1
"""Distance in RGB (0 to 1) at which a colour counts much less as a word."""


def palette(images: Tensor) -> Tensor:
    """The words: cluster centres of the colours of some pictures (b, 3, H, W), each in [0, 1]: (WORDS, 3)."""
    colours = F.avg_pool2d(images, PATCH).permute(0, 2, 3, 1).flatten(0, 2)
    return torch.from_numpy(KMeans(WORDS, n_init=2, random_state=0).fit(colours.numpy()).cluster_centers_)


def colour_words(images: Tensor, words: Tensor) -> Tensor:
    """Share of each word in each patch: (b, n, WORDS), summing to one."""
    colours = F.avg_pool2d(images, 2).permute(0, 2, 3, 1)
    distance = torch.cdist(colours.flatten(1, 2), words[None].expand(len(images), -1, -1))
    shares = (-distance.square() / (2 * WIDTH**2)).softmax(-1).unflatten(1, colours.shape[1:3]).permute(0, 3, 1, 2)
    return F.avg_pool2d(shares, PATCH // 2).flatten(2).transpose(1, 2)
