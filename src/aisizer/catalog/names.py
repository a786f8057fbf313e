"""Finds a record by id, alias or another spelling of its name, and suggests the nearest one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TypeVar

from aisizer.catalog.lazy import LazyRecords, mapped
from aisizer.catalog.records import Gpu, Model, Precision, Sourced
from aisizer.errors import AisizerError

S = TypeVar("S", bound=Sourced)

_TUNING = "instruct|chat|it|hf|base|pt|preview|thinking|reasoning|function-calling|python"
_QUANTISED = (
    r"(?:quantized[.-])?(?:(?:[wa]-?)?(?:nv|mx)?fp[48]|kv-?fp8|[wa]?u?int[48]|[248]-?bit|b?fp?16|float16|awq|gptq|w\d+a\d+|awgptq"
    r"|g\d+|marlin|bnb|autofp8|autoround|autoquant|dynamic|static|kv|block|per-?tensor|per-?channel|ptpc|scale|quark"
    r"|quantized|gguf|modelopt|mlperf|tp\d+|ar-mxfp4|mixed|mse|mtp)"
)
_ENDING = re.compile(rf"-(?:{_TUNING}|{_QUANTISED}|\d{{4}}|\d{{2}}-20\d{{2}})$")
"""What follows a model's name without changing its architecture: tuning, quantisation, month of release."""
_STATED: Mapping[str, Precision] = {
    "(?:nv|mx)?fp4": "fp4",
    "int4|4-?bit|w4a16|awq": "int4",
    "int8|8-?bit|w8a8|w8a16": "int8",
    "(?<!kv)(?<!kv-)fp8": "fp8",
    "gptq|marlin": "int4",
}
"""What each ending says of the weights; four bits count before eight, which may be those of activations or cache."""
_REVISION = re.compile(r"(-\d+(?:\.\d+)?[bm](?:-.*)?|-\d+x\d+b(?:-.*)?)-v\d+(?:[.-]\d+)?$")
"""A revision counts as an ending only behind a size: it is part of the name in deepseek-v3."""
_VENDORS = ("nvidia-", "amd-", "intel-", "instinct-", "tesla-", "geforce-", "meta-")
_TRUE_OF_ANY = {
    *("nvidia", "amd", "intel", "instinct", "tesla", "geforce", "radeon", "habana", "gpu", "gpus", "hgx", "dgx", "oam"),
    *("generation", "edition", "server", "ac", "gddr6", "gddr6x", "gddr7", "hbm", "gb", "gib", "per"),
}
"""Words of a GPU's name that tell no two classes apart."""
_MEMORY_TOLERANCE = 0.1
"""[1] between the size in a name and the record's: B200 is sold with 180 to 192 GB, sizes are GB or GiB"""


class UnknownName(AisizerError):
    """The catalog has no record of that name."""

    def __init__(self, kind: str, name: str, suggestion: str | None) -> None:
        self.kind, self.name, self.suggestion = kind, name, suggestion
        hint = f' (did you mean "{suggestion}"?)' if suggestion else ""
        other = " or give the path of a config.json" if kind == "model" else ""
        super().__init__(
            f'the catalog has no {kind} "{name}"{hint}. Name one of `aisizer catalog list {kind}s`{other}.'
        )


class NotASite(AisizerError):
    """The name is that of a managed API, which no fleet can stand at."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f'"{name}" is a managed API, which is compared in the break-even only and is no place for the fleet. '
            "Name one of `aisizer catalog list sites`."
        )


def spelled(name: str) -> str:
    """One spelling of a name: lower case, hyphens, no organisation or vendor.

    >>> spelled("H100_SXM"), spelled("NVIDIA H100 80GB HBM3"), spelled("AMD Instinct MI300X")
    ('h100-sxm', 'h100-80gb-hbm3', 'mi300x')
    """
    plain = mapped(name.strip().rsplit("/", 1)[-1])
    for vendor in _VENDORS:
        plain = plain.removeprefix(vendor)
    return plain


def untuned(name: str) -> str:
    """A model's spelling without the endings that do not change its architecture.

    >>> untuned("meta-llama/Llama-3.1-70B-Instruct"), untuned("google/gemma_3_4b_it")
    ('llama-3.1-70b', 'gemma-3-4b')
    >>> untuned("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16"), untuned("nvidia/DeepSeek-V3.2-NVFP4")
    ('llama-3.1-8b', 'deepseek-v3.2')
    """
    return list(_shorter(spelled(name)))[-1]


def stated_precision(name: str) -> Precision | None:
    """The precision of weights that the endings of a checkpoint's name state, if any.

    >>> stated_precision("nvidia/DeepSeek-V3.1-NVFP4"), stated_precision("Qwen2-7B-Instruct-GPTQ-Int4"), stated_precision("x-8b")
    ('fp4', 'int4', None)
    """
    plain = spelled(name)
    endings = plain.removeprefix(list(_shorter(plain))[-1])
    return next((precision for part, precision in _STATED.items() if re.search(part, endings)), None)


def gpu_words(name: str) -> frozenset[str]:
    """The words of a GPU's name that tell it from others, in no order: sizes without unit, no vendor or socket version.

    >>> sorted(gpu_words("NVIDIA H100 80GB HBM3")), sorted(gpu_words("A100-SXM4-40GB"))
    (['80', 'h100'], ['40', 'a100', 'sxm'])
    """
    words = re.split(r"[^a-z0-9.]+", name.lower())
    return frozenset(_gpu_word(word) for word in words if word) - _TRUE_OF_ANY


def find(kind: str, name: str, records: Mapping[str, S]) -> S:
    """The record of that id or spelling; models are parsed only where no id fits and their file holds the name."""
    spellings = list(_shorter(spelled(name)))
    for candidate in (name, *(spellings if kind == "model" else spellings[:1])):
        if candidate in records:
            return records[candidate]
        for record in _holding(candidate, records):
            if candidate in _spellings(record):
                return record
    for record in _holding(spellings[-1], records):
        if _same(record, name, spellings[-1]):
            return record
    raise UnknownName(kind, name, nearest(spelled(name), [*records, *_aliases(records.values())]))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like this one; None where none comes close."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.6)), None)


def _shorter(plain: str) -> Iterator[str]:
    """The spelling, then without its last ending, without its last two, and so on."""
    yield plain
    while (cut := _REVISION.sub(r"\1", _ENDING.sub("", plain))) != plain:
        yield (plain := cut)


def _holding(name: str, records: Mapping[str, S]) -> Iterable[S]:
    """The records in which the name may stand."""
    return records.holding(name) if isinstance(records, LazyRecords) else records.values()


def _spellings(record: Sourced) -> set[str]:
    huggingface = [record.huggingface] if isinstance(record, Model) and record.huggingface else []
    return {spelled(name) for name in (record.id, record.name, *record.aliases, *huggingface)}


def _same(record: Sourced, name: str, short: str) -> bool:
    """Whether a name means the record although it is none of its names."""
    if isinstance(record, Model):
        return short in {untuned(spelling) for spelling in _spellings(record)}
    return isinstance(record, Gpu) and _means_gpu(record, gpu_words(name))


def _means_gpu(gpu: Gpu, words: frozenset[str]) -> bool:
    """Whether the words are those of one of its names, and others only where they are true of it."""
    return any(
        known <= words and all(_true_of(gpu, word) for word in words - known)
        for known in map(gpu_words, (gpu.id, gpu.name, *gpu.aliases))
    )


def _true_of(gpu: Gpu, word: str) -> bool:
    if word[0].isdigit() and word.replace(".", "", 1).isdigit():
        return abs(float(word) / gpu.memory_gb - 1) <= _MEMORY_TOLERANCE
    return word in (gpu.form_factor, gpu.architecture, gpu.vendor)


def _gpu_word(word: str) -> str:
    """One word without unit, count or generation: 80gib is 80, 8xh100 is h100, sxm4 is sxm, hbm3e is hbm, nvl72 is rack."""
    word = re.sub(r"^\d+x(?=[a-z])", "", word)
    if size := re.fullmatch(r"(\d+)(?:g|gb|gib)?", word):
        return size[1]
    if rack := re.fullmatch(r"(sxm|hbm)\d+e?", word):
        return rack[1]
    return "rack" if re.fullmatch(r"nvl\d+", word) else word


def _aliases(records: Iterable[Sourced]) -> list[str]:
    return [alias for record in records for alias in record.aliases]
