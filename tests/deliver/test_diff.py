"""A diff on paper: 80 columns, the same cents in every format, and Markdown that stays inert and short enough to post."""

from __future__ import annotations

import json
import re
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from sample_plan import infeasible_plan, missing_price_plan, no_discount_plan, sample_plan, two_pool_plan

from aisizer.deliver.diff_markdown import LIMIT, code, diff_markdown, words
from aisizer.deliver.diff_rows import line_row
from aisizer.deliver.diff_tables import closing, counted, tables
from aisizer.deliver.diff_text import diff_json, diff_text
from aisizer.plan import Assumption, Plan
from aisizer.studies.diff import diff
from aisizer.studies.diff_records import Diff
from aisizer.studies.gates import check_fail_on, check_increases

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")
HOSTILE = (
    "@all", "a | b", "\\| c", "`code`", "``", "`", "<script>alert(1)</script>", "<!-- x", "</details>", "&lt;b&gt;", "[x](http://e.x)",
    "# title", "/close", "line\nbreak", "| --- |", "\x1b[31mred", "\u202egpj.exe", "![i](http://e.x/i.png)", "*b* _i_ ~s~", "\\",
    "$$x$$", "https://e.x/y", "www.e.x", "owner/repo#1", "%milestone", "a" * 5000, "x | \\| ` | `` |", "\u2028", "- [ ] task", "",
)  # fmt: skip
text = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40), st.text("`|\\<>@#*_[]!&~$% a", max_size=20))


def compared(old: Plan, new: Plan) -> Diff:
    gates = (
        [] if new.decision is None else check_fail_on(new, ["decision.gpus > 3"]) + check_increases(old, new, ["5%"])
    )
    return diff(old, new, ("0" * 64, "1" * 64), "0.1.0", gates)


def said(words_of_plan: list[str], more: int = 0) -> Plan:
    """The sample with a plan's free words in lines, prices, assumptions, promises and fragments."""
    plan = sample_plan()
    cost, word = plan.tco["on_premises"], cycle(words_of_plan)
    lines = [
        line.model_copy(
            update={
                "description": next(word),
                "unit_price_usd": 7.0 * line.quantity.count(0),
                "price_item": next(word),
                "source": next(word),
            }
        )
        for line in cost.lines
    ]
    lines += [lines[0].model_copy(update={"id": f"{next(word)}{n}", "description": next(word)}) for n in range(more)]
    assumed = [
        Assumption(path=f"{next(word)}.{n}", value=next(word), origin="user", reason="") for n in range(4 + more)
    ]
    priced = cost.model_copy(update={"lines": tuple(lines), "missing": (lines[3].id,)})
    return plan.model_copy(
        update={
            "tco": {**plan.tco, "on_premises": priced},
            "assumptions": tuple(assumed),
            "slo": tuple(s.model_copy(update={"workload": next(word), "met": False}) for s in plan.slo),
            "inputs": plan.inputs.model_copy(update={"fragments": {next(word): "cd" * 32}}),
            "profile": {**plan.profile, "name": next(word)},
        }
    )


SIDES = {
    "sample": sample_plan, "missing": missing_price_plan, "no discount": no_discount_plan, "two pools": two_pool_plan,
    "infeasible": infeasible_plan, "hostile": lambda: said(list(HOSTILE)),
}  # fmt: skip
pairs = pytest.mark.parametrize(("a", "b"), [(a, b) for a in SIDES for b in SIDES])


@pairs
def test_the_screen_holds_80_columns_and_has_no_codes_when_piped(a: str, b: str) -> None:
    shown = diff_text(compared(SIDES[a](), SIDES[b]()))
    assert all(len(line) <= 80 for line in shown.splitlines()), shown
    assert "\x1b" not in shown and not re.search(r"\b(None|nan)\b", shown)
    colored = diff_text(compared(SIDES[a](), SIDES[b]()), color=True)
    assert re.sub(r"\x1b\[\d*m", "", colored) == shown


@pytest.mark.parametrize("name", SIDES)
def test_nothing_changed_is_one_line_in_every_format(name: str) -> None:
    plan = SIDES[name]()
    found = diff(plan, plan, ("0" * 64, "0" * 64), "0.1.0")
    assert diff_text(found) == "Nothing changed.\n"
    assert diff_markdown(found).endswith(": Nothing changed.\n") and len(diff_markdown(found).splitlines()) == 1
    assert json.loads(diff_json(found))["sections"] == []


@pairs
def test_the_cents_are_the_same_in_every_format(a: str, b: str) -> None:
    found = compared(SIDES[a](), SIDES[b]())
    data, screen, comment = json.loads(diff_json(found)), diff_text(found), diff_markdown(found)
    for row in (*data["totals"], *data["categories"], *data["lines"], *data["sites"]):
        for figure in (row["old_usd"], row["new_usd"], row["delta_usd"]):
            if figure is not None:
                assert isinstance(figure, str)
                shown = (
                    f"{abs(float(figure)):,.6g}"
                    if row.get("path", "").startswith("tco.usd_per")
                    else f"{abs(float(figure)):,.2f}"
                )
                assert shown in screen and shown in comment, (row, shown)


def test_at_least_is_shown_and_explained() -> None:
    found = compared(sample_plan(), missing_price_plan())
    screen, comment = diff_text(found), diff_markdown(found)
    assert "1,924,416.17 *" in screen and "at least 1,924,416.17" in screen
    assert "* at least: 1 cost line of the new plan without a price (optics)." in screen
    assert "| 1,942,456.17 | at least 1,924,416.17 | +0.00 |" in comment and "on the lines that both price" in comment
    assert "no price" in screen and "no price" in comment


def test_json_is_the_record_with_money_as_decimal_text() -> None:
    found = compared(sample_plan(), two_pool_plan())
    data = json.loads(diff_json(found))
    assert data["schema"] == "aisizer/diff/v1" and data["currency"] == "USD"
    assert data["line_rounding_usd"] == "0.00" and data["new"]["three_year_usd"] == "1942456.17"
    assert Diff.model_validate_json(diff_json(found)) == found


def structure(markdown: str) -> list[tuple[str, str]]:
    """What a renderer makes of it, without the texts."""
    kept = []
    for token in PARSER.parse(markdown):
        kept.append((token.type, token.content if token.type == "html_block" else ""))
        kept += [
            (child.type, child.content) for child in token.children or () if child.type not in ("text", "code_inline")
        ]
    return kept


def test_hostile_words_change_nothing_but_texts() -> None:
    old = sample_plan()
    plain = structure(diff_markdown(compared(old, said([f"w{n}" for n in range(31)]))))
    for start in range(len(HOSTILE)):
        several = [*HOSTILE[start:], *HOSTILE[:start]]
        found = diff_markdown(compared(old, said([word or "w" for word in several])))
        assert structure(found) == plain


@given(st.lists(text.filter(lambda t: bool("".join(c for c in t if c.isprintable()).strip())), min_size=5, max_size=20))
def test_no_word_of_a_plan_breaks_a_table_or_becomes_html(several: list[str]) -> None:
    found = diff_markdown(compared(sample_plan(), said(several)))
    tokens = PARSER.parse(found)
    cells = [row.count("<td") for row in PARSER.render(found).split("<tr>") if "<td" in row]
    assert set(cells) == {5}
    blocks = [token.content for token in tokens if token.type == "html_block"]
    assert all(re.fullmatch(r"<details><summary>[^<>`|@]*</summary>\n*|</details>\n*", block) for block in blocks), (
        blocks
    )
    inline = [child for token in tokens for child in token.children or ()]
    assert not [child for child in inline if child.type in ("link_open", "image", "html_inline")]


@given(text, text)
def test_code_is_one_cell_and_shows_the_word(a: str, b: str) -> None:
    row = f"| {code(a)} | {code(b)} |"
    # cmark-gfm, ext_scanners.re: a cell is a run of escaped characters and of anything but a bar.
    assert len(re.findall(r"(?:\\.|[^|\\])+", row)) == 2
    rendered = PARSER.render(f"| h | i |\n|---|---|\n{row}\n")
    assert rendered.count("<td>") == 2
    assert rendered.count("<code>") == sum(
        bool("".join(c if c.isprintable() else " " for c in t).split()) for t in (a, b)
    )


@given(text)
def test_words_begin_no_mention_reference_or_link(sentence: str) -> None:
    shown = words(sentence)
    assert not re.search(r"[@#!~$%&]\w|://|www\.", shown)
    assert not [
        child
        for token in PARSER.parse(f"- {shown}\n")
        for child in token.children or ()
        if child.type not in ("text", "text_special")
    ]


def test_a_mention_in_a_name_stands_in_code_only() -> None:
    found = diff_markdown(compared(sample_plan(), said(["@everyone"])))
    outside = re.sub(r"(`+).*?\1", "", found)
    assert "`@everyone`" in found and "@everyone" not in outside


@pytest.mark.parametrize("rows", [0, 300, 3000])
def test_a_comment_is_below_the_limit_however_large_the_plan(rows: int) -> None:
    found = compared(sample_plan(), said(["é" * 40 + " word"], rows))
    comment = diff_markdown(found)
    assert len(comment.encode()) < LIMIT
    left = re.search(r"cut to stay below 65,000 characters: ([\d,]+) more rows are left out", comment)
    assert (left is None) == (rows == 0)
    assert comment.count("<details>") == comment.count("</details>")
    lines = comment.splitlines()
    shown = sum(line.startswith(("| ", "- ")) for line in lines) - lines.count("| | old | new | change | |")
    own = {row.name for table in tables(found) if table.own for row in table.rows} - {"3 years"}
    folded = sum(len(table.rows) for table in tables(found) if not table.own)
    all_rows = 3 + len(own) + folded + len(found.gates) + len(closing(found))
    assert shown + (int(left[1].replace(",", "")) if left else 0) == all_rows
    assert not left or len(comment.encode()) > LIMIT * 0.9


def test_the_gates_stand_in_the_comment_and_on_the_screen() -> None:
    found = compared(sample_plan(), missing_price_plan())
    assert '- **FAILS**: `--fail-on "decision.gpus > 3"`: `decision.gpus is 16`' in diff_markdown(found)
    assert diff_text(found).splitlines()[1] == 'The gate --fail-on "decision.gpus > 3" fails: decision.gpus is 16.'


def test_rows_say_added_removed_changed_and_which_way_money_went() -> None:
    found = compared(sample_plan(), no_discount_plan())
    rows = {row.name: row for table in tables(found) for row in table.rows}
    assert (rows["8 x H100 instance, three-year commitment"].mark, rows["HGX H100 x8 server"].mark) == ("+", "-")
    assert rows["HGX H100 x8 server"].worse is False and rows["8 x H100 instance, three-year commitment"].worse is True
    lines = [line_row(line) for line in found.lines]
    assert counted(lines) == "1 changed, 2 added, 8 removed"
    missed = {row.name: row for table in tables(compared(sample_plan(), two_pool_plan())) for row in table.rows}
    assert (missed["guard E2E p95 met"].new, missed["guard E2E p95 met"].worse) == ("MISSED", True)


def test_a_line_paid_in_other_months_says_so() -> None:
    plan = sample_plan()
    cost = plan.tco["on_premises"]
    month_20 = (0.0,) * 20 + (2.0,) + (0.0,) * 16
    later = [line.model_copy(update={"quantity": month_20}) if line.id == "switch" else line for line in cost.lines]
    moved = plan.model_copy(
        update={"tco": {**plan.tco, "on_premises": cost.model_copy(update={"lines": tuple(later)})}}
    )
    rows = [line_row(line) for line in compared(plan, moved).lines]
    assert [row.name for row in rows] == ["400G leaf switch (paid in other months, 1 year -43,000.00)"]


def test_an_amount_that_is_too_wide_for_its_column_stands_below_its_name() -> None:
    found = compared(sample_plan(), missing_price_plan())
    huge: dict[str, Any] = {"old_usd": 10**12, "new_usd": 10**12 + 1}
    wide = found.model_copy(update={"totals": (found.totals[0].model_copy(update=huge),)})
    shown = diff_text(wide)
    assert "    old: 1,000,000,000,000.00\n" in shown and all(len(line) <= 80 for line in shown.splitlines())
