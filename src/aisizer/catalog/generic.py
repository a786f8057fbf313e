"""A bare size such as 70B becomes a generic dense model, scaled from the nearest published dense shape."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import log

from aisizer.catalog.parameters import gqa_parameters, mlp_parameters
from aisizer.catalog.records import Attention, Model
from aisizer.errors import InvalidInput

GENERIC_SOURCE = "generic-size"
"""id of the catalog source that stands for these scaled shapes"""

SIZE = re.compile(r"(\d+(?:\.\d+)?)([BM])")
"""A size as text: 70B, 1.5B, 600M."""

NOMINAL_TOLERANCE = 0.06
"""Names round sizes: 0.596 B is sold as 0.6B, 14.77 B as 14B; within this a published shape is taken as it is."""

SMALLEST_B, LARGEST_B = 0.3, 1000.0
"""[10^9 parameters] beyond these no published dense shape is near enough to scale"""


@dataclass(frozen=True, slots=True)
class Shape:
    """A published dense architecture with grouped-query attention and a gated MLP."""

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    ffn: int
    vocab: int
    tied: bool = False
    head_dim: int = 128

    @property
    def layer(self) -> float:
        """[parameter] of one layer, with its two norms."""
        attention = gqa_parameters(self.hidden, self.heads, self.kv_heads, self.head_dim)
        return attention + mlp_parameters(self.hidden, self.ffn) + 2 * self.hidden

    @property
    def embeddings(self) -> float:
        """[parameter] of the input and output embeddings."""
        return self.vocab * self.hidden * (1 if self.tied else 2)

    @property
    def total(self) -> float:
        """[parameter] of the whole model."""
        return self.layers * self.layer + self.embeddings


SHAPES = (
    Shape("Qwen3 0.6B", 28, 1024, 16, 8, 3072, 151936, tied=True),
    Shape("Llama 3.2 1B", 16, 2048, 32, 8, 8192, 128256, tied=True, head_dim=64),
    Shape("Llama 3.2 3B", 28, 3072, 24, 8, 8192, 128256, tied=True),
    Shape("Llama 3.1 8B", 32, 4096, 32, 8, 14336, 128256),
    Shape("Qwen3 14B", 40, 5120, 40, 8, 17408, 151936),
    Shape("Qwen3 32B", 64, 5120, 64, 8, 25600, 151936),
    Shape("Llama 3.1 70B", 80, 8192, 64, 8, 28672, 128256),
    Shape("Mistral Large 123B", 88, 12288, 96, 8, 28672, 32768),
    Shape("Llama 3.1 405B", 126, 16384, 128, 8, 53248, 128256),
)
"""Dense shapes of the catalog (hardware_catalog/models), smallest first; a test holds them to it."""

MAX_CONTEXT = 131072
"""[token] longest context of the Llama 3.1 family"""


def names_a_file(text: str) -> bool:
    """Whether a model is given as a path rather than by name.

    >>> names_a_file("./config.json"), names_a_file("meta-llama/Llama-3.1-8B")
    (True, False)
    """
    return text.endswith(".json") or "\\" in text or text.startswith((".", "/"))


def is_size(text: str) -> bool:
    """Whether the text is a bare size such as 70B."""
    return SIZE.fullmatch(text) is not None


def model_from_size(text: str) -> Model:
    """A generic dense model of that many parameters; its layers are scaled, its widths are those of the nearest shape.

    >>> model = model_from_size("70B")
    >>> model.name, model.layers, model.hidden
    ('generic dense 70B', 80, 8192)
    """
    billions = _billions(text)
    shape = min(SHAPES, key=lambda shape: abs(log(shape.total / 1e9 / billions)))
    layers = _layers(shape, billions)
    return Model(
        id=f"generic-{text.lower()}",
        name=f"generic dense {text}",
        sources={"*": GENERIC_SOURCE},
        notes=(
            f"Scaled from {shape.name} to {layers} layers. Name a model or give its config.json for a firm answer.",
        ),
        huggingface="",
        architecture="generic dense",
        layers=layers,
        hidden=shape.hidden,
        heads=shape.heads,
        attention=(Attention(layers=layers, kind="full", kv_heads=shape.kv_heads, head_dim=shape.head_dim),),
        ffn=shape.ffn,
        vocab=shape.vocab,
        max_context=MAX_CONTEXT,
        tied_embeddings=shape.tied,
    )


def _layers(shape: Shape, billions: float) -> int:
    if abs(shape.total / 1e9 / billions - 1) <= NOMINAL_TOLERANCE:
        return shape.layers
    return round((billions * 1e9 - shape.embeddings) / shape.layer)


def _billions(text: str) -> float:
    match = SIZE.fullmatch(text)
    if match is None:
        raise InvalidInput(f"A size such as 70B or 600M is expected (got {text[:40]}). Write a number and B or M.")
    billions = float(match[1]) * (1.0 if match[2] == "B" else 1e-3)
    if not SMALLEST_B <= billions <= LARGEST_B:
        raise InvalidInput(
            f"A model of {text} is outside {SMALLEST_B:g}B to {LARGEST_B:g}B, where a size alone says enough. "
            "Give the path of its config.json."
        )
    return billions
