"""What tco.xlsx shows of the site that is selected on Summary: the choice, and what every sheet says below its title."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aisizer.deliver import labels
from aisizer.deliver.workbook_cells import cell
from aisizer.deliver.workbook_inputs import InputMap
from aisizer.deliver.workbook_lines import CostSheet
from aisizer.plan import Plan

SCENARIOS = ("base", "low", "high")
SCENARIO_ROW, SITE_ROW, NUMBER_ROW, STATUS_ROW = 3, 4, 5, 6
"""zero-based rows of the sheet Summary"""
CHOICE_COL = 1
SITE_NUMBER = cell(NUMBER_ROW, CHOICE_COL, "Summary")
STATUS = cell(STATUS_ROW, CHOICE_COL, "Summary")


@dataclass(frozen=True)
class Shown:
    """The sites, the one that is selected as delivered (the chosen one, first), and the inputs."""

    plan: Plan
    sites: Sequence[CostSheet]
    inputs: InputMap
    stamp: str
    """sha256 of the plan"""

    @property
    def chosen(self) -> CostSheet:
        """The site that the plan chose."""
        return self.sites[0]

    def choose(self, text: Callable[[CostSheet], str]) -> str:
        """A formula that takes the selected site's cell."""
        return f"CHOOSE({SITE_NUMBER},{','.join(text(site) for site in self.sites)})"

    @property
    def status(self) -> str:
        """Whether the chosen site's totals are complete, as the cell STATUS says it."""
        missing, lines = self.chosen.unpriced, len(self.chosen.cost.lines)
        return f"at least: {missing} of {lines} lines have no price" if missing else "complete"

    def told(self, basis: str) -> str:
        """What a sheet that is the same for all sites says below its title."""
        return f"USD, {self.rate_basis}. {basis} {self.period} {self.who}"

    def told_of_site(self, basis: str, site: CostSheet | None = None) -> tuple[str, str]:
        """The same with the site, the scenario and what is missing, as a formula and as delivered."""
        before, after = f"USD, {self.rate_basis}. {basis} ", f". {self.period} {self.who}"
        status = STATUS if site is None else cell(site.total, 0, site.name)
        shown = self.status if site is None else "Total, at least" if site.unpriced else "Total"
        name = "Site" if site is None else f'"{site.label}"'
        label = self.chosen.label if site is None else site.label
        text = f'"{before}"&{name}&", "&Scenario&" scenario: "&{status}&"{after}"'
        return text, f"{before}{label}, base scenario: {shown}{after}"

    @property
    def rate_basis(self) -> str:
        """Whether money counts inflation."""
        return labels.finance(self.plan).rate_basis

    @property
    def period(self) -> str:
        """Which months."""
        return f"Period 0 is all before go-live on {labels.decided(self.plan).go_live}, then months 1 to 36."

    @property
    def who(self) -> str:
        """Who set the inputs."""
        found = Counter(given.set_by for given in self.inputs.inputs() if not given.locked)
        return f"Inputs set by: {', '.join(f'{who} {count}' for who, count in sorted(found.items()))}."
