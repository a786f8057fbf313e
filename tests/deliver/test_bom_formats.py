"""bom.json, bom.cdx.json and rfq.csv: the same totals as the Plan, valid, byte-stable, and never a formula."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given
from hypothesis import strategies as st
from sample_plan import infeasible_plan, missing_price_plan, sample_plan, two_pool_plan

from aisizer.costs.bom_lines import INCLUDED
from aisizer.costs.records import BomLine
from aisizer.deliver.formats import FORMATS, in_formats
from aisizer.deliver.rfq import ASKED, REPLY, asked_because
from aisizer.deliver.tables import bom_csv
from aisizer.errors import InvalidInput, NoFeasiblePlan
from aisizer.plan import Plan

HOSTILE = st.sampled_from(
    ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "x;=1", "x\n=1", "＝1", '"=1', "a,=1", "|calc"]
)
TEXTS = (
    "description",
    "manufacturer",
    "supplier",
    "quote_ref",
    "notes",
    "commitment",
    "price_source",
    "mpn",
    "supplier_part_id",
)
CELL_START = re.compile(r"(?:^|[;\t\r\n])[=+\-@＝＋－＠]")
BILLS = ("bom.json", "bom.cdx.json", "rfq.csv")
PLANS = [sample_plan(), missing_price_plan(), two_pool_plan()]


def drawn(plan: Plan, name: str) -> Any:
    return json.loads(FORMATS[name](plan))


def nested(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for line in lines:
        yield line
        yield from nested(line["children"])


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def with_lines(*lines: BomLine) -> Plan:
    return sample_plan().model_copy(update={"bom": lines})


def changed(base: BomLine, **values: Any) -> BomLine:
    return base.model_copy(update=values)


@pytest.mark.parametrize("plan", PLANS)
def test_totals_are_the_same_in_json_csv_and_plan(plan: Plan) -> None:
    made = drawn(plan, "bom.json")
    exact = sum(
        (Decimal(f"{b.extended_price_usd:.2f}") for b in plan.bom if b.extended_price_usd is not None), Decimal(0)
    )
    from_csv = sum(Decimal(row["extended_price_usd"]) for row in rows(bom_csv(plan)) if row["extended_price_usd"])
    from_lines = sum(
        Decimal(line["extended_price_usd"])
        for wave in made["waves"]
        for line in nested(wave["lines"])
        if line["extended_price_usd"] is not None
    )
    assert Decimal(made["total_usd"]) == exact == from_csv == from_lines
    assert sum(Decimal(wave["total_usd"]) for wave in made["waves"]) == exact


@pytest.mark.parametrize("plan", PLANS)
def test_json_holds_every_line_once_below_its_parent(plan: Plan) -> None:
    made = drawn(plan, "bom.json")
    assert (made["schema"], made["currency"]) == ("aisizer/bom/v1", "USD")
    found = [line for wave in made["waves"] for line in nested(wave["lines"])]
    assert sorted(line["line"] for line in found) == [line.line for line in plan.bom]
    for line in found:
        assert all(child["parent"] == line["line"] for child in line["children"])
        assert all(line[name] is None or isinstance(line[name], str) for name in line if name.endswith("_usd"))


def test_a_missing_price_makes_the_total_incomplete_and_names_the_line() -> None:
    optics = changed(missing_price_plan().bom[2], cost_line="optics")
    made = drawn(with_lines(sample_plan().bom[0], optics, sample_plan().bom[3]), "bom.json")
    assert (made["complete"], made["unpriced"]) == (False, ["optics"])
    assert [wave["complete"] for wave in made["waves"]] == [False, True]
    complete = drawn(with_lines(sample_plan().bom[0]), "bom.json")
    assert (complete["complete"], complete["unpriced"]) == (True, [])


@pytest.mark.parametrize("plan", PLANS)
def test_cyclonedx_is_valid_by_its_strict_schema(plan: Plan) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(FORMATS["bom.cdx.json"](plan)) is None


def test_the_validator_would_say_so() -> None:
    broken = drawn(sample_plan(), "bom.cdx.json")
    broken["components"][0]["type"] = "gpu"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(broken)) is not None


def test_cyclonedx_names_devices_models_and_engines_and_what_is_in_what() -> None:
    server, gpu, optics, later = (
        changed(line, device=device)
        for line, device in zip(sample_plan().bom[:4], ("server", "gpu", "", "server"), strict=True)
    )
    rack = changed(later, line=5, device="rack", category="facility", description="Racks")
    made = drawn(with_lines(server, gpu, optics, later, rack), "bom.cdx.json")
    kinds = {c["bom-ref"]: c["type"] for c in made["components"]}
    assert [kinds.get(f"line-{n}") for n in range(1, 6)] == ["device", "device", None, "device", "device"]
    assert {"machine-learning-model", "application"} <= set(kinds.values())
    below = {d["ref"]: d.get("dependsOn", []) for d in made["dependencies"]}
    assert below["line-1"] == ["line-2"] and below["line-5"] == ["line-4"]
    assert "line-1" in below["fleet"] and "line-4" not in below["fleet"] and "line-2" not in below["fleet"]
    assert set(below) == {"fleet", *kinds}
    told = {p["name"]: p["value"] for p in made["components"][0]["properties"]}
    assert (told["cdx:device:quantity"], told["cdx:device:function"]) == ("2", "server")
    assert told["cdx:device:sku"] == "SYS-821GE-TNHR"
    assert made["metadata"]["lifecycles"] == [{"phase": "design"}]


def test_cyclonedx_takes_its_number_and_time_from_the_plan() -> None:
    one, same, other = (drawn(p, "bom.cdx.json") for p in (sample_plan(), sample_plan(), two_pool_plan()))
    assert one["serialNumber"] == same["serialNumber"] != other["serialNumber"]
    assert one["metadata"]["timestamp"] == f"{sample_plan().profile['plan_date']}T00:00:00Z"


@pytest.mark.parametrize("name", BILLS)
def test_the_same_plan_gives_the_same_bytes(name: str) -> None:
    assert FORMATS[name](sample_plan()) == FORMATS[name](sample_plan())
    assert FORMATS[name](sample_plan()).endswith("\n") and "\r" not in FORMATS[name](sample_plan())


@pytest.mark.parametrize("name", BILLS)
def test_a_plan_without_a_decision_has_nothing_to_draw(name: str) -> None:
    with pytest.raises(NoFeasiblePlan):
        FORMATS[name](infeasible_plan())


DAY = date(2027, 1, 28)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"unit_price_usd": None, "extended_price_usd": None}, "unpriced"),
        ({"price_kind": "quote", "quote_valid_until": date(2027, 1, 27)}, "expired quote"),
        ({"price_kind": "quote", "quote_valid_until": DAY, "price_age_days": 30}, ""),
        ({"price_kind": "list_price", "price_age_days": 91}, "stale"),
        ({"price_kind": "list_price", "price_age_days": 90}, ""),
        ({"price_kind": "list_price", "price_age_days": 91, "category": "storage"}, ""),
        ({"price_kind": "list_price", "price_age_days": 366, "category": "storage"}, "stale"),
        ({"price_kind": "estimated", "price_age_days": 8}, "estimated"),
        ({"price_kind": INCLUDED}, ""),
        ({"price_kind": "estimated", "category": "tax"}, ""),
    ],
)
def test_a_supplier_is_asked_about_what_has_no_price_that_holds(values: dict[str, Any], why: str) -> None:
    line = changed(sample_plan().bom[0], order_by=DAY, **values)
    assert asked_because(line) == why
    assert len(rows(FORMATS["rfq.csv"](with_lines(line)))) == bool(why)


def test_the_item_is_what_a_quote_is_filed_under() -> None:
    plan = missing_price_plan()
    assert plan.decision is not None
    cost = plan.tco[plan.decision.site].lines[0]
    line = changed(plan.bom[0], cost_line=cost.id, device="server", price_kind="estimated", unit_price_usd=None)
    for price_item, factors, item in (
        ("hgx-h100-8", {}, "hgx-h100-8"),
        (cost.id, {}, plan.decision.offer),
        ("hgx-h100-8", {"install_rate": 0.03}, ""),
    ):
        priced = plan.tco[plan.decision.site]
        lines = (cost.model_copy(update={"price_item": price_item, "factors": factors}), *priced.lines[1:])
        tco = {**plan.tco, plan.decision.site: priced.model_copy(update={"lines": lines})}
        (row,) = rows(FORMATS["rfq.csv"](plan.model_copy(update={"bom": (line,), "tco": tco})))
        assert row["item"] == item


def test_a_request_says_what_is_asked_and_never_what_we_would_pay() -> None:
    server = changed(sample_plan().bom[0], device="server", cost_line="hardware")
    parts = [
        changed(server, line=7, parent=1, description="H100 SXM5", quantity=16, price_kind=INCLUDED),
        changed(server, line=8, parent=1, description="System memory", quantity=4096, uom="GB", price_kind=INCLUDED),
        changed(server, line=9, parent=1, description="Gateways", device="software", price_kind=INCLUDED),
    ]
    text = FORMATS["rfq.csv"](with_lines(server, *parts))
    (row,) = rows(text)
    assert row["specification"] == "HGX H100 x8 server; each with 8 x H100 SXM5; 2,048 GB of System memory"
    assert (row["quantity"], row["uom"], row["need_by"]) == ("2", "EA", server.need_by.isoformat())
    assert row["conditions"] and row["citations"] and row["delivery_site"]
    assert all(row[name] == "" for name in REPLY) and list(row) == [*ASKED, *REPLY]
    assert not re.search(r"265,?000|240,?000|310,?000|530,?000", text)


@given(st.dictionaries(st.sampled_from(TEXTS), HOSTILE | st.text(max_size=20), min_size=1))
def test_no_text_becomes_a_formula_in_a_csv(texts: dict[str, str]) -> None:
    plan = with_lines(changed(sample_plan().bom[2], **texts))
    for text in (bom_csv(plan), FORMATS["rfq.csv"](plan)):
        (row,) = rows(text)
        assert not [cell for cell in row.values() if CELL_START.search(cell)]
    kept = drawn(plan, "bom.json")["waves"][0]["lines"][0]
    assert all(kept[name] == value for name, value in texts.items())


def test_formats_by_name() -> None:
    assert list(in_formats(sample_plan(), "rfq.csv, bom.json")) == ["rfq.csv", "bom.json"]
    with pytest.raises(
        InvalidInput, match=r"no format 'bom\.jsn' \(did you mean \"bom\.json\"\?\)\. Use md, .*bom\.json, "
    ):
        in_formats(sample_plan(), "bom.jsn")
    with pytest.raises(InvalidInput, match="There is no format"):
        in_formats(sample_plan(), ",")
