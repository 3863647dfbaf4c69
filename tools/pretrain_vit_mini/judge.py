"""How well k-means of patch features agrees with true parts of drawn birds. For reporting; nothing is trained on it."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score
from torch import Tensor

CLUSTERS = 11


def agreement(features: Tensor, parts: NDArray[np.uint8]) -> float:
    """Normalised mutual information on bird pixels of the second half; clusters are found on the first half.

    Args:
        features: (b, d, h, w).
        parts: (b, H, W), 0 where there is no bird.
    """
    half, size = len(features) // 2, parts.shape[1]
    flat = features[:half].permute(0, 2, 3, 1).flatten(0, 2).numpy()
    means = torch.from_numpy(KMeans(CLUSTERS, n_init=2, random_state=0).fit(flat).cluster_centers_)
    found = features[half:]
    near = 2 * torch.einsum("bdhw,kd->bkhw", found, means) - means.square().sum(1)[None, :, None, None]
    labels = F.interpolate(near.softmax(1), size=size, mode="bilinear").argmax(1).numpy()
    bird = parts[half:] > 0
    return float(normalized_mutual_info_score(parts[half:][bird], labels[bird]))
