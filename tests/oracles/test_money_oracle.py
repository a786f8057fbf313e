"""The totals of a plan against a recomputation from the definitions alone: what is paid when, and what serves when."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from aisizer.catalog.load import load_catalog
from aisizer.deliver.json_file import plan_json
from aisizer.plan.make import make_plan
from aisizer.profile.load import load_profile

RATE, LIFE = 0.07, 48
FRAGMENT = {
    "finance": {
        "discount_rate": "7 %", "useful_life": "4 y", "tax": "8 %", "residual": "10 %", "deposit": "30 %",
        "payment_terms": "60 d", "escalation": {"power": "4 %", "staff": "3 %", "hardware": "2 %"}, "fiscal_year_start": 10,
        "fx": {"EUR": {"rate": 1.08, "as_of": "2026-11-20", "source": "ECB reference rate"}},
    },
    "supply": {"quotes": [{"item": "hgx-h100-8", "unit_price": "270000 EUR", "as_of": "2026-11-20", "supplier": "A reseller"}]},
}  # fmt: skip


def recomputed(cost: dict[str, Any]) -> tuple[list[float], list[float]]:
    """[USD] cash and accrual by period: period 0 before service, months 1 to 36, month-end flows."""
    cash, charged = [0.0] * 37, [0.0] * 37
    for line in (line for line in cost["lines"] if line["unit_price_usd"] is not None):
        for period in range(37):
            price = line["unit_price_usd"] * math.prod(line["factors"].values())
            price *= (1 + line["escalation"]) ** max(0, (period - 1) // 12)
            cash[period] += price * line["quantity"][period]
            used, service = price * (line["served"] or line["quantity"])[period], max(1, period)
            if line["category"] == "residual":
                continue
            if line["treatment"] == "capitalise":
                for month in range(service, min(37, service + LIFE)):
                    charged[month] += used / LIFE
            else:
                charged[period] += used
    return cash, charged


def test_totals_follow_from_the_definitions(tmp_path: Path) -> None:
    path = tmp_path / "finance.yaml"
    path.write_text(yaml.safe_dump(FRAGMENT))
    plan = json.loads(
        plan_json(make_plan(load_profile("cui-documents", fragments=[path]), load_catalog(), confirm="none"))
    )
    cost = plan["tco"]["on_premises"]
    assert {line["currency"] for line in cost["lines"]} == {"USD", "EUR"}
    cash, charged = recomputed(cost)
    assert cost["one_year_usd"] == pytest.approx(sum(cash[:13]), abs=0.006)
    assert cost["three_year_usd"] == pytest.approx(sum(cash), abs=0.006)
    assert cost["npv_usd"] == pytest.approx(sum(c / (1 + RATE) ** (m / 12) for m, c in enumerate(cash)), abs=0.006)
    assert cost["accrual_three_year_usd"] == pytest.approx(sum(charged), abs=0.006)
    tokens = plan["volumes"]["input_tokens"] + plan["volumes"]["output_tokens"]
    assert cost["usd_per_million_tokens"] == pytest.approx(sum(charged) / tokens * 1e6, rel=1e-5)
