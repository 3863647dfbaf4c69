"""Published weights: from the hub's cache, or from the hub, or one clear sentence, never a storm of retries."""

import logging
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ivpt.errors import WeightsError

PATIENCE = 8.0
"""Seconds to wait for the hub's first answer; name resolution included."""

FILES = ("model.safetensors", "pytorch_model.bin")
"""What timm keeps its weights in, in order of preference."""


def fetch(model: str, repository: str, files: Sequence[str] = FILES) -> Path:
    """The local copy of a model's weights, downloaded once.

    A cached file is used without asking the network. Otherwise the hub is asked a single time whether it has the file
    before anything is downloaded, because the download itself retries for minutes when there is no network.

    Args:
        model: name of the model, for the error.
        repository: hub repository (``owner/name`` or ``owner/name@revision``).
        files: file names to try in order.

    Raises:
        WeightsError: no cached file and no answer; names the model, the file and the three ways out.
    """
    from huggingface_hub import hf_hub_url

    name, _, revision = repository.partition("@")
    cached = in_cache(repository, files)
    if cached is not None:
        return cached
    if _told_offline():
        raise _unavailable(model, f"{name}/{files[0]}", "the hub is switched off (HF_HUB_OFFLINE)")
    for file in files:
        status = _ask(hf_hub_url(name, file, revision=revision or None))
        if status == 404:
            continue
        if isinstance(status, int) and status < 400:
            return _download(model, name, file, revision or None)
        reason = f"the hub answered {status}" if isinstance(status, int) else status
        raise _unavailable(model, f"{name}/{file}", reason)
    raise _unavailable(model, f"{name}/{files[0]}", "the hub has no such file")


def in_cache(repository: str, files: Sequence[str] = FILES) -> Path | None:
    """The first of the files that is in the hub's cache on this machine; the network is not asked."""
    from huggingface_hub import try_to_load_from_cache

    name, _, revision = repository.partition("@")
    found = (try_to_load_from_cache(name, file, revision=revision or None) for file in files)
    return next((Path(path) for path in found if isinstance(path, str)), None)


def _told_offline() -> bool:
    from huggingface_hub import constants

    # The library reads the variable when it is first imported; what is set now counts as well.
    return constants.HF_HUB_OFFLINE or os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def _download(model: str, name: str, file: str, revision: str | None) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        with _quiet():
            return Path(hf_hub_download(name, file, revision=revision))
    except Exception as error:  # the client's transport errors have no common ancestor below this
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise _unavailable(model, f"{name}/{file}", f"the download failed: {reason}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("huggingface_hub")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer; following it would hand the hub's token to another host."""

    def redirect_request(self, *_: object) -> None:
        return None


def _ask(url: str) -> int | str:
    """HTTP status of a HEAD request, or why there was none; returns within about :data:`PATIENCE` seconds."""
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    request = urllib.request.Request(url, method="HEAD", headers=build_hf_headers())
    answers: list[int | str] = []

    def ask() -> None:
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=PATIENCE) as answer:
                answers.append(int(answer.status))
        except urllib.error.HTTPError as error:
            answers.append(int(error.code))
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            answers.append(f"the hub cannot be reached: {getattr(reason, 'strerror', None) or reason}")

    # In a thread of its own because name resolution knows no timeout.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE + 1)
    return answers[0] if answers else f"the hub did not answer within {PATIENCE:.0f} seconds"


def _unavailable(model: str, file: str, reason: str) -> WeightsError:
    return WeightsError(
        f"The weights of {model} ({file}) are not on this machine, and {reason}.",
        "Run once while online, or name a local copy with --weights FILE, or use random weights with --weights none.",
    )


__all__ = ["FILES", "PATIENCE", "fetch", "in_cache"]
