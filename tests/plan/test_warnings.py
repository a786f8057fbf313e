"""What the plan warns of, in the order of its weight."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of


def test_a_site_without_an_option_is_named_before_what_is_old() -> None:
    asked = changed({"supply.sites": ["on_premises", "azure_government"], "compliance": {"data_class": "cui"}})
    plan = make_plan(profile_of(asked, "law.json"), catalog(), confirm="none")
    assert list(plan.tco) == ["on_premises"]
    said = next(w for w in plan.warnings if w.startswith("azure_government is not compared"))
    assert "--set supply.sites=[azure_government]" in said
    old = [w for w in plan.warnings if w.endswith("Renew it.")]
    assert old and plan.warnings.index(said) < plan.warnings.index(old[0])
    assert not any(w.startswith("on_premises is not compared") for w in plan.warnings)
