"""A profile's prototype block as a load point, so that it is checked and fitted like a benchmark file."""

from __future__ import annotations

import hashlib

from aisizer.calibration.read_record import Measurement, Spread, TokenCounts
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Prototype

REQUESTS_PER_CLIENT = 10
"""[1] stands for a long steady run, of which the block keeps the means only."""


def read_prototype(
    prototype: Prototype, prompt_tokens: float, output_tokens: float, model: str, file: str
) -> Measurement:
    """The prototype's steady load of requests with these mean lengths; one GPU is one layout, more need --tp."""
    clients, rate = prototype.concurrency, prototype.output_tokens_per_s
    if clients is None or rate is None:
        raise InvalidInput(
            "evidence.prototype: concurrency and output_tokens_per_s are needed to calibrate on it. Give both."
        )
    requests = REQUESTS_PER_CLIENT * clients
    return Measurement(
        file=file,
        sha256=hashlib.sha256(prototype.model_dump_json().encode()).hexdigest(),
        source_tool="prototype",
        model=model,
        gpu=prototype.gpu,
        gpus=prototype.gpus,
        tensor_parallel=1 if prototype.gpus == 1 else None,
        prompt_tokens=TokenCounts(prompt_tokens),
        output_tokens=TokenCounts(output_tokens),
        protocol="closed_steady",
        concurrency=clients,
        n_requests=requests,
        duration_s=requests * output_tokens / rate,
        completed=requests,
        failed=0,
        requests_per_s=rate / output_tokens,
        output_tokens_per_s=rate,
        ttft=Spread(mean=prototype.ttft_mean),
        tpot=Spread(mean=prototype.tpot_mean),
    )
