"""What workloads that share a model must agree on, and what they average."""

from __future__ import annotations

from typing import Any

import pytest

from aisizer.catalog.load import load_catalog
from aisizer.demand.loads import offered
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Workload
from aisizer.sizing.pools import Pool, make_pools


def pool(**workloads: Any) -> Pool:
    common = {
        "model": "llama-3.3-70b",
        "load": {"rate": "2 req/s"},
        "prompt_tokens": {"mean": 1000, "p95": 2500},
        "output_tokens": {"mean": 300, "p95": 700},
    }
    made = {name: Workload.model_validate(common | changes) for name, changes in workloads.items()}
    model = load_catalog().models["llama-3.3-70b"]
    return make_pools(made, dict.fromkeys(made, model), offered(made), {})[0]


def test_acceptance_is_averaged_over_generated_tokens() -> None:
    """300 tokens at 1 req/s accept 60 %, 300 at 3 req/s accept 80 %: 75 % of all."""
    slow = {"speculative": {"acceptance": "60 %"}, "load": {"rate": "1 req/s"}}
    quick = {"speculative": {"acceptance": "80 %"}, "load": {"rate": "3 req/s"}}
    found = pool(slow=slow, quick=quick).speculation
    assert found is not None and found.acceptance == pytest.approx(0.75, abs=1e-3)
    assert (found.draft_tokens, found.draft_share) == (1, None)


@pytest.mark.parametrize("other", [{}, {"speculative": {"draft_tokens": 2}}, {"speculative": {"draft_cost": "10 %"}}])
def test_one_engine_drafts_for_all_or_for_none(other: dict[str, Any]) -> None:
    assert pool(a={}, b={}).speculation is None
    with pytest.raises(InvalidInput, match="served by one engine"):
        pool(a={"speculative": {}}, b=other)
