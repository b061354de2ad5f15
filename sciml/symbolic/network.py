"""The sequence model: from the tokens of a problem to the tokens of its answer.

A pre-norm encoder-decoder transformer with root-mean-square norms, rotary positions, squared ReLU and one
embedding for both inputs and the output. The first token of a source names the task.

Sources: Vaswani et al. 2017 (architecture), as in Lample & Charton, ICLR 2020; Zhang & Sennrich 2019 (norm);
Su et al. 2021, equation 34 (rotary positions); So et al. 2021 (squared ReLU).
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional

from sciml.errors import SettingsError
from sciml.linear import Linear, linear
from sciml.symbolic.vocabulary import PAD, TOKENS

ROWS = 64
"""Rows of the embedding: the vocabulary, and room for tokens to come."""


class Attention(nn.Module):
    """Multi-head attention; queries and keys are turned by their positions where the caller gives angles.

    Args:
        c: channels.
        heads: attention heads.
        blocks: blocks of the stack, which sets the scale of the output's first values.
    """

    def __init__(self, c: int, heads: int, blocks: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = Linear(c, c, bias=False)
        self.key_value = Linear(c, 2 * c, bias=False)
        self.output = _residual(c, c, blocks)

    def queries(self, x: Tensor, turn: Tensor | None = None) -> Tensor:
        """(b, t, c) -> (b, h, t, d)."""
        return _turned(rearrange(self.query(x), "b t (h d) -> b h t d", h=self.heads), turn)

    def keys_values(self, x: Tensor, turn: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(b, t, c) -> keys and values, both (b, h, t, d)."""
        keys, values = rearrange(self.key_value(x), "b t (n h d) -> n b h t d", n=2, h=self.heads)
        return _turned(keys, turn), values

    def attend(
        self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, causal: bool = False
    ) -> Tensor:
        """Queries (b, h, i, d), keys and values (b, h, j, d), mask (b, 1, 1, j), True for keys that count ->
        (b, i, c)."""
        found = functional.scaled_dot_product_attention(
            queries, keys, values, attn_mask=mask, is_causal=causal
        )
        return self.output(rearrange(found, "b h i d -> b i (h d)"))


class FeedForward(nn.Module):
    """Two affine maps with a squared ReLU between them.

    Args:
        c: channels.
        c_hidden: channels between the maps.
        blocks: blocks of the stack.
    """

    def __init__(self, c: int, c_hidden: int, blocks: int) -> None:
        super().__init__()
        self.hidden = Linear(c, c_hidden, bias=False, init="relu")
        self.output = _residual(c_hidden, c, blocks)

    def forward(self, x: Tensor) -> Tensor:
        """(b, t, c) -> (b, t, c)."""
        return self.output(self.hidden(x, "relu").square())


class EncoderBlock(nn.Module):
    """Self-attention and feed-forward, each on the normed input and added to it."""

    def __init__(self, config: "ExpressionTransformer.Config") -> None:
        super().__init__()
        self.attention_norm, self.forward_norm = nn.RMSNorm(config.c), nn.RMSNorm(config.c)
        self.attention = Attention(config.c, config.heads, config.encoder_blocks)
        self.feed_forward = FeedForward(config.c, config.c_hidden, config.encoder_blocks)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, turn: Tensor, mask: Tensor | None) -> Tensor:
        """(b, s, c) -> (b, s, c); turn (s, d/2, 2)."""
        y = self.attention_norm(x)
        queries, (keys, values) = self.attention.queries(y, turn), self.attention.keys_values(y, turn)
        x = x + self.dropout(self.attention.attend(queries, keys, values, mask))
        return x + self.dropout(self.feed_forward(self.forward_norm(x)))


class DecoderBlock(nn.Module):
    """Causal self-attention, attention to the source, feed-forward."""

    def __init__(self, config: "ExpressionTransformer.Config") -> None:
        super().__init__()
        self.attention_norm, self.forward_norm = nn.RMSNorm(config.c), nn.RMSNorm(config.c)
        self.source_norm = nn.RMSNorm(config.c)
        self.attention = Attention(config.c, config.heads, config.decoder_blocks)
        self.source_attention = Attention(config.c, config.heads, config.decoder_blocks)
        self.feed_forward = FeedForward(config.c, config.c_hidden, config.decoder_blocks)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, turn: Tensor, memory: Tensor, mask: Tensor | None) -> Tensor:
        """Whole targets: x (b, t, c), memory (b, s, c) -> (b, t, c)."""
        y = self.attention_norm(x)
        queries, (keys, values) = self.attention.queries(y, turn), self.attention.keys_values(y, turn)
        x = x + self.dropout(self.attention.attend(queries, keys, values, None, causal=True))
        queries = self.source_attention.queries(self.source_norm(x))
        keys, values = self.source_attention.keys_values(memory)
        x = x + self.dropout(self.source_attention.attend(queries, keys, values, mask))
        return x + self.dropout(self.feed_forward(self.forward_norm(x)))

    def step(self, x: Tensor, state: "DecoderState", block: int) -> Tensor:
        """The newest token of every row: (row, 1, c) -> (row, 1, c); its key and value go into the state."""
        y = self.attention_norm(x)
        turn = state.turn[state.length : state.length + 1]
        keys, values = state.extend(block, *self.attention.keys_values(y, turn))
        x = x + self.attention.attend(self.attention.queries(y, turn), keys, values, None)
        queries = self.source_attention.queries(self.source_norm(x))
        # The rows of one problem are queries of one attention: its keys are not copied for each of them.
        queries = rearrange(queries, "(p r) h 1 d -> p h r d", p=len(state.source_keys[block]))
        source = state.source_keys[block], state.source_values[block]
        found = self.source_attention.attend(queries, *source, state.source_mask)
        x = x + rearrange(found, "p r c -> (p r) 1 c")
        return x + self.feed_forward(self.forward_norm(x))


@dataclass
class DecoderState:
    """What decoding keeps between two tokens; rows are grouped by problem, equally many for each."""

    turn: Tensor
    """(position, d/2, 2): rotations."""
    cached: Tensor
    """(block, 2, row, h, position, d): keys and values of the tokens so far; room for the longest answer."""
    source_keys: list[Tensor]
    """For each block (problem, h, s, d)."""
    source_values: list[Tensor]
    """For each block (problem, h, s, d)."""
    source_mask: Tensor | None
    """(problem, 1, 1, s), False for padding."""
    length: int = 0
    """Tokens so far."""

    def extend(self, block: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Put in keys and values (row, h, 1, d) of the newest token; all of that block, (row, h, t, d)."""
        self.cached[block, 0, :, :, self.length] = keys[:, :, 0]
        self.cached[block, 1, :, :, self.length] = values[:, :, 0]
        return self.cached[block, 0, :, :, : self.length + 1], self.cached[block, 1, :, :, : self.length + 1]

    def take_rows(self, rows: Tensor) -> None:
        """Go on with these rows, as many as before: row i continues what row `rows[i]` was."""
        self.cached[..., : self.length, :] = self.cached[:, :, rows, :, : self.length]

    def take_problems(self, problems: Tensor, rows: Tensor) -> None:
        """Go on with these problems only, whose rows are `rows`."""
        self.cached = self.cached[:, :, rows]
        self.source_keys = [keys[problems] for keys in self.source_keys]
        self.source_values = [values[problems] for values in self.source_values]
        self.source_mask = None if self.source_mask is None else self.source_mask[problems]


class ExpressionTransformer(nn.Module):
    """Source tokens and the target so far -> scores of the next target token.

    Args:
        config: its sizes.
    """

    @dataclass(frozen=True)
    class Config:
        """Sizes of one network."""

        name: str = "base"
        """Name of the preset."""
        c: int = 384
        """Channels of a token."""
        heads: int = 6
        """Attention heads; divides c into even numbers of channels."""
        c_hidden: int = 1536
        """Channels inside of the feed-forward layers."""
        encoder_blocks: int = 6
        """Blocks that read the source."""
        decoder_blocks: int = 3
        """Blocks that write the target."""
        dropout: float = 0.0
        """Share of channels left out of each update in training."""
        rotary_base: float = 10_000.0
        """Longest wavelength of the positions, in tokens, over 2 π."""

        def __post_init__(self) -> None:
            for name in ("c", "heads", "c_hidden", "encoder_blocks", "decoder_blocks"):
                if getattr(self, name) < 1:
                    raise SettingsError(f"{name} is at least 1: {getattr(self, name)}")
            if self.c % (2 * self.heads):
                raise SettingsError(f"heads must divide c evenly: {self.c} channels, {self.heads} heads")
            if not 0 <= self.dropout < 1 or self.rotary_base <= 1:
                raise SettingsError(
                    f"dropout is in [0, 1), rotary_base above 1: {self.dropout}, {self.rotary_base}"
                )

        def to_dict(self) -> dict[str, Any]:
            """JSON values."""
            return asdict(self)

        @staticmethod
        def from_dict(values: Mapping[str, Any]) -> "ExpressionTransformer.Config":
            """The inverse of `to_dict`.

            Raises:
                TypeError, SettingsError: not what `to_dict` makes.
            """
            return ExpressionTransformer.Config(**values)

    def __init__(self, config: "ExpressionTransformer.Config") -> None:
        super().__init__()
        self.config = config
        # In place: a product on the meta device, where files are loaded, would import torch's compiler.
        self.embedding = nn.Parameter(torch.randn(ROWS, config.c).mul_(config.c**-0.5))
        self.encoder = nn.ModuleList(EncoderBlock(config) for _ in range(config.encoder_blocks))
        self.decoder = nn.ModuleList(DecoderBlock(config) for _ in range(config.decoder_blocks))
        self.memory_norm, self.output_norm = nn.RMSNorm(config.c), nn.RMSNorm(config.c)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Scores of every next token of whole targets.

        Args:
            source: (b, s) ids, task token first, padded behind.
            target: (b, t) ids, `<start>` first, padded behind.

        Returns:
            (b, t, ROWS): at position i the logits of the token that follows `target[:, i]`; those of padding
            mean nothing.
        """
        memory, mask = self.encode(source)
        x, turn = self._embedded(target), self._turns(target.shape[1])
        for block in self.decoder:
            x = block(x, turn, memory, mask)
        return self._logits(x)

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor | None]:
        """(b, s) ids -> memory (b, s, c), and its mask (b, 1, 1, s), None where there is no padding."""
        is_token = source != PAD
        mask = None if source.device.type == "cpu" and bool(is_token.all()) else is_token[:, None, None]
        x, turn = self._embedded(source), self._turns(source.shape[1])
        for block in self.encoder:
            x = block(x, turn, mask)
        return self.memory_norm(x), mask

    def begin(self, source: Tensor, rows: int, length: int) -> DecoderState:
        """Start to decode.

        Args:
            source: (problem, s) ids.
            rows: hypotheses of each problem.
            length: tokens that will be given to `step` at most.
        """
        memory, mask = self.encode(source)
        pairs = [block.get_submodule("source_attention").keys_values(memory) for block in self.decoder]  # type: ignore[operator]  # an Attention
        c, heads = self.config.c, self.config.heads
        cached = memory.new_zeros(len(self.decoder), 2, len(source) * rows, heads, length, c // heads)
        keys, values = zip(*pairs, strict=True)
        return DecoderState(self._turns(length), cached, list(keys), list(values), mask)

    def step(self, tokens: Tensor, state: DecoderState) -> Tensor:
        """The newest token of every row, (row,) ids -> logits of the next one, (row, ROWS)."""
        x = self._embedded(tokens[:, None])
        for number, block in enumerate(self.decoder):
            x = block.step(x, state, number)  # type: ignore[operator]  # a DecoderBlock
        state.length += 1
        return self._logits(x)[:, 0]

    def _embedded(self, tokens: Tensor) -> Tensor:
        return functional.embedding(tokens, self.embedding) * math.sqrt(self.config.c)

    def _logits(self, x: Tensor) -> Tensor:
        return linear(self.output_norm(x), self.embedding)

    def _turns(self, length: int) -> Tensor:
        """Cosine and sine of every position and pair of channels, (t, d/2, 2)."""
        half = self.config.c // self.config.heads // 2
        device = self.embedding.device
        rates = self.config.rotary_base ** -(torch.arange(half, device=device) / half)
        angles = torch.outer(torch.arange(length, device=device), rates)
        return torch.stack((angles.cos(), angles.sin()), dim=-1).to(self.embedding.dtype)


def preset(name: str) -> ExpressionTransformer.Config:
    """The sizes of that name.

    Raises:
        SettingsError: there is no such preset; the message lists those there are.
    """
    if name not in PRESETS:
        raise SettingsError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]


def _residual(c_in: int, c_out: int, blocks: int) -> Linear:
    """The last map of a branch; its first values keep the sum of all branches of a stack near one."""
    layer = Linear(c_in, c_out, bias=False)
    with torch.no_grad():
        layer.weight.mul_((3 * blocks) ** -0.5)
    return layer


def _turned(x: Tensor, turn: Tensor | None) -> Tensor:
    """Channels i and i + d/2 of (b, h, t, d) as a plane, turned by the angle of their position."""
    if turn is None:
        return x
    first, second = x.chunk(2, dim=-1)
    cosine, sine = turn.to(x.dtype).unbind(-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)


PRESETS = {
    config.name: config
    for config in (
        ExpressionTransformer.Config("tiny", 128, 4, 512, 3, 2),
        ExpressionTransformer.Config("small", 192, 6, 768, 4, 2),
        ExpressionTransformer.Config("base", 384, 6, 1536, 6, 3),
    )
}
"""`tiny` and `small` for processors, `base` for an accelerator."""

assert len(TOKENS) <= ROWS
