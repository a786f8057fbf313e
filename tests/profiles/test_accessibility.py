"""The HTML of ready profiles in headless Chromium: axe finds nothing serious, options sort, and all of it stands on paper."""

from __future__ import annotations

import html
import json
import math
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from pypdf import PdfReader
from ready_plans import ready

from aisizer.deliver.blocks import Table, printed
from aisizer.deliver.document import document, sizing_html

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".ci" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
CHROMIUM = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
TITLE_PT = 13.2
"""[pt] of the title on paper: 1.6 of a root of 11 pixels; Chromium shrinks a page on which something is too wide"""
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
    return sizing_html(ready(name))


def looked_at(text: str, scheme: str, width: int, folder: Path) -> dict[str, Any]:
    """What axe says of a page in a window of that width; the page's own policy would keep axe out."""
    added = f"<script>{AXE.read_text('utf-8')}</script><script>{RUN}</script></body>"
    (folder / "page.html").write_text(POLICY.sub("", text).replace("</body>", added), "utf-8")
    (folder / "frame.html").write_text(FRAME.replace("{width}", str(width)), "utf-8")
    command = [
        *CHROMIUM, f"--user-data-dir={folder / 'chromium'}", "--window-size=1300,1000",
        f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}", "--virtual-time-budget=120000", "--dump-dom",
        (folder / "frame.html").as_uri(),
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


def paper(text: str, folder: Path) -> tuple[str, float]:
    """The words of a printed page without the spaces between them, and the size of its largest letters [pt]."""
    (folder / "page.html").write_text(text, "utf-8")
    command = [*CHROMIUM, f"--user-data-dir={folder / 'chromium'}", f"--print-to-pdf={folder / 'page.pdf'}"]
    subprocess.run([*command, (folder / "page.html").as_uri()], capture_output=True, timeout=300, check=True)
    sizes: list[float] = []

    def seen(_text: str, around: list[float], own: list[float], _font: object, size: float) -> None:
        sizes.append(abs(size * own[0] * around[0]))

    texts = [sheet.extract_text(visitor_text=seen) for sheet in PdfReader(folder / "page.pdf").pages]
    return dense("".join(texts)), max(sizes)


def dense(text: str) -> str:
    """Without spaces, and with the letters that a ligature stands for."""
    return "".join(normalize("NFKC", text).split())


@pytest.mark.external("chromium")
def test_paper_has_every_section_and_every_cell(tmp_path: Path) -> None:
    """What is folded on a screen stays away; a cell that is cut, or cuts the letters of all, is found."""
    name = "clinical-notes"
    words, largest = paper(page(name), tmp_path)
    assert largest == pytest.approx(TITLE_PT, abs=0.05)
    sections = printed(document(ready(name))).sections
    cells = {c for s in sections for b in s.blocks if isinstance(b, Table) for row in b.rows for c in row}
    assert [said for said in (*(s.title for s in sections), *cells) if dense(said) not in words] == []
    assert "Allotheroptions" not in words
