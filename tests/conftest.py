"""What every test stands on: one thread, no network, no plugins of the machine, annotated shapes checked."""

import os
from pathlib import Path

# Before torch is imported anywhere: on small tensors threads only get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault(
    "IVPT_PLUGINS", ",".join(sorted(p.parent.name for p in Path(__file__).parents[1].glob("plugins/*/pyproject.toml")))
)

from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

# Every annotated shape in the method is checked on every call that a test makes.
install_import_hook(["ivpt.concepts", "ivpt.losses"], "beartype.beartype")

# The same examples every time, and no verdict by the clock: a test that fails on a busy machine says nothing.
settings.register_profile(
    "ivpt", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ivpt")
