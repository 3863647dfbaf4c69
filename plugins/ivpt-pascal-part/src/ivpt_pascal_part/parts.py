"""The parts of each class of PASCAL VOC, numbered ones (wheel_2) without their number."""

import re

CLASSES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
"""``class_ind`` 1 to 20."""

_SIDES = "frontside leftside rightside backside roofside"
_VEHICLE = f"{_SIDES} leftmirror rightmirror fliplate bliplate door wheel headlight window"
_CAT = "head leye reye lear rear nose torso neck lfleg lfpa rfleg rfpa lbleg lbpa rbleg rbpa tail"
_LEGS = "lfuleg lflleg rfuleg rflleg lbuleg lblleg rbuleg rblleg"
_COW = f"head leye reye lear rear muzzle lhorn rhorn torso neck {_LEGS} tail"

_NAMES = {
    "aeroplane": "body stern lwing rwing tail engine wheel",
    "bicycle": "fwheel bwheel saddle handlebar chainwheel headlight",
    "bird": "head leye reye beak torso neck lwing rwing lleg lfoot rleg rfoot tail",
    "bottle": "cap body",
    "bus": _VEHICLE,
    "car": _VEHICLE,
    "cat": _CAT,
    "cow": _COW,
    "dog": f"{_CAT} muzzle",
    "horse": f"head leye reye lear rear muzzle torso neck {_LEGS} tail lfho rfho lbho rbho",
    "motorbike": "fwheel bwheel handlebar saddle headlight",
    "person": (
        "head leye reye lear rear lebrow rebrow nose mouth hair torso neck "
        "llarm luarm lhand rlarm ruarm rhand llleg luleg lfoot rlleg ruleg rfoot"
    ),
    "pottedplant": "pot plant",
    "sheep": _COW,
    "train": (
        "head hfrontside hleftside hrightside hbackside hroofside headlight "
        "coach cfrontside cleftside crightside cbackside croofside"
    ),
    "tvmonitor": "screen",
}

PARTS: tuple[str, ...] = tuple(f"{name} {part}" for name in CLASSES for part in _NAMES.get(name, "").split())
"""``bird leye`` and so on; boat, chair, diningtable and sofa have silhouettes only."""


def part_name(kind: str, part: str) -> str:
    """``car`` and ``wheel_2`` to ``car wheel``: wheels are numbered within an object only."""
    return f"{kind} {re.sub(r'_[0-9]+$', '', part)}"


__all__ = ["CLASSES", "PARTS", "part_name"]
