"""What the source of the open-loop stages on H100 says of them and the file leaves out, applied to the rows."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

FAMILY = "simtoreal-vllm"
ENGINE = "0.15.1"
"""docs/plans/2026-03-04-sim-to-real-accuracy-validation-design.md of inference-sim/sim-to-real-accuracy-validation."""
BLOCK = 16
"""[token] of vLLM's prefix cache; the last prompt token is always computed."""
STAGES = {("20260217-155451", 8.0): 5.0, ("20260217-155451", 20.0): 10.0}
"""[req/s] of two stages that carry the rates of another run of theirs: load and latencies are those of
default_args/20260217-155451-llama-2-7b-tp1-codegen in inference-sim/training, stages 0 and 1."""
CODEGEN = {"isl_mean": 566.0, "osl_mean": 247.0}
"""[token] of that run, from its profile.yaml."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Which of its source's settings a prediction knows.

    cached    45, 44, 50 and 23 distinct prompts were sent over and over (profile.yaml in inference-sim/training), prefix
              caching on: all whole blocks of a prompt are in the cache
    engine    steps are scheduled ahead by default since vLLM 0.14
    stages    the rates of STAGES
    """

    cached: bool = True
    engine: bool = True
    stages: bool = True


EVERYTHING = Facts()


def is_stage(rows: pd.DataFrame) -> pd.Series:
    """Which rows are one stage at one rate; the others of the family are means over the stages of a run."""
    return (rows["family"] == FAMILY) & rows["load_value"].notna()


def stated(rows: pd.DataFrame, facts: Facts = EVERYTHING) -> pd.DataFrame:
    """The rows with the stages' engine, rates and cached share as their source states them; no other row is touched."""
    found, stages = rows.copy(), is_stage(rows)
    if facts.engine:
        found.loc[stages, "engine_version"] = ENGINE
    if facts.stages:
        for (folder, rate), actual in STAGES.items():
            own = stages & rows["source_path"].str.contains(folder, regex=False) & (rows["load_value"] == rate)
            found.loc[own, ["load_value", *CODEGEN]] = [actual, *CODEGEN.values()]
    if facts.cached:
        found.loc[stages, "prefix_hit"] = cached_share(found.loc[stages, "isl_mean"])
    return found


def cached_share(prompt_tokens: pd.Series) -> pd.Series:
    """Share of each prompt in whole blocks before its last token; half a token more, so that rounding down finds them.

    >>> cached_share(pd.Series([547.0, 1024.0])).mul(pd.Series([547.0, 1024.0])).tolist()
    [544.5, 1008.5]
    """
    return ((prompt_tokens - 1) // BLOCK * BLOCK + 0.5) / prompt_tokens


def per_step(rows: pd.DataFrame) -> pd.Series:
    """[ms] from the first token to the last, per token that the server was told to generate.

    The source divides by the tokens that its client counts in the answer's text, up to a quarter fewer.
    """
    return (rows["e2e_ms_mean"] - rows["ttft_ms_mean"]) / (rows["osl_mean"] - 1)
