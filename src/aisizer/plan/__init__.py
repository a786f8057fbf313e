"""The plan: the recipe from profile and catalog to one Plan, and the Plan itself."""

from aisizer.plan.records import (
    Assumption,
    Comparison,
    Decision,
    Inputs,
    IntegrationUse,
    Plan,
    SourceUse,
    Step,
    Verdict,
)

__all__ = ["Assumption", "Comparison", "Decision", "Inputs", "IntegrationUse", "Plan", "SourceUse", "Step", "Verdict"]
