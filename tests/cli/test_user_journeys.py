"""What an infrastructure engineer, a CI job and a finance controller rely on."""

from __future__ import annotations

import csv
import json
import math
import shlex
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import ON_PREMISES, Cli

from aisizer.cli.explain import explained
from aisizer.cli.inputs import load_inputs
from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.plan.make import make_plan

PROFILE = (
    ON_PREMISES
    + """\
growth: {rate: 4 %/month}
finance: {discount_rate: 9 %}
"""
)
TWO_POOLS = """\
  code:
    model: qwen3-8b
    load: {rate: 2 req/s}
    prompt_tokens: {mean: 1500, p95: 3500}
    output_tokens: {mean: 250, p95: 600}
"""


Size = Callable[..., Plan]


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(PROFILE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def size(folder: Path) -> Size:
    def call(*sets: str) -> Plan:
        inputs = load_inputs("small.yaml", sets, (), None)
        return make_plan(inputs.loaded, inputs.catalog, inputs.files)

    return call


def sets(*values: str) -> list[str]:
    return [part for value in values for part in ("--set", value)]


def gpus(plan: Plan) -> int:
    assert plan.decision is not None
    return plan.decision.gpus


def test_waterfall_purchases_and_trigger_by_hand(size: Size) -> None:
    plan = size()
    assert plan.decision is not None and plan.roadmap is not None
    pool = plan.decision.pools[0]
    share, tensor_parallel = pool.peak_rate_per_replica / 6, pool.tensor_parallel
    factors = [1.04**month for month in range(36)]
    burst = 1 + 1.6448536 * math.sqrt(1 / (60 * 6))

    def needed(factor: float) -> int:
        return math.ceil(factor / share - 1e-9) * tensor_parallel

    def servers(factor: float) -> int:
        return math.ceil(needed(factor * burst / 0.8) / 8) + 1

    steps = {step.name: step.gpus for step in plan.waterfall}
    assert [steps[name] for name in ("latency", "growth", "burst", "headroom", "redundancy")] == [
        needed(1.0), needed(factors[11]), needed(factors[11] * burst), needed(factors[11] * burst / 0.8),
        8 * servers(factors[11]),
    ]  # fmt: skip
    assert [month.gpus_needed for month in plan.roadmap.months] == [8 * servers(factor) for factor in factors]
    first = plan.roadmap.purchases[0]
    assert first.order_by == date(2027, 12, 1) - timedelta(weeks=plan.roadmap.lead_time_weeks["total"])
    months = (plan.roadmap.lead_time_weeks["total"] + 2) / (365.25 / 7 / 12)
    assert plan.triggers[0].threshold == pytest.approx(0.8 / burst / 1.04**months, rel=1e-5)


def test_money_by_hand_from_the_lines(size: Size) -> None:
    plan = size()
    assert plan.decision is not None
    cost = plan.tco[plan.decision.site]
    cash = [
        sum((line.unit_price_usd or 0) * line.quantity[m] * math.prod(line.factors.values()) for line in cost.lines)
        for m in range(37)
    ]
    assert cost.one_year_usd == pytest.approx(sum(cash[:13]), abs=0.01)
    assert cost.three_year_usd == pytest.approx(sum(cash), abs=0.01)
    npv = sum(value / 1.09 ** (month / 12) for month, value in enumerate(cash))
    assert cost.npv_usd == pytest.approx(npv, abs=0.01)


def test_every_output_says_the_same_totals(cli: Cli) -> None:
    screen = cli("size", "small.yaml", "-o", "out").out
    plan: dict[str, Any] = json.loads(Path("out/sizing.json").read_text("utf-8"))
    for cost in plan["tco"].values():
        for name in ("one_year_usd", "three_year_usd", "npv_usd"):
            assert f"{cost[name]:,.0f}" in screen
            for document in ("sizing.md", "sizing.html"):
                assert f"{cost[name]:,.2f}" in Path("out", document).read_text("utf-8")
    with Path("out/bom.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    bought = sum(float(row["extended_price_usd"]) for row in rows if row["treatment"] == "capitalise")
    assert bought == pytest.approx(plan["tco"][plan["decision"]["site"]]["capex_usd"], abs=0.01)


def test_more_safety_never_needs_fewer_gpus(size: Size) -> None:
    base = size()
    assert gpus(size("resilience.redundancy=N")) < gpus(base) < gpus(size("resilience.redundancy=N+2"))
    assert gpus(size("resilience.disaster_recovery.posture=active_active")) > gpus(base)
    assert gpus(size("resilience.upgrades.method=blue_green")) > gpus(base)


def test_growth_review_and_headroom_lower_the_trigger(size: Size) -> None:
    def level(*changes: str) -> float:
        return size(*changes).triggers[0].threshold

    assert level("growth.rate=10 %/month") < level() < level("growth.rate=0 %/month")
    assert level("growth.review=8 w") < level()
    assert level("resilience.headroom=40 %") < level()


def test_no_discount_rate_gives_no_npv_and_plain_cash(size: Size) -> None:
    plan = size("finance.discount_rate=null")
    assert plan.decision is not None and plan.tco[plan.decision.site].npv_usd is None
    assert "cash" in plan.decision.reason or "the only option" in plan.decision.reason


def test_longer_logs_and_own_tariffs_cost_more(size: Size) -> None:
    def cost(*changes: str) -> float:
        return size(*changes).tco["on_premises"].three_year_usd

    base = cost()
    assert cost("compliance.log_retention=1 mo") < base < cost("compliance.log_retention=6 y")
    for change in ("supply.electricity=0.30 USD/kWh", "supply.pue=2", "supply.staff_fte=4", "finance.tax=8 %"):
        assert cost(change) > base


def test_a_cloud_provider_as_host_changes_the_text_of_the_verdict(size: Size) -> None:
    texts = [
        size(
            "compliance.data_class=cui",
            "supply.sites=[on_premises, hosted]",
            f"compliance.hosting_partner_is_csp={csp}",
        )
        for csp in ("false", "true")
    ]
    reasons = [next(v.reasons for v in plan.verdicts if v.site == "hosted") for plan in texts]
    assert "is no cloud service provider" in reasons[0][0] and "FedRAMP" in reasons[1][0]


def test_eur_without_a_rate_is_refused_with_a_sentence(size: Size) -> None:
    quote = "{item: hgx-h100-8, unit_price: 250000 EUR, as_of: 2026-11-01, supplier: S}"
    with pytest.raises(InvalidInput, match=r"Add EUR: \{rate: 1\.08, .*\} to finance\.fx\.$"):
        size(f"supply.quotes=[{quote}]")


def test_a_failed_write_leaves_one_sentence(cli: Cli) -> None:
    Path("file").write_text("mine", encoding="utf-8")
    result = cli("size", "small.yaml", "-o", "file")
    assert result.code == 2 and "cannot be written to file" in result.err and "Free space" not in result.err
    assert Path("file").read_text("utf-8") == "mine"


def test_redundancy_auto_is_delivered(cli: Cli) -> None:
    assert cli("size", "small.yaml", "-q", *sets("resilience.redundancy=auto")).code == 0


def test_n_plus_one_leaves_each_pool_a_replica_whichever_server_fails(folder: Path, size: Size) -> None:
    text = PROFILE.replace("supply:", TWO_POOLS + "supply:").replace("[on_premises]", "[enclave]")
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    plan = size()
    assert plan.decision is not None and plan.decision.gpus_per_server == 1
    assert all(pool.replicas * pool.tensor_parallel >= 2 for pool in plan.decision.pools)


def test_lowest_npv_is_claimed_only_when_it_is() -> None:
    inputs = load_inputs("clinical-notes", (), (), None)
    plan = make_plan(inputs.loaded, inputs.catalog, inputs.files)
    assert plan.decision is not None
    chosen, *others = [option.npv_usd for option in plan.ranking if option.npv_usd is not None]
    counted = f"of {len(others) + 1} admitted"
    assert counted not in plan.decision.reason or chosen <= min(others)


def test_a_budget_that_is_exceeded_is_said(size: Size) -> None:
    assert any("budget" in warning for warning in size("finance.budget_three_year=1000 USD").warnings)


def test_the_prototype_stands_beside_the_predictions(cli: Cli) -> None:
    prototype = "evidence={prototype: {gpu: h100-sxm, gpus: 2, concurrency: 25, tpot_mean: 34.6 ms}}"
    cli("size", "small.yaml", "-o", "out", "-q", *sets(prototype))
    assert "34.6" in Path("out/sizing.md").read_text("utf-8")


@pytest.mark.parametrize("field", ["latency: 500 s", "retry: {attempts: 20}"])
def test_an_integrations_latency_and_retries_count(size: Size, field: str) -> None:
    plain, changed = (size(f"integrations={{ehr: {{limit: 50 req/s{more}}}}}") for more in ("", f", {field}"))
    assert (plain.integrations, plain.warnings) != (changed.integrations, changed.warnings)


def test_a_quote_for_an_unknown_item_is_refused(size: Size) -> None:
    with pytest.raises(InvalidInput, match="hgx-h100-99"):
        size("supply.quotes=[{item: hgx-h100-99, unit_price: 1 USD, as_of: 2026-11-01, supplier: S}]")


def test_a_quoted_term_is_tried_under_auto(size: Size) -> None:
    quote = "{item: 'crusoe-h100-sxm-8x:three_year', unit_price: 1 USD/h, as_of: 2026-11-01, supplier: S}"
    plan = size("supply.sites=[hosted]", f"supply.quotes=[{quote}]")
    assert plan.decision is not None and plan.decision.term == "three_year"


@pytest.mark.parametrize("gate", ["foo.bar <= 3", "decision.gpus", "decision.site", "decision.site < 3", "slo.9.met"])
def test_what_is_no_gate_writes_nothing(cli: Cli, gate: str) -> None:
    result = cli("size", "small.yaml", "-o", "out", "--json", *sets(f"gates=[{gate}]"))
    assert result.code == 2 and result.out == "" and result.err.startswith("gates: ")
    assert not Path("out").exists()


def test_a_false_gate_is_reported_after_the_files_are_written(cli: Cli) -> None:
    gates = "gates=[slo.met, slo.0.met, complete, decision.gpus <= 1]"
    result = cli("size", "small.yaml", "-o", "out", "-q", *sets(gates))
    assert result.code == 4 and result.err.startswith("The gate decision.gpus <= 1 fails")
    assert "slo" not in result.err and Path("out/sizing.json").exists()


def test_tax_falls_on_every_purchase(size: Size) -> None:
    plan = size("finance.tax=10 %")
    spent = plan.tco["on_premises"].by_category
    goods = ("hardware", "network", "front_end", "facility", "spares")
    assert spent["tax"] == pytest.approx(0.1 * sum(spent[name] for name in goods), abs=0.01)


def test_a_year_of_support_is_the_yearly_rate(size: Size) -> None:
    plan = size("growth.rate=0 %/month")
    support = next(line for line in plan.tco["on_premises"].lines if line.id == "support")
    paid = sum(q * (support.unit_price_usd or 0) * math.prod(support.factors.values()) for q in support.quantity)
    servers = support.quantity[1]
    assert paid == pytest.approx(3 * 0.12 * (support.unit_price_usd or 0) * servers, abs=0.01)


def test_the_unit_of_a_price_is_shown(cli: Cli) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    cli("size", "small.yaml", "-o", "out", "-q")
    sheet = openpyxl.load_workbook("out/tco.xlsx")["Inputs"]
    rows = [[str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    power = next(row for row in rows if any(cell.startswith("electricity") for cell in row))
    assert "USD/kWh" in power


def test_the_trigger_follows_dated_growth(size: Size) -> None:
    load = "workloads.chat.load={rate: 60 req/s}"
    steep = size(load, "growth.points={2028-12: 1, 2029-06: 8}")
    plain = size(load)
    assert steep.roadmap is not None and len(steep.roadmap.purchases) > 1
    assert steep.triggers[0].threshold < plain.triggers[0].threshold
    alert = steep.triggers[0].predicted["base"]
    assert alert is not None and alert <= steep.roadmap.purchases[1].order_by


def test_a_second_site_draws_its_own_power(size: Size) -> None:
    plan = size("supply.power_limit=21 kW", "growth.rate=0 %/month", "resilience.disaster_recovery.posture=pilot_light")
    assert plan.decision is not None


@pytest.mark.parametrize(
    "change",
    [
        "workloads.chat.prefix_hit=100 %",
        "go_live=9999-12-01",
        "resilience.availability=0 %",
    ],
)
def test_extremes_get_a_sentence(size: Size, change: str) -> None:
    with pytest.raises(InvalidInput):
        size("resilience.redundancy=auto", change)


def test_a_useful_life_of_zero_is_refused(size: Size) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(InvalidInput):
            size("finance.useful_life=0 s")


def test_an_expansion_below_a_month_is_refused(size: Size) -> None:
    with pytest.raises(InvalidInput):
        size("supply.expansion=1 s")


def test_every_name_in_the_document_is_explained() -> None:
    inputs = load_inputs("clinical-notes", (), (), None)
    plan = make_plan(inputs.loaded, inputs.catalog, inputs.files)
    for step in plan.explain:
        assert f"{step.name} = {step.value}" in explained(plan, step.name, None)
        for following in step.next:
            assert explained(plan, following, None)
    steps = {step.name for step in plan.explain}
    for item in plan.assumptions:
        text = explained(plan, item.path, None)
        assert item.path in steps or (f"= {item.value}" in text and f"set by   {item.origin}" in text)


def test_explain_shows_any_path_of_the_plan_and_a_recorded_step_to_go_on_with(cli: Cli) -> None:
    cli("size", "small.yaml", "-o", "out", "-q")

    def text(name: str) -> str:
        result = cli("explain", name, "--plan", "out/sizing.json")
        assert result.code == 0, result.err
        return result.out

    plan = json.loads(Path("out/sizing.json").read_text("utf-8"))
    assert f"decision.utilization = {plan['decision']['utilization']}\n" in text("decision.utilization")
    assert f"order_by {plan['roadmap']['purchases'][0]['order_by']}" in text("roadmap.purchases")
    for category, amount in plan["tco"]["on_premises"]["by_category"].items():
        assert f"  {category} = {amount}\n" in text("tco.on_premises.by_category")
    assert f"= {plan['baseline']['three_year_usd']}\n" in text("baseline.three_year_usd")
    assert text("tco.three_year_usd") == text("tco.on_premises.three_year_usd")
    assert "next     aisizer explain roadmap." in text("roadmap.months")
    cost = plan["tco"]["on_premises"]["three_year_usd"]
    figure = text(f"{cost:,.0f} USD")
    assert (
        f"  tco.on_premises.three_year_usd = {cost:,.2f} USD\n    cash of period 0" in figure
        and "    source   " in figure
    )
    assert figure == text(f"{cost:,.0f} USD") and figure.endswith(
        "next     aisizer explain tco.on_premises.three_year_usd\n"
    )
    sentence = text(f"The SLO alone needs {plan['decision']['gpus_needed']} GPUs; 123,456.78 USD are nowhere.")
    assert "  decision.gpus_needed = " in sentence and "123,456.78 USD stands nowhere in the plan." in sentence
    lost = cli("explain", "123,456.78 USD", "--plan", "out")
    assert lost.code == 2 and "as the document prints it, with its unit" in lost.err
    alone = cli("explain", "49 %")
    assert alone.code == 2 and "Give one with --plan FILE." in alone.err
    assert text("first wave") == "wave, first wave: what is ordered at one time; the first is what is signed for now\n"
    assert text("p(MET)").startswith("P(met): chance that") and cli("explain", "TTFT").out.startswith(
        "TTFT, TPOT, E2E: time"
    )
    assert "  next" not in text("verdicts")
    part = cli("explain", "redundancy", "--plan", "out")
    assert part.code == 2 and "Did you mean" in part.err and "resilience.redundancy" in part.err
    wrong = cli("explain", "decision.gps", "--plan", "out/sizing.json")
    assert wrong.code == 2 and "Did you mean decision.gpus" in wrong.err


@pytest.mark.parametrize("arguments", [("size", "small.yaml"), ("catalog", "list", "gpus"), ("--help",)])
def test_a_full_or_closed_stdout_is_one_sentence(folder: Path, arguments: tuple[str, ...]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    for redirect in (">/dev/full", ">&-"):
        command = shlex.join([sys.executable, "-m", "aisizer", *arguments])
        done = subprocess.run(["sh", "-c", f"{command} {redirect}"], stderr=subprocess.PIPE, check=False, text=True)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1 and "stdout" not in done.stderr and "Traceback" not in done.stderr


def test_a_missing_plan_and_an_infeasible_profile_say_so_once(cli: Cli) -> None:
    missing = cli("render", "nowhere")
    assert missing.code == 2 and missing.err.startswith("The path nowhere does not exist. ")
    infeasible = cli("size", "small.yaml", *sets("workloads.chat.slo={ttft_p95: 1 ms}"))
    assert infeasible.code == 3 and infeasible.err.count("Earlier files are untouched.") == 1


UPFRONT = "{item: aws-p5.48xlarge, unit_price: 40 USD/h, as_of: 2026-11-01, supplier: S, upfront: 50 %}"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("supply.quotes=5",), "supply.quotes: a list is expected (got 5)"),
        (("supply.quotes=[{item: 5090}]", "supply.licences=[x]"), "the catalog has no licence of that name (got x)"),
        (("finance.escalation={powr: 3 %}",), 'no line has this category (got powr; did you mean "power"?)'),
        (
            (f"supply.quotes=[{UPFRONT}]",),
            "supply.quotes.0.upfront: only the price of a term has a part paid at its start",
        ),
        (
            ("supply.licences=[nvidia-ai-enterprise, nvidia-ai-enterprise]",),
            "supply.licences.1: the licence is named twice",
        ),
        (("supply.electricity=1e300 USD/kWh", "supply.staff_fte=1e308"), "must be at most 10000 (got 1e+308)"),
        (("compliance.control_costs={a: {cost: 1e300 USD}}", "finance.useful_life=1e300 y"), "at most 1e+09 MUSD"),
        (("finance.fx={eur: {rate: 1}}",), "a currency of three capital letters such as EUR is expected (got eur)"),
    ],
)
def test_faults_of_money_are_sentences(cli: Cli, given: tuple[str, ...], said: str) -> None:
    result = cli("size", "small.yaml", "-q", *sets(*given))
    assert result.code == 2 and said in result.err
