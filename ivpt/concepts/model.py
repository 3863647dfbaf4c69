"""The IVPT model: concepts at several depths of a frozen vision transformer, fused into prompts. Paper, section 3."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ivpt.concepts.aggregation import aggregate
from ivpt.concepts.discovery import ConceptDiscovery, regions
from ivpt.concepts.fusion import PromptFusion, group_maps
from ivpt.concepts.head import ConceptHead
from ivpt.concepts.outputs import BACKGROUND, ConceptOutput, LayerConcepts
from ivpt.config import ConceptsConfig
from ivpt.errors import ConfigError
from ivpt.interfaces.backbone import TokenModel


class ConceptModel(nn.Module):
    """A token model with concept prototypes, prompts and concept heads.

    Args:
        backbone: frozen; only its tokens are unfrozen, and only if the configuration says so. It must be a
            ``torch.nn.Module``.
        config: the method's settings.
        num_classes: number of classes.

    Raises:
        ConfigError: the backbone has fewer blocks than the configuration prompts, or lacks a named one.
    """

    def __init__(self, backbone: TokenModel, config: ConceptsConfig, num_classes: int) -> None:
        super().__init__()
        assert isinstance(backbone, nn.Module)
        self.backbone: TokenModel = backbone
        self.config = config
        self.blocks = prompted_blocks(config, backbone.depth)
        backbone.requires_grad_(False)
        self._tokens = backbone.tunable_tokens() if config.train_backbone_tokens else {}
        for token in self._tokens.values():
            token.requires_grad_(True)

        def discovery(prototypes: int) -> ConceptDiscovery:
            return ConceptDiscovery(prototypes, backbone.dim, backbone.grid, config.init_std, config.spatial_bias)

        counts = config.prototypes if self.blocks else ()
        self.discovery = nn.ModuleDict({str(b): discovery(m) for b, m in zip(self.blocks, counts, strict=True)})
        self.coarse = discovery(config.coarse + 1)
        fused = self.blocks if config.fusion else ()
        self.fusion = nn.ModuleDict({str(b): PromptFusion(backbone.dim, config) for b in fused})
        self.head = ConceptHead(config.coarse, backbone.dim, num_classes, config.head, config.head_norm)

    def forward(
        self, images: Float[Tensor, "b 3 H W"], noise: dict[int, Tensor] | None = None
    ) -> ConceptOutput:
        """Run the network and say where, what and why.

        Args:
            images: normalised as the backbone wants them.
            noise: Gumbel noise of each block's grouping, from :meth:`noise`; None in evaluation, which is never random.
        """
        tokens = self.backbone.embed(images)
        length = tokens.shape[1]
        layers: dict[int, LayerConcepts] = {}
        for index in range(self.backbone.depth):
            if index in self.blocks:
                layers[index], prompts = self._prompt(index, tokens, noise)
                tokens = torch.cat([tokens, prompts.to(tokens.dtype)], 1)
            tokens = self.backbone.block(index, tokens)[:, :length]
        features = self._features(tokens)
        # Without a graph through the maps, the pooled features still carry the classification's gradient to the prompts.
        attention = self.coarse(features.detach() if self.config.detach else features)
        coarse = self._concepts(attention, features)
        modulated = self.head.modulate(coarse.vectors.float())
        scores = self.head(modulated, BACKGROUND)
        return ConceptOutput(layers, coarse, modulated, scores, scores.mean(1))

    def attention_maps(self, images: Float[Tensor, "b 3 H W"], output: ConceptOutput | None = None) -> dict[int | str, Tensor]:
        """Attention of every layer and of the coarse set (key ``"coarse"``), for the equivariance term.

        With ``config.detach`` the transformer runs without a graph, and only the maps remember prototypes and bias.

        Args:
            images: normalised.
            output: when given, its maps are returned and nothing is run.
        """
        if output is None:
            if not self.config.detach:
                output = self(images)
            else:
                return self._detached_maps(images)
        return {**{b: layer.attention for b, layer in output.layers.items()}, "coarse": output.coarse.attention}

    def _detached_maps(self, images: Tensor) -> dict[int | str, Tensor]:
        maps: dict[int | str, Tensor] = {}
        with torch.no_grad():
            tokens = self.backbone.embed(images)
            length = tokens.shape[1]
            for index in range(self.backbone.depth):
                if index in self.blocks:
                    layer, prompts = self._prompt(index, tokens, None)
                    features = self._features(tokens)
                    with torch.enable_grad():
                        maps[index] = self.discovery[str(index)](features)
                    tokens = torch.cat([tokens, prompts.to(tokens.dtype)], 1)
                tokens = self.backbone.block(index, tokens)[:, :length]
            features = self._features(tokens)
            with torch.enable_grad():
                maps["coarse"] = self.coarse(features)
        return maps

    def _features(self, tokens: Tensor) -> Tensor:
        """Patch tokens under the final LayerNorm: the E of every layer."""
        return self.backbone.normalise(tokens[:, self.backbone.num_prefix :])

    def _concepts(self, attention: Tensor, features: Tensor) -> LayerConcepts:
        maps = regions(attention) if self.config.aggregation == "region" else attention
        vectors, mass = aggregate(maps, features)
        return LayerConcepts(BACKGROUND, attention, vectors, mass)

    def _prompt(
        self, index: int, tokens: Tensor, noise: dict[int, Tensor] | None
    ) -> tuple[LayerConcepts, Tensor]:
        """Concepts of one block's input, and the prompts made of them."""
        features = self._features(tokens)
        attention = self.discovery[str(index)](features.detach() if self.config.detach else features)
        if self.config.detach:
            concepts = self._concepts(attention.detach(), features.detach())
        else:
            concepts = self._concepts(attention, features)
        if not self.config.fusion:
            foreground = [k for k in range(attention.shape[1]) if k != BACKGROUND]
            layer = LayerConcepts(BACKGROUND, attention, concepts.vectors, concepts.mass)
            return layer, concepts.vectors[:, foreground]
        fusion = self.fusion[str(index)]
        assert isinstance(fusion, PromptFusion)
        empty = (concepts.mass == 0).to(concepts.mass.dtype)
        groups = fusion.groups(concepts.vectors, empty, BACKGROUND, None if noise is None else noise[index])
        prompts = fusion(concepts.vectors, groups, empty, BACKGROUND)
        grouped = group_maps(attention, groups)
        return LayerConcepts(BACKGROUND, attention, concepts.vectors, concepts.mass, groups, grouped), prompts

    def noise(self, batch: int, generator: torch.Generator) -> dict[int, Tensor]:
        """Gumbel noise for one training step, on the generator's device: (batch, m, n + 1) for each prompted block."""
        shape = self.config.coarse + 1
        result = {}
        for block in self.blocks if self.config.fusion else ():
            uniform = torch.rand(batch, self._count(block), shape, generator=generator, device=generator.device)
            result[block] = -(-uniform.clamp(min=1e-20).log()).clamp(min=1e-20).log()
        return result

    def _count(self, block: int) -> int:
        found = self.discovery[str(block)]
        assert isinstance(found, ConceptDiscovery)
        return len(found.prototypes)

    def parameter_groups(self) -> dict[str, list[nn.Parameter]]:
        """Trained parameters by role: ``tokens`` (backbone tokens, bias, prototypes) and ``layers`` (the rest).

        Raises:
            RuntimeError: a parameter is in no group or in two, which would train it wrongly without a word.
        """
        finders = [*self.discovery.values(), self.coarse]
        tokens = [*self._tokens.values(), *(p for finder in finders for p in finder.parameters())]
        layers = [*self.fusion.parameters(), *self.head.parameters()]
        groups = {"tokens": [p for p in tokens if p.requires_grad], "layers": [p for p in layers if p.requires_grad]}
        grouped = [id(p) for group in groups.values() for p in group]
        trained = {id(p) for p in self.parameters() if p.requires_grad}
        if len(grouped) != len(set(grouped)) or set(grouped) != trained:
            raise RuntimeError("a trained parameter is in no optimiser group or in two")
        return groups

    def trained_state(self) -> dict[str, Tensor]:
        """Everything but the frozen backbone, its tuned tokens included; names as in ``state_dict``."""
        mine = {name: value for name, value in self.state_dict().items() if not name.startswith("backbone.")}
        return mine | {f"backbone_tokens.{name}": token.detach() for name, token in self._tokens.items()}

    def load_trained_state(self, state: dict[str, Tensor]) -> None:
        """Put back what :meth:`trained_state` gave.

        Raises:
            ValueError: names or shapes differ.
        """
        own = self.trained_state()
        if set(own) != set(state):
            raise ValueError(f"parameters differ: {sorted(set(own) ^ set(state))[:4]}")
        with torch.no_grad():
            for name, value in own.items():
                if value.shape != state[name].shape:
                    raise ValueError(f"{name} has shape {tuple(state[name].shape)}, not {tuple(value.shape)}")
                value.copy_(state[name])


def prompted_blocks(config: ConceptsConfig, depth: int) -> tuple[int, ...]:
    """0-based indices of the prompted blocks, ascending: the configured ones, or the last ones.

    Raises:
        ConfigError: the backbone has too few blocks.
    """
    if not config.cross_layer:
        return ()
    wanted = config.blocks if config.blocks is not None else range(depth - len(config.prototypes), depth)
    if any(not 0 <= block < depth for block in wanted):
        raise ConfigError(
            f"The backbone has blocks 0 to {depth - 1}, but blocks {', '.join(map(str, wanted))} are to be prompted.",
            "Set concepts.blocks and concepts.prototypes.",
        )
    return tuple(wanted)
