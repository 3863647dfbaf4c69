"""The whole model: a frozen transformer whose last blocks receive prompts made from concept regions (Eq. 1-9)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ivpt.concepts.aggregation import pool
from ivpt.concepts.discovery import ConceptSet
from ivpt.concepts.fusion import Fusion
from ivpt.concepts.grouping import Groups, gumbel
from ivpt.concepts.head import ConceptHead, Modulation
from ivpt.concepts.output import BACKGROUND, ConceptOutput, LayerConcepts, Maps
from ivpt.concepts.ownership import check_ownership
from ivpt.concepts.precision import no_autocast, widen
from ivpt.config import ConceptsConfig
from ivpt.errors import ConfigError, WeightsError
from ivpt.interfaces.backbone import TokenModel

Noise = Mapping[int, Tensor]
"""Gumbel noise (b, m, n + 1) of each prompted block, by block index."""


class ConceptModel(nn.Module):
    """Interpretable visual prompt tuning over a frozen :class:`~ivpt.interfaces.backbone.TokenModel`.

    Args:
        backbone: the transformer; it is frozen here, but for its class, register and distillation tokens and position
            embedding where the configuration says so.
        config: the method's settings.
        num_classes: C.

    Attributes:
        blocks: 0-based indices of the prompted blocks; empty without cross-layer prototypes.
        sets: the prototypes, under ``L{index}`` for each prompted block and under ``coarse``.

    Raises:
        ConfigError: the configuration names blocks that the backbone does not have.
    """

    def __init__(self, backbone: TokenModel, config: ConceptsConfig, num_classes: int) -> None:
        super().__init__()
        self.config = config
        self.blocks = resolve_blocks(config, backbone.depth)
        self.backbone = backbone
        cast(nn.Module, backbone).requires_grad_(False)
        for token in backbone.tunable_tokens().values():
            token.requires_grad_(config.train_backbone_tokens)
        dim, grid, groups = backbone.dim, backbone.grid, config.coarse + 1
        self.counts = dict(zip(self.blocks, config.prototypes, strict=False))
        sizes = {set_name(index): count for index, count in self.counts.items()} | {"coarse": groups}
        self.sets = nn.ModuleDict(
            {name: ConceptSet(m, dim, grid, config.init_std, config.spatial_bias) for name, m in sizes.items()}
        )
        fused = self.blocks if config.fusion else ()
        self.fusion = nn.ModuleDict({set_name(index): Fusion(dim, config) for index in fused})
        self.modulation = Modulation(groups, dim, config.head_norm)
        self.head = ConceptHead(config.coarse, dim, num_classes, config.head)

    def forward(
        self,
        images: Float[Tensor, "b 3 H W"],
        noise: Noise | None = None,
        transformed: Float[Tensor, "b 3 H W"] | None = None,
    ) -> ConceptOutput:
        """Classify images and say which regions the decision came from.

        Args:
            images: normalised with the backbone's mean and deviation.
            noise: from :meth:`noise`; ``None`` draws none, so that two passes give the same result.
            transformed: the same images after a random transform; their maps come back in ``output.transformed``.
        """
        layers, tokens = self._walk(images, noise)
        features = self._features(tokens)
        coarse_set = self.concept_set("coarse")
        # Detached, the coarse *maps* teach their prototypes only; the pooled features below always keep their gradient,
        # or no gradient of the classification would reach prompts and tokens at all.
        attention = coarse_set(features.detach() if self.config.detach else features)
        vectors, mass = pool(attention, features, self.config.aggregation)
        with no_autocast(vectors):
            modulated = self.modulation(vectors, coarse_set.removed)
            # without a constant, the head of a removed concept scores its vector 0 with 0 for every class
            scores = self.head(modulated)
        return ConceptOutput(
            layers=layers,
            coarse=LayerConcepts(BACKGROUND, attention, vectors, mass),
            modulated=modulated,
            scores=scores,
            logits=scores.mean(1),
            transformed=None if transformed is None else self.maps(transformed, noise),
        )

    def maps(self, images: Float[Tensor, "b 3 H W"], noise: Noise | None = None) -> Maps:
        """Attention of every set only, without pooling and scores after the last block.

        With detached features the maps depend on the graph through prototypes and bias alone; the backbone then runs
        without one, which changes no gradient and saves its memory and backward pass.
        """
        learn = torch.is_grad_enabled()
        with torch.set_grad_enabled(learn and not self.config.detach):
            layers, tokens = self._walk(images, noise, learn=learn)
            features = self._features(tokens)
        maps: Maps = {index: layer.attention for index, layer in layers.items()}
        return maps | {"coarse": self.concept_set("coarse")(features)}

    def noise(self, batch: int, generator: torch.Generator) -> dict[int, Tensor]:
        """Gumbel noise (batch, m, n + 1) of every fused block, on the generator's device."""
        groups = self.config.coarse + 1
        fused = self.blocks if self.config.fusion else ()
        return {index: gumbel((batch, self.counts[index], groups), generator) for index in fused}

    def concept_set(self, key: int | str) -> ConceptSet:
        """Prototypes and bias of a prompted block, or of the set after the last block (``"coarse"``)."""
        return cast(ConceptSet, self.sets[set_name(key) if isinstance(key, int) else key])

    def remove(self, channels: Mapping[int | str, Iterable[int]]) -> None:
        """Take prototypes out of the model, in addition to those that are out already.

        The patches of a removed prototype go to the others. One of a prompted block is in no group and makes no prompt.
        One of the coarse set scores 0 for every class, and the logits stay the sum of ``s_k / n`` with the n of the
        configuration, so that what the other concepts add is theirs as before. Grouping and fusion keep their n groups:
        they belong to the blocks.

        Args:
            channels: by block index, or ``"coarse"``.

        Raises:
            ValueError: a channel is background or not there.
        """
        for key, gone in channels.items():
            self.concept_set(key).remove(gone)

    def parameter_groups(self) -> dict[str, list[nn.Parameter]]:
        """Trained parameters by the module that owns them, for the two learning rates of appendix A.

        Returns:
            ``tokens``: the backbone's tuned tokens, prototypes and spatial bias; ``layers``: grouping, fusion, norms
            and heads. Every parameter of the model is in exactly one group or frozen.
        """
        tokens = [*self.backbone.tunable_tokens().values(), *self.sets.parameters()]
        layers = [*self.fusion.parameters(), *self.modulation.parameters(), *self.head.parameters()]
        groups = {"tokens": tokens, "layers": layers}
        groups = {name: [p for p in members if p.requires_grad] for name, members in groups.items()}
        check_ownership(self, groups)
        return groups

    def trained_state(self) -> dict[str, Tensor]:
        """Everything but the frozen backbone: own parameters, and the backbone's tokens where they are tuned."""
        return {name: tensor.detach() for name, tensor in self._trained()}

    def load_trained_state(self, state: Mapping[str, Tensor]) -> None:
        """Put back what :meth:`trained_state` returned.

        Raises:
            WeightsError: names or shapes do not fit; nothing has been changed then.
        """
        own = dict(self._trained())
        wrong = sorted(set(own) ^ set(state))
        wrong += [name for name in own if name in state and own[name].shape != state[name].shape]
        if wrong:
            raise WeightsError(f"The trained parameters do not fit this model: {wrong[0]!r}.", "Was it configured so?")
        with torch.no_grad():
            for name, tensor in own.items():
                tensor.copy_(state[name])

    def _trained(self) -> Iterator[tuple[str, Tensor]]:
        frozen = {id(p) for p in cast(nn.Module, self.backbone).parameters() if not p.requires_grad}
        buffers = {id(b) for b in cast(nn.Module, self.backbone).buffers()}
        for name, tensor in self.state_dict(keep_vars=True).items():
            if id(tensor) not in frozen | buffers:
                yield name, tensor

    def _walk(
        self, images: Float[Tensor, "b 3 H W"], noise: Noise | None, learn: bool | None = None
    ) -> tuple[dict[int, LayerConcepts], Tensor]:
        """Run all blocks, with prompts where they belong.

        Returns:
            The concepts of each prompted block, and the tokens after the last block without prompts.
        """
        tokens = self.backbone.embed(images)
        layers: dict[int, LayerConcepts] = {}
        for index in range(self.backbone.depth):
            if index not in self.counts:
                tokens = self.backbone.block(index, tokens)
                continue
            layers[index], prompts = self._prompts(index, tokens, noise, learn)
            entered = torch.cat([tokens, prompts.to(tokens.dtype)], 1)
            tokens = self.backbone.block(index, entered)[:, : tokens.shape[1]]
        return layers, tokens

    def _prompts(
        self, index: int, tokens: Tensor, noise: Noise | None, learn: bool | None
    ) -> tuple[LayerConcepts, Float[Tensor, "b n d"]]:
        """Concepts of the tokens that are about to enter a block, and the prompts made from them."""
        detach = self.config.detach
        graph = torch.is_grad_enabled()
        with torch.set_grad_enabled(graph and not detach):
            features = self._features(tokens)
        # The transformed pass runs without a graph, yet its maps must still teach prototypes and bias.
        with torch.set_grad_enabled(graph if learn is None else learn):
            attention = self.concept_set(index)(features)
        vectors, mass = pool(attention.detach() if detach else attention, features, self.config.aggregation)
        kept = self.concept_set(index).kept
        if not self.config.fusion:
            return LayerConcepts(BACKGROUND, attention, vectors, mass), vectors[:, kept[BACKGROUND + 1 :]]
        fusion = cast(Fusion, self.fusion[set_name(index)])
        groups: Groups
        drawn = None if noise is None else noise[index]
        if len(kept) == self.counts[index]:
            prompts, groups = fusion(vectors, mass, drawn)
        else:
            prompts, few = fusion(vectors[:, kept], mass[:, kept], None if drawn is None else drawn[:, kept])
            groups = Groups(*(_at(kept, rows, self.counts[index]) for rows in (few.weights, few.relaxed)))
        combined = groups.relaxed.transpose(1, 2) @ attention.flatten(2)
        grouped = combined.reshape(*combined.shape[:2], *attention.shape[2:])
        return LayerConcepts(BACKGROUND, attention, vectors, mass, groups.weights, grouped), prompts

    def _features(self, tokens: Tensor) -> Float[Tensor, "b u d"]:
        """E of a layer: its patch embeddings through the backbone's final LayerNorm."""
        rows, columns = self.backbone.grid
        first = self.backbone.num_prefix
        return widen(self.backbone.normalise(tokens[:, first : first + rows * columns]))


def _at(channels: list[int], rows: Float[Tensor, "b k g"], count: int) -> Float[Tensor, "b m g"]:
    """Rows at their channels, and zeros at all others of ``count``."""
    placed = rows.new_zeros(len(rows), count, rows.shape[2])
    placed[:, channels] = rows
    return placed


def resolve_blocks(config: ConceptsConfig, depth: int) -> tuple[int, ...]:
    """The prompted blocks of a backbone with ``depth`` blocks.

    Raises:
        ConfigError: more prompted blocks than there are, or an index that does not exist.
    """
    if not config.cross_layer:
        return ()
    wanted = len(config.prototypes)
    if wanted > depth:
        raise ConfigError(
            f"concepts.prototypes names {wanted} prompted blocks, but the backbone has {depth} blocks.",
            f"Give at most {depth} prototype counts.",
        )
    blocks = tuple(range(depth - wanted, depth)) if config.blocks is None else config.blocks
    outside = [index for index in blocks if not 0 <= index < depth]
    if outside:
        raise ConfigError(
            f"concepts.blocks names block {outside[0]}, but the backbone has {depth} blocks.",
            f"Blocks are counted from 0 to {depth - 1}.",
        )
    return blocks


def set_name(index: int) -> str:
    """What the concepts of a block are called, for example ``L8``."""
    return f"L{index}"


__all__ = ["ConceptModel", "Noise", "resolve_blocks", "set_name"]
