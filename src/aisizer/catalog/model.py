"""A model's architecture: what its config.json says of its size."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aisizer.catalog.sourced import Precision, Sourced
from aisizer.schema import Record


class Attention(Record):
    """One group of layers with the same attention."""

    layers: int = Field(ge=1)
    kind: Literal["full", "sliding", "chunked", "mla", "linear"]
    kv_heads: int = Field(default=0, ge=0)
    head_dim: int = Field(default=0, ge=0)
    window: int | None = None
    """[token] of sliding or chunked attention; an encoder's counts both sides"""
    sparse: bool = False
    """whether an indexer chooses the tokens it reads; latent attention of a model with index_topk always does so"""
    key_heads: int = Field(default=0, ge=0)
    """heads of linear attention, which keeps a state of fixed size and no KV per token"""
    value_heads: int = Field(default=0, ge=0)
    state_head_dim: int = Field(default=0, ge=0)
    """width of one value head of linear attention, and of its keys unless key_head_dim says otherwise"""
    key_head_dim: int = Field(default=0, ge=0)
    """width of one key of linear attention where it differs: the state size of Mamba-2; 0: state_head_dim"""

    @property
    def key_width(self) -> int:
        """Width of one key head of linear attention."""
        return self.key_head_dim or self.state_head_dim


class Model(Sourced):
    """A model's architecture, as its config.json gives it."""

    huggingface: str
    architecture: str
    developer: str = ""
    developer_country: str = ""
    layers: int = Field(ge=1)
    hidden: int = Field(ge=1)
    heads: int = Field(ge=1)
    attention: tuple[Attention, ...] = Field(min_length=1)
    kv_lora_rank: int | None = None
    q_lora_rank: int | None = None
    qk_nope_head_dim: int | None = None
    qk_rope_head_dim: int | None = None
    v_head_dim: int | None = None
    index_topk: int | None = Field(default=None, ge=1)
    """[token] that sparse-index attention reads of a longer context; null: every layer reads all of its reach"""
    index_heads: int | None = Field(default=None, ge=1)
    index_head_dim: int | None = Field(default=None, ge=1)
    """heads and their width in the indexer that scores every token of context"""
    bidirectional: bool = False
    """every token attends to all others, as in an encoder, rather than to those before it"""
    parallel_attention: bool = False
    """attention and MLP of a layer read the same input and share one sum over the GPUs (GPT-J, Falcon)"""
    learned_positions: int = Field(default=0, ge=0)
    """rows of a table of positions (or of relative distances) that is part of the weights"""
    embedding_width: int | None = Field(default=None, ge=1)
    """width of the vocabulary's embedding where two projections join it to the hidden state; null: hidden"""
    attention_output_gate: bool = False
    """the query projection also makes a gate of the same width"""
    ffn: int | None = None
    """width of the dense MLP; null where every layer is MoE without one"""
    gated_mlp: bool = True
    """three matrices (SwiGLU) rather than two"""
    experts: int = Field(default=0, ge=0)
    experts_per_token: int = Field(default=0, ge=0)
    expert_ffn: int | None = None
    expert_hidden: int | None = Field(default=None, ge=1)
    """width in which routed experts work where two projections join it to the hidden state; null: hidden"""
    shared_experts: int = Field(default=0, ge=0)
    shared_expert_ffn: int | None = None
    """width of all shared experts together; null: expert_ffn x shared_experts"""
    dense_layers: int = Field(default=0, ge=0)
    """layers with the dense MLP in a MoE model"""
    mlp_layers: int | None = Field(default=None, ge=1)
    """layers that have an MLP or experts, where others have attention alone; null: all of them"""
    vocab: int = Field(ge=1)
    max_context: int = Field(ge=1)
    tied_embeddings: bool = False
    published_precision: Precision = "bf16"
    """precision of the published weights"""
    published_params_b: float | None = None
    """[10^9] total parameters as published or derived in the source; a test holds our own count against it"""
    published_active_params_b: float | None = None
    prefill_only: bool = False
    """an embedder, reranker or classifier that generates no tokens"""

    @property
    def with_mlp(self) -> int:
        """Layers that have an MLP, dense or of experts."""
        return self.layers if self.mlp_layers is None else self.mlp_layers

    @property
    def with_experts(self) -> int:
        """Layers with routed experts."""
        return self.with_mlp - self.dense_layers if self.experts else 0

    @property
    def indexed_layers(self) -> int:
        """Layers in which an indexer chooses the tokens that attention reads."""
        return sum(group.layers for group in self.attention if self.is_indexed(group))

    def is_indexed(self, group: Attention) -> bool:
        """Whether an indexer chooses the tokens that this group of layers reads."""
        return self.index_topk is not None and (group.sparse or group.kind == "mla")

    @property
    def sublayers(self) -> int:
        """Parts that normalise the hidden state and add to it: each attention and each MLP."""
        return sum(group.layers for group in self.attention) + self.with_mlp
