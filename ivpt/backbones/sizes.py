"""Image sizes a backbone can take."""

from ivpt.errors import ConfigError


def as_pair(size: int | tuple[int, int]) -> tuple[int, int]:
    """A side, or (height, width), as (height, width)."""
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))


def check_image_size(size: tuple[int, int], patch: tuple[int, int]) -> None:
    """Refuse an image size that the patch size does not divide.

    Args:
        size: (height, width) in pixels.
        patch: (height, width) in pixels.

    Raises:
        ConfigError: the hint names the nearest valid sizes below and above.
    """
    if all(side > 0 and side % step == 0 for side, step in zip(size, patch, strict=True)):
        return
    below = [max(side // step, 1) * step for side, step in zip(size, patch, strict=True)]
    above = [max(-(-side // step), 1) * step for side, step in zip(size, patch, strict=True)]
    near = " and ".join(dict.fromkeys((_words(below), _words(above))))
    raise ConfigError(
        f"The image size {_words(size)} cannot be cut into patches of {_words(patch)} pixels.",
        f"The nearest valid sizes: {near}." if " and " in near else f"The nearest valid size: {near}.",
    )


def _words(pair: tuple[int, int] | list[int]) -> str:
    height, width = pair
    return str(height) if height == width else f"{height}x{width}"


__all__ = ["as_pair", "check_image_size"]
