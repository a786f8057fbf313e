"""axe in headless Chromium finds nothing serious in the HTML of ready profiles, light, dark and narrow; and options sort."""

from __future__ import annotations

import html
import json
import math
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from aisizer.catalog.load import load_catalog
from aisizer.deliver.document import sizing_html
from aisizer.plan.make import make_plan
from aisizer.profile.load import load_profile

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".ci" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
LOOKS = {"light": ("light", 1200), "dark": ("dark", 1200), "narrow": ("light", 400)}
RUN = """
(async () => {
  const table = document.querySelector("table[data-sortable]");
  const head = table.tHead.rows[0].cells[1];
  const cells = (column) => [...table.tBodies[0].rows].map(row => row.cells[column].textContent);
  const money = [...table.tHead.rows[0].cells].findIndex(cell => cell.textContent.includes("USD"));
  table.tHead.rows[0].cells[money].querySelector("button").click();
  const costs = cells(money);
  head.querySelector("button").click();
  head.querySelector("button").click();
  const axed = await axe.run(document, { resultTypes: ["violations"] });
  const found = {
    width: document.documentElement.clientWidth,
    overflow: document.documentElement.scrollWidth,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    sort: head.getAttribute("aria-sort"),
    marked: table.querySelectorAll("[aria-sort]").length,
    names: cells(1),
    costs,
    violations: axed.violations.map(v => ({ id: v.id, impact: v.impact, nodes: v.nodes.map(n => n.html.slice(0, 200)) })),
  };
  parent.postMessage(JSON.stringify(found), "*");
})();
"""
FRAME = """<!DOCTYPE html><meta charset="utf-8"><pre id="axe-found"></pre>
<script>addEventListener("message", (told) => { document.getElementById("axe-found").textContent = told.data; });</script>
<iframe src="page.html" width="{width}" height="900" style="border: 0"></iframe>"""
"""No window is narrower than 500 pixels, but a frame is."""


@cache
def page(name: str) -> str:
    plan = make_plan(load_profile(ROOT / "profiles" / f"{name}.yaml"), load_catalog(), confirm="none")
    return sizing_html(plan)


def looked_at(text: str, scheme: str, width: int, folder: Path) -> dict[str, Any]:
    """What axe says of a page in a window of that width; the page's own policy would keep axe out."""
    added = f"<script>{AXE.read_text('utf-8')}</script><script>{RUN}</script></body>"
    (folder / "page.html").write_text(POLICY.sub("", text).replace("</body>", added), "utf-8")
    (folder / "frame.html").write_text(FRAME.replace("{width}", str(width)), "utf-8")
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", f"--user-data-dir={folder / 'chromium'}",
        "--window-size=1300,1000", f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
        "--virtual-time-budget=120000", "--dump-dom", (folder / "frame.html").as_uri(),
    ]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
    match = re.search(r'<pre id="axe-found">(.+?)</pre>', dom, re.DOTALL)
    assert match, "axe did not end"
    found: dict[str, Any] = json.loads(html.unescape(match[1]))
    return found


def amount(cell: str) -> float:
    """[USD] of a cell such as `at least 1,234.50`; options without a price come last."""
    figure = re.search(r"[\d,.]+\d", cell)
    return float(figure[0].replace(",", "")) if figure else math.inf


@pytest.mark.external("chromium")
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ["clinical-notes", "cui-documents"])
def test_axe_finds_nothing_serious(name: str, look: str, tmp_path: Path) -> None:
    if not AXE.exists():
        pytest.skip(f"{AXE.relative_to(ROOT)} is not there; .ci/run fetches it (npm ci --prefix .ci/axe)")
    scheme, width = LOOKS[look]
    found = looked_at(page(name), scheme, width, tmp_path)
    assert found["dark"] == (scheme == "dark")
    assert found["width"] <= width
    assert found["overflow"] <= found["width"], "the page itself scrolls sideways"
    assert not [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert (found["sort"], found["marked"]) == ("descending", 1)
    assert found["names"] == sorted(found["names"], reverse=True)
    costs = [amount(cell) for cell in found["costs"]]
    assert costs == sorted(costs)
    assert costs[0] < costs[-2]
