"""One config.json of each family, cut to the fields that say something of its size, by the catalog's id of the model.

Written after the dimensions in the catalog's sources and the field names of Hugging Face transformers 5.24.
"""

from __future__ import annotations

from typing import Any

Config = dict[str, Any]


def llama(architecture: str, layers: int, hidden: int, heads: int, kv_heads: int, ffn: int, vocab: int) -> Config:
    """The common fields, under Llama's names."""
    return {
        "architectures": [architecture],
        "num_hidden_layers": layers,
        "hidden_size": hidden,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "intermediate_size": ffn,
        "vocab_size": vocab,
        "max_position_embeddings": 131072,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "torch_dtype": "bfloat16",
    }


def nested(architecture: str, text: Config) -> Config:
    """A model for images around a decoder; the outer fields must not be taken for the decoder's."""
    inner = {key: value for key, value in text.items() if key != "architectures"}
    return {"architectures": [architecture], "text_config": inner, "vision_config": {"hidden_size": 1152, "depth": 27}}


MLA = {"kv_lora_rank": 512, "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128}
INDEX = {"index_topk": 2048, "index_n_heads": 64, "index_head_dim": 128}


def deepseek(architecture: str, experts: int, heads: int, vocab: int, dense: int) -> Config:
    """DeepSeek V3 and those built like it."""
    return {
        **llama(architecture, 61, 7168, heads, heads, 18432, vocab),
        **MLA,
        "n_routed_experts": experts,
        "num_experts_per_tok": 8,
        "moe_intermediate_size": 2048,
        "n_shared_experts": 1,
        "first_k_dense_replace": dense,
        "moe_layer_freq": 1,
        "max_position_embeddings": 163840,
        "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]},
    }


def every(interval: int, layers: int, other: str) -> list[str]:
    """layer_types in which each interval-th layer attends to everything."""
    return ["full_attention" if (i + 1) % interval == 0 else other for i in range(layers)]


QWEN_LINEAR = {
    "head_dim": 256,
    "linear_conv_kernel_dim": 4,
    "linear_key_head_dim": 128,
    "linear_num_key_heads": 16,
    "linear_value_head_dim": 128,
}
GRANITE_HYBRID = {
    "mamba_n_heads": 128,
    "mamba_d_head": 64,
    "mamba_d_state": 128,
    "mamba_n_groups": 1,
    "mamba_d_conv": 4,
    "num_local_experts": 72,
    "num_experts_per_tok": 10,
    "shared_intermediate_size": 1536,
    "layer_types": ["attention" if i in (5, 15, 25, 35) else "mamba" for i in range(40)],
    "tie_word_embeddings": True,
}
NEMOTRON_MAMBA = {"mamba_num_heads": 64, "mamba_head_dim": 64, "ssm_state_size": 128, "n_groups": 8, "conv_kernel": 4}
NEMOTRON_EXPERTS = {"n_routed_experts": 128, "num_experts_per_tok": 6, "moe_intermediate_size": 1856}
NANO_PATTERN = "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME"
ULTRA_BLOCKS = ["mamba", "moe"] * 48 + ["attention"] * 12
KDA = {"full_attn_layers": [*range(4, 93, 4), 93], "head_dim": 128, "num_heads": 96, "short_conv_kernel_size": 4}
M3_SPARSE = {
    "use_sparse_attention": True,
    "sparse_attention_freq": [0] * 3 + [1] * 57,
    "sparse_topk_blocks": 16,
    "sparse_block_size": 128,
    "sparse_num_index_heads": 4,
    "sparse_index_dim": 128,
}
BERT = {"max_position_embeddings": 512, "type_vocab_size": 2, "num_key_value_heads": None}
NOT_GATED_GPT = {"n_positions": 2048, "activation_function": "gelu_new"}

SAMPLES: dict[str, Config] = {
    "llama-3.1-8b": llama("LlamaForCausalLM", 32, 4096, 32, 8, 14336, 128256),
    "mistral-nemo-12b": llama("MistralForCausalLM", 40, 5120, 32, 8, 14336, 131072) | {"head_dim": 128},
    "mistral-small-3.2-24b": nested(
        "Mistral3ForConditionalGeneration",
        llama("", 40, 5120, 32, 8, 32768, 131072) | {"head_dim": 128},
    ),
    "mixtral-8x7b": llama("MixtralForCausalLM", 32, 4096, 32, 8, 14336, 32000)
    | {"num_local_experts": 8, "num_experts_per_tok": 2, "max_position_embeddings": 32768},
    "qwen2-7b": llama("Qwen2ForCausalLM", 28, 3584, 28, 4, 18944, 152064)
    | {"use_sliding_window": False, "sliding_window": 131072, "max_window_layers": 28},
    "qwen2-57b-a14b": llama("Qwen2MoeForCausalLM", 28, 3584, 28, 4, 18944, 151936)
    | {"num_experts": 64, "num_experts_per_tok": 8, "moe_intermediate_size": 2560, "decoder_sparse_step": 1}
    | {"shared_expert_intermediate_size": 20480},
    "qwen3-32b": llama("Qwen3ForCausalLM", 64, 5120, 64, 8, 25600, 151936) | {"head_dim": 128},
    "qwen3-235b-a22b": nested(
        "Qwen3VLMoeForConditionalGeneration",
        llama("", 94, 4096, 64, 4, 12288, 151936)
        | {"head_dim": 128, "num_experts": 128, "num_experts_per_tok": 8, "moe_intermediate_size": 1536}
        | {"decoder_sparse_step": 1, "mlp_only_layers": []},
    ),
    "qwen3-next-80b-a3b": llama("Qwen3NextForCausalLM", 48, 2048, 16, 2, 5120, 151936)
    | QWEN_LINEAR
    | {"linear_num_value_heads": 32, "full_attention_interval": 4, "num_experts": 512, "num_experts_per_tok": 10}
    | {"moe_intermediate_size": 512, "shared_expert_intermediate_size": 512},
    "qwen3.5-27b": nested(
        "Qwen3_5ForConditionalGeneration",
        llama("", 64, 5120, 24, 4, 17408, 248320)
        | QWEN_LINEAR
        | {"linear_num_value_heads": 48, "layer_types": every(4, 64, "linear_attention"), "attn_output_gate": True},
    ),
    "gemma-2-9b": llama("Gemma2ForCausalLM", 42, 3584, 16, 8, 14336, 256000)
    | {"head_dim": 256, "sliding_window": 4096},
    "gemma-3-27b": nested(
        "Gemma3ForConditionalGeneration",
        llama("", 62, 5376, 32, 16, 21504, 262144) | {"head_dim": 128, "sliding_window": 1024},
    ),
    "gemma-4-26b-a4b": nested(
        "Gemma4ForConditionalGeneration",
        llama("", 30, 2816, 16, 8, 2112, 262144)
        | {"head_dim": 256, "global_head_dim": 512, "num_global_key_value_heads": 2, "sliding_window": 1024}
        | {"layer_types": every(6, 30, "sliding_attention"), "num_experts": 128, "top_k_experts": 8}
        | {"moe_intermediate_size": 704, "use_bidirectional_attention": "vision", "tie_word_embeddings": True},
    ),
    "phi-4-14b": llama("Phi3ForCausalLM", 40, 5120, 40, 10, 17920, 100352),
    "phi-3.5-moe": llama("PhiMoEForCausalLM", 32, 4096, 32, 8, 6400, 32064)
    | {"num_local_experts": 16, "num_experts_per_tok": 2, "sliding_window": 131072},
    "deepseek-v2": llama("DeepseekV2ForCausalLM", 60, 5120, 128, 128, 12288, 102400)
    | MLA
    | {"n_routed_experts": 160, "num_experts_per_tok": 6, "moe_intermediate_size": 1536, "n_shared_experts": 2}
    | {"first_k_dense_replace": 1},
    "deepseek-r1": deepseek("DeepseekV3ForCausalLM", 256, 128, 129280, 3),
    "deepseek-v3.2": deepseek("DeepseekV32ForCausalLM", 256, 128, 129280, 3) | INDEX,
    "kimi-k2.5": nested("KimiK25ForConditionalGeneration", deepseek("", 384, 64, 163840, 1)),
    "kimi-k3": nested(
        "KimiK3ForConditionalGeneration",
        llama("", 93, 7168, 96, 96, 33792, 163840)
        | MLA
        | {"linear_attn_config": KDA, "num_experts": 896, "num_experts_per_token": 16, "moe_intermediate_size": 3072}
        | {"routed_expert_hidden_size": 3584, "num_shared_experts": 2, "first_k_dense_replace": 1},
    ),
    "gpt-oss-120b": llama("GptOssForCausalLM", 36, 2880, 64, 8, 2880, 201088)
    | {"head_dim": 64, "sliding_window": 128, "num_local_experts": 128, "num_experts_per_tok": 4}
    | {"layer_types": ["sliding_attention", "full_attention"] * 18, "quantization_config": {"quant_method": "mxfp4"}},
    "chatglm3-6b": {
        "architectures": ["ChatGLMModel"],
        "num_layers": 28,
        "hidden_size": 4096,
        "num_attention_heads": 32,
        "multi_query_group_num": 2,
        "kv_channels": 128,
        "ffn_hidden_size": 13696,
        "padded_vocab_size": 65024,
        "seq_length": 8192,
    },
    "glm-4.5": llama("Glm4MoeForCausalLM", 92, 5120, 96, 8, 12288, 151552)
    | {"head_dim": 128, "n_routed_experts": 160, "num_experts_per_tok": 8, "moe_intermediate_size": 1536}
    | {"n_shared_experts": 1, "first_k_dense_replace": 3},
    "glm-5.2": llama("GlmMoeDsaForCausalLM", 78, 6144, 64, 64, 12288, 154880)
    | {"kv_lora_rank": 512, "q_lora_rank": 2048, "qk_nope_head_dim": 192, "qk_rope_head_dim": 64, "v_head_dim": 256}
    | INDEX
    | {"index_n_heads": 32, "n_routed_experts": 256, "num_experts_per_tok": 8, "moe_intermediate_size": 2048}
    | {"n_shared_experts": 1, "first_k_dense_replace": 3, "layer_types": ["deepseek_sparse_attention"] * 78},
    "granite-3.1-8b": llama("GraniteForCausalLM", 40, 4096, 32, 8, 12800, 49155) | {"tie_word_embeddings": True},
    "granite-4.0-h-small": llama("GraniteMoeHybridForCausalLM", 40, 4096, 32, 8, 768, 100352) | GRANITE_HYBRID,
    "nemotron-4-340b": llama("NemotronForCausalLM", 96, 18432, 96, 8, 73728, 256000),
    "nemotron-h-56b": llama("NemotronHForCausalLM", 118, 8192, 64, 8, 32768, 131072)
    | NEMOTRON_MAMBA
    | {"mamba_num_heads": 256, "ssm_state_size": 256, "attention_head_dim": 128}
    | {"hybrid_override_pattern": "M-M-M-M*-" + "M-M-M-M-M*-" * 9 + "M-M-M-M-M-"},
    "nemotron-3-nano-30b-a3b": llama("NemotronHForCausalLM", 52, 2688, 32, 2, 1856, 131072)
    | NEMOTRON_MAMBA
    | NEMOTRON_EXPERTS
    | {"head_dim": 128, "moe_shared_expert_intermediate_size": 3712, "hybrid_override_pattern": NANO_PATTERN},
    "nemotron-3-ultra-550b-a55b": llama("NemotronHForCausalLM", 108, 8192, 64, 2, 5120, 131072)
    | NEMOTRON_MAMBA
    | {"mamba_num_heads": 256, "n_routed_experts": 512, "num_experts_per_tok": 22, "moe_intermediate_size": 5120}
    | {"moe_latent_size": 2048, "moe_shared_expert_intermediate_size": 10240, "layers_block_type": ULTRA_BLOCKS}
    | {"head_dim": 128, "num_hidden_layers": None},
    "llama-4-scout": nested(
        "Llama4ForConditionalGeneration",
        llama("", 48, 5120, 40, 8, 8192, 202048)
        | {"head_dim": 128, "intermediate_size_mlp": 16384, "interleave_moe_layer_step": 1}
        | {"num_local_experts": 16, "num_experts_per_tok": 1, "attention_chunk_size": 8192},
    ),
    "minimax-m2.5": llama("MiniMaxM2ForCausalLM", 62, 3072, 48, 8, 1536, 200064)
    | {"head_dim": 128, "num_local_experts": 256, "num_experts_per_tok": 8},
    "minimax-m3": llama("MiniMaxM3ForCausalLM", 60, 6144, 64, 4, 3072, 200064)
    | {"head_dim": 128, "dense_intermediate_size": 12288, "moe_intermediate_size": 3072, "num_local_experts": 128}
    | {"num_experts_per_tok": 4, "n_shared_experts": 1, "moe_layer_freq": [0] * 3 + [1] * 57}
    | {"sparse_attention_config": M3_SPARSE},
    "minimax-text-01": llama("MiniMaxText01ForCausalLM", 80, 6144, 64, 8, 9216, 200064)
    | {"head_dim": 128, "num_local_experts": 32, "num_experts_per_tok": 2, "attn_type_list": ([0] * 7 + [1]) * 10},
    "command-a": llama("Cohere2ForCausalLM", 64, 12288, 96, 8, 36864, 256000)
    | {"sliding_window": 4096, "sliding_window_pattern": 4},
    "decilm-7b": llama("DeciLMForCausalLM", 32, 4096, 32, 32, 14336, 32000)
    | {"num_key_value_heads_per_layer": [4] * 12 + [1] * 20},
    "falcon-40b": {
        "architectures": ["FalconForCausalLM"],
        "num_hidden_layers": 60,
        "hidden_size": 8192,
        "num_attention_heads": 128,
        "num_kv_heads": 8,
        "vocab_size": 65024,
        "new_decoder_architecture": True,
        "multi_query": True,
        "parallel_attn": True,
    },
    "gpt-j-6b": {
        "architectures": ["GPTJForCausalLM"],
        "n_layer": 28,
        "n_embd": 4096,
        "n_head": 16,
        "n_inner": None,
        "vocab_size": 50400,
        **NOT_GATED_GPT,
    },
    "bloom-176b": {
        "architectures": ["BloomForCausalLM"],
        "n_layer": 70,
        "n_embed": 14336,
        "n_head": 112,
        "vocab_size": 250880,
        "seq_length": 2048,
    },
    "opt-350m": {
        "architectures": ["OPTForCausalLM"],
        "num_hidden_layers": 24,
        "hidden_size": 1024,
        "num_attention_heads": 16,
        "ffn_dim": 4096,
        "vocab_size": 50272,
        "max_position_embeddings": 2048,
        "word_embed_proj_dim": 512,
    },
    "bge-large-en-v1.5": llama("BertModel", 24, 1024, 16, 16, 4096, 30522) | BERT,
    "bge-m3": llama("XLMRobertaModel", 24, 1024, 16, 16, 4096, 250002) | BERT | {"max_position_embeddings": 8194},
    "bge-reranker-large": llama("XLMRobertaForSequenceClassification", 24, 1024, 16, 16, 4096, 250002)
    | BERT
    | {"max_position_embeddings": 514},
    "modernbert-large": llama("ModernBertForMaskedLM", 28, 1024, 16, 16, 2624, 50368)
    | {"max_position_embeddings": 8192, "global_attn_every_n_layers": 3, "local_attention": 128},
    "gte-large-en-v1.5": llama("NewModel", 24, 1024, 16, 16, 4096, 30528) | {"max_position_embeddings": 8192},
    "nomic-embed-text-v1.5": {
        "architectures": ["NomicBertModel"],
        "n_layer": 12,
        "n_embd": 768,
        "n_head": 12,
        "n_inner": 3072,
        "vocab_size": 30528,
        "n_positions": 8192,
    },
    "llama-prompt-guard-2-86m": llama("DebertaV2ForSequenceClassification", 12, 768, 12, 12, 3072, 251000) | BERT,
    "qwen3-embedding-8b": llama("Qwen3Model", 36, 4096, 32, 8, 12288, 151936) | {"head_dim": 128},
}
