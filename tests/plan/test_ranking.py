"""The order of options: money where their servers have a price, GPUs where they have none."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of

UNPRICED = {
    "supply.sites": ["enclave"],
    "supply.gpus": ["h100-sxm", "b200-sxm"],
    "supply.commitment": "one_year",
    "workloads.chat.load": {"rate": "60 req/s"},
    "growth.rate": "6 %/month",
}


def test_what_has_no_price_is_ranked_by_gpus_whatever_the_rest_of_it_costs() -> None:
    """No year's price is known; the hours after the last whole year are, and cost most where most GPUs are idle then."""
    made = make_plan(profile_of(changed(UNPRICED), "law.json"), catalog(), confirm="none")
    assert made.decision is not None and "fewest GPUs" in made.decision.reason
    assert all(option.three_year_usd is None for option in made.ranking)
    gpus = [(option.gpus, option.gpus_month_36) for option in made.ranking]
    assert gpus == sorted(gpus) and len(set(gpus)) > 1
