"""Small pieces of PromQL; a model's series are chosen by the label under which the engine names what it serves."""

from __future__ import annotations

import json
from collections.abc import Mapping


def series(metric: str, labels: Mapping[str, str], window: str = "") -> str:
    """A metric with matchers, over a window where one is given.

    >>> series("aisizer:capacity_on_order", {"aisizer_profile": "notes"}, "5m")
    'aisizer:capacity_on_order{aisizer_profile="notes"}[5m]'
    """
    matchers = ", ".join(f"{name}={_quoted(value)}" for name, value in labels.items())
    return metric + (f"{{{matchers}}}" if matchers else "") + (f"[{window}]" if window else "")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())


def summed_rate(metric: str, labels: Mapping[str, str], window: str = "5m") -> str:
    """[1/s] a counter's rate over all replicas."""
    return f"sum(rate({series(metric, labels, window)}))"


def number(value: float) -> str:
    """A number without separators and without a lost digit.

    >>> number(2.0), number(0.0897)
    ('2', '0.0897')
    """
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
