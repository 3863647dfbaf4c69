"""timm:<name>, the paper's five, and weights that cannot be had."""

import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import safetensors.torch
import timm
import torch

from ivpt.backbones import hub
from ivpt.backbones.checkpoint import fingerprint
from ivpt.backbones.paper import DeiTS, DinoV2S
from ivpt.backbones.resolve import create_backbone
from ivpt.backbones.timm_vit import TimmModel, TimmVit
from ivpt.config import BackboneConfig
from ivpt.errors import ConfigError, PluginError, WeightsError


def test_small_model_equals_timm_through_a_file(tmp_path: Path) -> None:
    torch.manual_seed(2)
    vit = timm.create_model("test_vit", num_classes=7).eval()
    torch.save(vit.state_dict(), tmp_path / "w.pth")
    backbone = create_backbone(BackboneConfig(name="timm:test_vit"))
    model = backbone.build(str(tmp_path / "w.pth"), backbone.default_image_size)
    images = torch.randn(1, 3, *model.image_size)
    tokens = model.embed(images)
    for index in range(model.depth):
        tokens = model.block(index, tokens)
    assert torch.equal(model.normalise(tokens), vit.forward_features(images))
    assert model.weights.source == "file"
    assert model.weights.name == "w.pth"


def test_geometry_comes_from_timm() -> None:
    dino, deit = DinoV2S(), DeiTS()
    assert (dino.default_image_size, deit.default_image_size) == (518, 224)
    model = dino.build("none", 28)
    assert (model.num_prefix, model.grid, model.mean) == (5, (2, 2), (0.485, 0.456, 0.406))
    assert set(model.tunable_tokens()) == {"cls_token", "reg_token", "pos_embed"}
    assert deit.build("none", 32).num_prefix == 2


def test_random_weights_depend_on_nothing_but_the_model() -> None:
    first = TimmVit("test_vit").build("none", 32)
    torch.rand(10)
    assert first.weights == TimmVit("test_vit").build("none", 32).weights


def test_size_is_checked_before_weights_are_sought() -> None:
    with pytest.raises(ConfigError) as caught:
        DinoV2S().build(None, 230)
    assert "224 and 238" in caught.value.hint


@pytest.mark.parametrize("name", ["swin_tiny_patch4_window7_224", "vit_base_r50_s16_224", "resnet50"])
def test_other_architectures_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="not a plain vision transformer"):
        create_backbone(BackboneConfig(name=f"timm:{name}"))


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("timm:vit_smal_patch16_224", ConfigError, "vit_small_patch16_224"),
        ("timm:vit_small_patch14_reg4_dinov2.lvd142", ConfigError, "lvd142m"),
        ("timm:", ConfigError, "needs the name"),
        ("dinov2_s:x", ConfigError, "Only timm"),
        ("dinov2_x", PluginError, "dinov2_s"),
    ],
)
def test_unknown_names_offer_the_nearest(name: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        create_backbone(BackboneConfig(name=name))


def test_model_without_hub_weights_names_the_download(monkeypatch: pytest.MonkeyPatch) -> None:
    model = TimmModel("test_vit")
    model.config = {**model.config, "hf_hub_id": None, "url": "https://example.org/w.pth"}
    with pytest.raises(WeightsError, match=r"example\.org/w\.pth"):
        model.build(None, 32)


def test_cached_file_is_used_without_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_, **__: str(tmp_path / "model.safetensors"))
    monkeypatch.setattr(hub, "_ask", lambda url: pytest.fail("asked the network"))
    assert hub.fetch("m", "timm/m") == tmp_path / "model.safetensors"


@pytest.mark.parametrize(("answer", "words"), [(503, "answered 503"), (404, "no such file"), ("no route", "no route")])
def test_hub_answers(monkeypatch: pytest.MonkeyPatch, answer: int | str, words: str) -> None:
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_, **__: None)
    monkeypatch.setattr(hub, "_told_offline", lambda: False)
    monkeypatch.setattr(hub, "_ask", lambda url: answer)
    with pytest.raises(WeightsError, match=words):
        hub.fetch("m", "timm/m")


@pytest.mark.parametrize("variables", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}])
def test_offline_is_one_quick_quiet_error(variables: dict[str, str], tmp_path: Path) -> None:
    code = (
        "from ivpt.errors import WeightsError\n"
        "from ivpt.backbones.paper import DinoV2L\n"
        "try: DinoV2L().build(None, 518)\n"
        "except WeightsError as error: print(error)\n"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    environment |= {"HF_HOME": str(tmp_path), "no_proxy": "127.0.0.1", **variables}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert run.stderr == ""
    assert len(run.stdout.strip().splitlines()) == 1
    for words in (
        "vit_large_patch14_reg4_dinov2.lvd142m",
        "model.safetensors",
        "online",
        "--weights FILE",
        "--weights none",
    ):
        assert words in run.stdout


def test_silent_hub_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub.PATIENCE < 10
    monkeypatch.setattr(hub, "PATIENCE", 0.2)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = hub._ask(f"http://127.0.0.1:{server.getsockname()[1]}/file")
    assert isinstance(answer, str)


class _Hub(BaseHTTPRequestHandler):
    """As much of a model hub as one file needs."""

    file = b""
    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        known = self.path.endswith("/timm/test_vit.r160_in1k/resolve/main/model.safetensors")
        self.send_response(200 if known else 404)
        self.send_header("ETag", '"0123456789"')
        self.send_header("X-Repo-Commit", "a" * 40)
        self.send_header("Content-Length", str(len(self.file) if known else 0))
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(self.file)

    def log_message(self, *_: object) -> None:
        pass


def test_weights_come_from_the_hub_once_and_then_from_the_cache(tmp_path: Path) -> None:
    vit = timm.create_model("test_vit")
    _Hub.file = safetensors.torch.save(vit.state_dict())
    code = (
        "from ivpt.backbones.timm_vit import TimmVit\n"
        "model = TimmVit('test_vit').build(None, 160)\n"
        "print(model.weights.source, model.weights.name, model.weights.sha256)\n"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    said = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment |= {"HF_HOME": str(tmp_path), "no_proxy": "127.0.0.1", "HF_HUB_DISABLE_XET": "1"}
        environment["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_address[1]}"
        for expected in (True, False):
            _Hub.asked.clear()
            run = subprocess.run(
                [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
            )
            assert run.returncode == 0, run.stderr
            said.append(run.stdout)
            assert any(line.startswith("GET") for line in _Hub.asked) is expected
        server.shutdown()
    body = {name: value for name, value in vit.state_dict().items() if not name.startswith("head.")}
    assert said == [f"hub timm/test_vit.r160_in1k {fingerprint(body)}\n"] * 2
