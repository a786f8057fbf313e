"""The site builds strictly, takes nothing from a network, and its reference holds every field, verb, record and table."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from aisizer.catalog.load import KINDS
from aisizer.cli.app import HELP
from aisizer.deliver.formats import FORMATS
from aisizer.plan.tables import TABLES
from aisizer.profile.fields import field_types
from aisizer.profile.sections import Load, Profile, Supply, Workload

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(build, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def words(site: Path, page: str) -> str:
    """The text of a page of the site."""
    return unescape(re.sub(r"<[^>]+>", "", (site / page).read_text(encoding="utf-8")))


def test_no_page_loads_anything_from_a_network(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe|source)\b[^>]*?\bsrc=\"?([^\" >]+)", text)
        loaded += re.findall(r"<link\b[^>]*?\bhref=\"?([^\" >]+)", text)
        assert loaded and not [target for target in loaded if "//" in target], page.name


def test_every_page_is_there(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    assert all((site / page.with_suffix(".html")).is_file() for page in pages)
    assert not list(site.rglob("*.py*"))


def test_lists_and_tables_are_no_paragraphs(site: Path) -> None:
    for page in site.rglob("*.html"):
        for paragraph in re.findall(r"<p>(.*?)</p>", page.read_text(encoding="utf-8"), re.DOTALL):
            assert not re.search(r"(^|\n)(- |\d+\. |\||```)", paragraph), f"{page.name}: {paragraph[:80]}"


def test_the_reference_holds_every_field_of_a_profile(site: Path) -> None:
    page = words(site, "reference/profile.html")
    prefixes = {"": Profile, "workloads.NAME.": Workload, "workloads.NAME.load.": Load, "supply.": Supply}
    for prefix, record in prefixes.items():
        assert not [name for name in field_types(record) if f"{prefix}{name}\n" not in page]


def test_the_reference_holds_every_verb_format_record_and_table(site: Path) -> None:
    verbs = re.findall(r"^(?:[A-Z]\w+(?: up)? +| {9})([a-z]+) {2,}", HELP, re.MULTILINE)
    page = words(site, "reference/cli.html")
    assert len(verbs) == 15 and not [verb for verb in verbs if f"Usage: aisizer {verb}" not in page]
    assert not [name for name in FORMATS if f"{name}\n" not in page]
    assert all(f"{code}\n" in page for code in (0, 1, 2, 3, 4, 5, 130))
    assert not [kind for kind in KINDS if f"{kind}/ID.yaml" not in words(site, "reference/catalog.html")]
    assert not [name for name in TABLES if f"{name}\n" not in words(site, "reference/tables.html")]
