"""State dicts: reading them from files, fingerprinting them, fitting them into a transformer."""

import hashlib
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn
from torch import Tensor

from ivpt.errors import WeightsError

StateDict = dict[str, Tensor]

HEAD = ("head.", "head_dist.", "attn_pool.", "pre_logits.")
"""What classifies or pools after the last block: of no use here, so neither asked for nor an error to find."""


def read_state_dict(file: Path) -> StateDict:
    """The tensors of a checkpoint, classifier left out.

    Safetensors, or a PyTorch file that loads with ``weights_only=True``; nothing in it is ever executed. A state dict
    below ``state_dict`` or ``model`` is found, and the ``module.`` of distributed training is stripped.

    Raises:
        WeightsError: the file is missing, or not one of these.
    """
    if not file.is_file():
        raise WeightsError(f"There is no weights file {file}.", "Name a .safetensors or PyTorch state-dict file.")
    try:
        with file.open("rb") as stream:
            head = stream.read(9)
        # A safetensors file starts with the length of its header (8 bytes), then the header's JSON.
        found: Any = load_file(file) if head[8:9] == b"{" else torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise WeightsError(
            f"The weights file {file} holds more than tensors, or is damaged, and is not opened.",
            "Save the state dict alone (torch.save(model.state_dict(), FILE)) or use safetensors.",
        ) from None
    except (OSError, SafetensorError, RuntimeError, EOFError, ValueError, KeyError) as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise WeightsError(f"The weights file {file} cannot be read: {reason}") from None
    state = _unwrap(found)
    if not state:
        raise WeightsError(f"The weights file {file} holds no state dict.", "It must map parameter names to tensors.")
    return state


def _unwrap(found: object) -> StateDict:
    while isinstance(found, Mapping) and not any(isinstance(value, Tensor) for value in found.values()):
        inner = [found[key] for key in ("state_dict", "model") if isinstance(found.get(key), Mapping)]
        if not inner:
            return {}
        found = inner[0]
    if not isinstance(found, Mapping):
        return {}
    tensors = {str(name).removeprefix("module."): value for name, value in found.items() if isinstance(value, Tensor)}
    return {name: value for name, value in tensors.items() if not name.startswith(HEAD)}


def fingerprint(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, dtypes, shapes and bytes of a state dict, in the order of the names.

    The same tensors give the same value whatever file format, device or byte order they came in.
    """
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name}\0{str(tensor.dtype).removeprefix('torch.')}\0{tuple(tensor.shape)}\0".encode())
        data = tensor.reshape(-1).view(torch.uint8).numpy()
        if sys.byteorder == "big" and tensor.element_size() > 1:
            data = data.reshape(-1, tensor.element_size())[:, ::-1]
        digest.update(data.tobytes())
    return digest.hexdigest()


def load_into(vit: VisionTransformer, state: Mapping[str, Tensor], what: str) -> None:
    """Copy a state dict into a transformer, as its dtype.

    timm's own filter translates the names of the original DINOv2, DeiT, MAE and CLIP files and resamples the position
    embedding to the model's grid.

    Args:
        vit: built at its final image size.
        state: as read from a file; not changed.
        what: what it is, for the error ("The weights file x.safetensors").

    Raises:
        WeightsError: parameters are missing, left over, or of another shape; the first few are named.
    """
    patches = state.get("patch_embed.proj.weight")
    if patches is not None and patches.ndim == 4 and tuple(patches.shape[2:]) != tuple(vit.patch_embed.patch_size):
        # timm would resample the kernel without a word, which makes a different model.
        ours = "x".join(map(str, vit.patch_embed.patch_size))
        theirs = "x".join(map(str, patches.shape[2:]))
        raise WeightsError(f"{what} does not fit: its patches are {theirs} pixels, the model's {ours}.")
    try:
        fitted: StateDict = checkpoint_filter_fn(dict(state), vit, adapt_layer_scale=True)
    except (RuntimeError, AssertionError, KeyError, ValueError, AttributeError, IndexError) as error:
        raise WeightsError(f"{what} does not fit: {str(error).splitlines()[0] if str(error) else error!r}") from None
    fitted = {name: tensor for name, tensor in fitted.items() if not name.startswith(HEAD)}
    wanted = {name: tensor for name, tensor in vit.state_dict().items() if not name.startswith(HEAD)}
    for problem, names in (
        ("lacks", sorted(wanted.keys() - fitted.keys())),
        ("has no place for", sorted(fitted.keys() - wanted.keys())),
        (
            "has another shape of",
            sorted(n for n in wanted.keys() & fitted.keys() if wanted[n].shape != fitted[n].shape),
        ),
    ):
        if names:
            first = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
            subject = "the file" if problem != "has no place for" else "the model"
            count = f"{len(names)} parameter{'s' if len(names) > 1 else ''}"
            raise WeightsError(f"{what} does not fit: {subject} {problem} {count} ({first}).")
    vit.load_state_dict(fitted, strict=False)


__all__ = ["HEAD", "StateDict", "fingerprint", "load_into", "read_state_dict"]
