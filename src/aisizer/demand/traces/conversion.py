"""Token counts belong to a tokenizer: the stated factor from a trace's tokens to those of the model that is sized."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from aisizer.demand.traces.records import Trace, printable
from aisizer.errors import InvalidInput

_RANGE = re.compile(r"^\s*([0-9]*\.?[0-9]+)\s*(?:-\s*([0-9]*\.?[0-9]+)\s*)?$")


@dataclass(frozen=True, slots=True)
class Conversion:
    """Tokens of the sized model for one token of the trace: the range that is thought possible."""

    low: float = 1.0
    high: float = 1.0

    @property
    def factor(self) -> float:
        """The middle of the range, which the lengths are multiplied by."""
        return (self.low + self.high) / 2


def parse_conversion(text: str | None) -> Conversion:
    """A factor or a range of factors.

    >>> parse_conversion("0.9-1.2").factor, parse_conversion("1.1"), parse_conversion(None).factor
    (1.05, Conversion(low=1.1, high=1.1), 1.0)
    """
    if text is None:
        return Conversion()
    match = _RANGE.match(text)
    low, high = (float(match[1]), float(match[2] or match[1])) if match else (0.0, 0.0)
    if not 0.1 <= low <= high <= 10:
        raise InvalidInput(
            f"--tokens-times: a factor, or a range such as 0.9-1.2 between 0.1 and 10, is expected (got {printable(text)}). "
            f"Tokenise a few prompts with both tokenizers and give the lowest and highest ratio."
        )
    return Conversion(low, high)


def converted(trace: Trace, conversion: Conversion) -> Trace:
    """The trace with its token counts in those of the sized model, whole and at least one."""
    if conversion.factor == 1:
        return trace
    old = trace.requests
    prompt, output = (np.maximum(1.0, np.rint(x * conversion.factor)) for x in (old.prompt_tokens, old.output_tokens))
    cached = np.minimum(prompt, np.rint(old.cached_tokens * conversion.factor))
    return replace(trace, requests=replace(old, prompt_tokens=prompt, output_tokens=output, cached_tokens=cached))
