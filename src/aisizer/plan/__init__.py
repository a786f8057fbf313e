"""The plan: the recipe from profile and catalog to one Plan, and the Plan itself."""

from aisizer.plan.records import (
    Assumption,
    Decision,
    Inputs,
    IntegrationUse,
    Plan,
    SourceUse,
    Step,
    Verdict,
)

__all__ = ["Assumption", "Decision", "Inputs", "IntegrationUse", "Plan", "SourceUse", "Step", "Verdict"]
