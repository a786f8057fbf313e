"""A complete Plan made by hand, and its variants: what the renderers are developed and tested against."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from math import prod
from typing import Any

from aisizer.costs.bom_totals import bom_totals
from aisizer.costs.records import BomLine, CostLine, SiteCost
from aisizer.costs.tco import accrual
from aisizer.plan import Assumption, Comparison, Decision, Inputs, IntegrationUse, Plan, SourceUse, Step, Verdict
from aisizer.roadmap.records import Checkpoint, Month, Purchase, Roadmap
from aisizer.sizing.records import Option, Pool, RejectionGroup, SloResult, WaterfallStep
from aisizer.triggers.records import Trigger

RATE = 0.09
GO_LIVE = date(2027, 7, 1)
TOKENS, REQUESTS = 5.5e11, 1.5e8
LIFE_MONTHS = 60.0


def month_start(month: int) -> date:
    """First day of production month `month` (1 = July 2027)."""
    index = GO_LIVE.month - 1 + month - 1
    return date(GO_LIVE.year + index // 12, index % 12 + 1, 1)


def line(id: str, category: Any, quantity: Iterable[float], price: float | None, **more: Any) -> CostLine:
    """A cost line with the fields that matter here."""
    given: dict[str, Any] = {
        "description": id.replace("_", " "),
        "treatment": "expense",
        "unit": "EA",
        "price_unit": f"USD/{more.get('unit', 'EA')}",
        "price_item": id,
        "source": "vendor-list-2026",
        "as_of": date(2026, 4, 5),
        "kind": "estimated",
    }
    return CostLine(id=id, category=category, quantity=tuple(quantity), unit_price_usd=price, **(given | more))


def at(*points: tuple[int, float]) -> list[float]:
    """37 quantities that are zero but at the given periods."""
    return [dict(points).get(period, 0.0) for period in range(37)]


def monthly(first: float, then: float | None = None, change: int = 13) -> list[float]:
    """37 quantities: nothing in period 0, then one level, then another."""
    return [0.0] + [first if m < change or then is None else then for m in range(1, 37)]


def site_cost(
    site: str, offer: str, term: str, lines: list[CostLine], rate: float | None = RATE, **more: Any
) -> SiteCost:
    """What the lines add up to."""
    amounts = {li.id: [q * (li.unit_price_usd or 0.0) * prod(li.factors.values()) for q in li.quantity] for li in lines}
    cash = [sum(column) for column in zip(*amounts.values(), strict=True)]
    monthly_rate = (1 + (rate or 0)) ** (1 / 12) - 1
    categories: dict[str, float] = {}
    for li in lines:
        categories[li.category] = categories.get(li.category, 0.0) + sum(amounts[li.id])
    capex = sum(sum(amounts[li.id]) for li in lines if li.treatment == "capitalise")
    total = sum(cash)
    charged = accrual(lines, LIFE_MONTHS).tolist()
    return SiteCost(
        site=site,
        gpu=more.get("gpu", "h100-sxm"),
        offer=offer,
        term=term,
        gpus=16,
        gpus_month_36=24,
        one_year_usd=round(sum(cash[:13]), 2),
        three_year_usd=round(total, 2),
        npv_usd=None if rate is None else round(sum(c / (1 + monthly_rate) ** m for m, c in enumerate(cash)), 2),
        usd_per_million_tokens=round(total / TOKENS * 1e6, 6),
        usd_per_request=round(total / REQUESTS, 6),
        capex_usd=round(capex, 2),
        opex_three_year_usd=round(total - capex, 2),
        by_category={name: round(value, 2) for name, value in categories.items()},
        missing=tuple(li.id for li in lines if li.unit_price_usd is None),
        lines=tuple(lines),
        cash_by_month_usd=tuple(round(c, 2) for c in cash),
        accrual_by_month_usd=tuple(round(c, 2) for c in charged),
        accrual_three_year_usd=round(sum(charged), 2),
    )


def own_lines(optics_price: float | None = 410.0) -> list[CostLine]:
    """On-premises: two servers now, a third in month 13."""
    book: dict[str, Any] = {"treatment": "capitalise"}
    return [
        line(
            "server",
            "hardware",
            at((0, 2)),
            265_000.0,
            description="HGX H100 x8 server",
            unit="server",
            low_usd=240_000.0,
            high_usd=310_000.0,
            waves=(1,),
            **book,
        ),
        line(
            "server_wave_2",
            "hardware",
            at((13, 1)),
            265_000.0,
            description="HGX H100 x8 server, wave 2",
            unit="server",
            price_item="server",
            waves=(2,),
            **book,
        ),
        line(
            "switch", "network", at((0, 2)), 21_500.0, description="400G leaf switch", unit="switch", waves=(1,), **book
        ),
        line("optics", "network", at((0, 36), (13, 8)), optics_price, description="400G optics", waves=(1, 2), **book),
        line("install", "install", at((0, 2), (13, 1)), 6_800.0, description="rack, cable, burn in", unit="server"),
        line(
            "support",
            "support",
            at((0, 2), (12, 2), (13, 1), (24, 3)),
            265_000.0,
            description="vendor support, yearly",
            treatment="prepaid",
            unit="server",
            price_item="server",
            factors={"support_rate_per_year": 0.07},
            factor_units={"support_rate_per_year": "1/year"},
            factor_paths={"support_rate_per_year": "supply.amounts.hardware-support-rate"},
        ),
        line(
            "power",
            "power",
            monthly(8_760.0, 13_140.0),
            0.0897,
            description="electricity",
            unit="kWh",
            factors={"pue": 1.3},
            factor_units={"pue": "1"},
            factor_paths={"pue": "supply.pue"},
            source="eia-2026-06",
            kind="measured",
        ),
        line(
            "staff",
            "staff",
            monthly(1.5),
            15_400.0,
            description="platform engineers",
            unit="FTE-month",
            source="bls-2025",
        ),
        line("storage", "storage", monthly(24.0, 55.0), 23.0, description="log storage, hot", unit="TB-month"),
        line(
            "residual",
            "residual",
            at((36, 3)),
            265_000.0,
            description="residual value",
            unit="server",
            price_item="server",
            factors={"residual": 0.0},
            factor_units={"residual": "1"},
            factor_paths={"residual": "finance.residual"},
        ),
    ]


def rented_lines(hourly: float, egress: float) -> list[CostLine]:
    """A rented site: instances by the hour."""
    return [
        line(
            "instances",
            "rent",
            monthly(2 * 730.0, 3 * 730.0),
            hourly,
            description="8 x H100 instance, three-year commitment",
            unit="instance-hour",
            price_item=f"instance at {hourly}",
        ),
        line(
            "egress",
            "egress",
            monthly(1_200.0),
            egress,
            description="internet egress",
            unit="GB",
            price_item=f"egress at {egress}",
        ),
        line(
            "staff",
            "staff",
            monthly(1.0),
            15_400.0,
            description="platform engineers",
            unit="FTE-month",
            source="bls-2025",
        ),
        line("storage", "storage", monthly(24.0, 55.0), 23.0, description="log storage, hot", unit="TB-month"),
    ]


def pool(name: str = "llama-3.3-70b", **more: Any) -> Pool:
    """The pool of the main model."""
    given: dict[str, Any] = {
        "name": name,
        "workloads": ("notes",),
        "model": name,
        "gpu": "h100-sxm",
        "replicas": 8,
        "replicas_needed": 4,
        "tensor_parallel": 2,
        "precision": "fp8",
        "engine": "vllm-0.33",
        "gpus": 16,
        "peak_rate_per_s": 7.5,
        "peak_rate_per_replica": 2.47,
        "utilization": 0.38,
        "utilization_degraded": 0.76,
        "weights_gb_per_gpu": 35.3,
        "kv_capacity_tokens": 482_000.0,
        "kv_use_p95": 0.41,
    }
    return Pool(**(given | more))


def months() -> tuple[Month, ...]:
    """Demand that doubles in 18 months; 16 GPUs, 24 from month 13."""
    return tuple(
        Month(
            month=m,
            start=month_start(m),
            demand_factor=round(1.04 ** (m - 1), 4),
            peak_rate_per_s=round(7.5 * 1.04 ** (m - 1), 4),
            gpus_needed=(8 if m < 4 else 16) if m < 13 else 24,
            gpus_in_service=16 if m < 13 else 24,
            servers_in_service=2 if m < 13 else 3,
            utilization=round(0.38 * 1.04 ** (m - 1) * (1 if m < 13 else 2 / 3), 4),
        )
        for m in range(1, 37)
    )


def roadmap() -> Roadmap:
    """Two purchases."""
    return Roadmap(
        go_live=GO_LIVE,
        go_live_gpus=16,
        month_12_gpus=16,
        month_36_gpus=24,
        months=months(),
        purchases=(
            Purchase(
                wave=1,
                gpus=16,
                servers=2,
                order_by=date(2027, 1, 28),
                need_by=GO_LIVE,
                covers_to_month=12,
                reason="go-live, for a budget year",
                release_by=date(2027, 2, 25),
                confirmed_by=date(2027, 3, 4),
                covers_until=month_start(13),
            ),
            Purchase(
                wave=2,
                gpus=8,
                servers=1,
                order_by=date(2028, 1, 29),
                need_by=month_start(13),
                covers_to_month=36,
                reason="demand passes the capacity of 2 servers with one down in month 13",
            ),
        ),
        checkpoints=tuple(
            Checkpoint(
                month=m,
                date=month_start(m),
                gpus=g,
                servers=g // 8,
                utilization=u,
                tightest_slo="notes ttft_p95",
                slo_ratio=s,
            )
            for m, g, u, s in ((1, 16, 0.38, 0.6), (12, 16, 0.58, 0.83), (36, 24, 0.99, 0.97))
        ),
        lead_time_weeks={"approval": 4, "order": 1, "delivery": 14, "install": 2, "burn_in": 1, "total": 22},
    )


def trigger(**more: Any) -> Trigger:
    """Load against sized capacity."""
    given: dict[str, Any] = {
        "id": "capacity.llama-3.3-70b",
        "alert": "AisizerCapacityHeadroomLow",
        "quantity": "peak load over sized capacity",
        "pool": "llama-3.3-70b",
        "threshold": 0.6134,
        "limit": 0.8,
        "growth_per_month": 0.04,
        "lead_time_weeks": 22.0,
        "review_weeks": 4.0,
        "formula": "0.8 / (1 + 0.04) ^ ((22 + 4) / 4.348) = 0.6134",
        "predicted": {"low": date(2028, 10, 1), "base": date(2028, 1, 1), "high": date(2027, 11, 1)},
        "fires_on_day_one": False,
        "severity": "ticket",
        "owner": "platform team",
        "action": "Order 1 server (8 x H100-SXM) for wave 2.",
        "sized_output_tokens_per_s": 8299.2,
        "sized_requests_per_s": 19.76,
        "model_label": "model_name",
        "metric": "vllm:generation_tokens_total",
        "engine": "vllm-0.33",
    }
    return Trigger(**(given | more))


def slo(**more: Any) -> SloResult:
    """One promised percentile."""
    given: dict[str, Any] = {
        "workload": "notes",
        "metric": "ttft",
        "percentile": "p95",
        "target_ms": 2000.0,
        "predicted_ms": 1210.0,
        "low_ms": 950.0,
        "high_ms": 1620.0,
        "degraded_ms": 1840.0,
        "met": True,
        "probability": 0.97,
        "probability_degraded": 0.62,
    }
    return SloResult(**(given | more))


def bom(optics_price: float | None = 410.0) -> tuple[BomLine, ...]:
    """What wave 1 and 2 order, one description hostile."""
    common: dict[str, Any] = {
        "price_source": "vendor-list-2026",
        "price_kind": "estimated",
        "price_as_of": date(2026, 4, 5),
        "price_age_days": 240,
        "lead_time_weeks": 22.0,
        "order_by": date(2027, 1, 28),
        "need_by": GO_LIVE,
        "treatment": "capitalise",
    }
    return (
        BomLine(
            line=1,
            wave=1,
            category="hardware",
            description="HGX H100 x8 server",
            manufacturer="Supermicro",
            mpn="SYS-821GE-TNHR",
            quantity=2,
            uom="EA",
            unit_price_usd=265_000.0,
            low_usd=240_000.0,
            high_usd=310_000.0,
            extended_price_usd=530_000.0,
            useful_life_months=60,
            power_kw=10.2,
            rack_units=8,
            **common,
        ),
        BomLine(
            line=2,
            parent=1,
            wave=1,
            category="hardware",
            description='=HYPERLINK("http://x","H100 SXM5 80GB")',
            mpn="-48VDC",
            quantity=16,
            uom="EA",
            unit_price_usd=0.0,
            extended_price_usd=0.0,
            notes="included in line 1",
            **common,
        ),
        BomLine(
            line=3,
            wave=1,
            category="network",
            description="400G optics",
            quantity=36,
            spares=2,
            uom="EA",
            unit_price_usd=optics_price,
            extended_price_usd=optics_price and 36 * optics_price,
            **common,
        ),
        BomLine(
            line=4,
            wave=2,
            category="hardware",
            description="HGX H100 x8 server",
            manufacturer="Supermicro",
            mpn="SYS-821GE-TNHR",
            quantity=1,
            uom="EA",
            unit_price_usd=265_000.0,
            extended_price_usd=265_000.0,
            **(common | {"order_by": date(2028, 1, 29), "need_by": month_start(13)}),
        ),
        BomLine(
            line=5,
            wave=1,
            category="network",
            description="400G leaf switch",
            quantity=2,
            uom="EA",
            unit_price_usd=21_500.0,
            extended_price_usd=43_000.0,
            **common,
        ),
        BomLine(
            line=6,
            wave=2,
            category="network",
            description="400G optics",
            quantity=8,
            uom="EA",
            unit_price_usd=optics_price,
            extended_price_usd=optics_price and 8 * optics_price,
            **(common | {"order_by": date(2028, 1, 29), "need_by": month_start(13)}),
        ),
    )


def option(site: str, gpu: str, offer: str, total: float | None, **more: Any) -> Option:
    """One priced option."""
    given: dict[str, Any] = {
        "term": "purchase",
        "gpus": 16,
        "gpus_needed": 6,
        "gpus_month_36": 24,
        "servers": 2,
        "pools": (pool(gpu=gpu),),
        "one_year_usd": total and total * 0.55,
        "npv_usd": total and total * 0.93,
        "complete": total is not None,
    }
    return Option(site=site, gpu=gpu, offer=offer, three_year_usd=total, **(given | more))


def assumptions() -> tuple[Assumption, ...]:
    """Some set by the user, some not."""
    return (
        Assumption(path="growth.rate", value="4 %/month", origin="user", reason="set in the profile"),
        Assumption(path="resilience.redundancy", value="N+1", origin="user", reason="set in the profile"),
        Assumption(
            path="resilience.headroom",
            value="20 %",
            origin="default",
            reason="Capacity kept free at the peak with the redundancy down, for forecast and model error.",
        ),
        Assumption(
            path="sites.on_premises.pue",
            value="1.3",
            origin="catalog",
            reason="modern air-cooled room",
            source="uptime-2025",
        ),
        Assumption(
            path="go_live",
            value="2027-07-01",
            origin="computed",
            reason="the earliest date that every admitted site can meet",
        ),
    )


def explain() -> tuple[Step, ...]:
    """A few recorded steps."""
    return (
        Step(
            name="decision.gpus",
            meaning="GPUs of the first purchase wave",
            formula="servers x gpus_per_server",
            inputs={"servers": "2", "gpus_per_server": "8"},
            value="16",
            unit="GPU",
            source="sizing",
            next=("decision.servers",),
        ),
        Step(
            name="waterfall.throughput",
            meaning="GPUs that the peak rate alone needs",
            formula="ceil(peak_rate / rate_per_replica) x TP",
            inputs={"peak_rate": "7.5 req/s", "rate_per_replica": "4.9 req/s"},
            value="4",
            unit="GPU",
            source="roofline model; Williams et al. 2009, doi:10.1145/1498765.1498785",
        ),
        Step(
            name="decision.gpus_p90",
            meaning="the first purchase with every SLO met at 90 % confidence",
            formula="as decision.gpus",
            inputs={"decision.gpus_needed_p90": "8"},
            value="24",
            unit="GPU",
            source="sizing",
        ),
    )


SOURCES = (
    SourceUse(
        id="vendor-list-2026",
        title="Server list price, reseller page",
        publisher="Reseller <b>& Co</b>",
        url="https://example.com/hgx",
        date="2026-04",
        kind="estimated",
        confidence="low",
        age_days=240,
        used_for=("server price", "switch price"),
    ),
    SourceUse(
        id="eia-2026-06",
        title="Electric Power Monthly 5.6.A",
        publisher="EIA",
        url="https://www.eia.gov/",
        date="2026-06",
        kind="measured",
        confidence="high",
        age_days=170,
        used_for=("electricity",),
    ),
    SourceUse(
        id="roofline",
        title="Roofline",
        publisher="CACM",
        url="",
        date="2009",
        kind="derived",
        confidence="high",
        age_days=None,
        used_for=("step time",),
    ),
)
REJECTIONS = (
    RejectionGroup(
        reason="slo",
        text="a latency target is missed",
        count=188,
        freed_by="ttft_p95 >= 2.4 s",
        nearest={
            "site": "hosted",
            "gpu": "l40s",
            "tensor_parallel": 8,
            "precision": "fp8",
            "got": 2400.0,
            "limit": 2000.0,
            "unit": "ms",
        },
    ),
    RejectionGroup(
        reason="memory",
        text="weights and one request do not fit",
        count=131,
        freed_by="tensor_parallel >= 4",
        nearest={"gpu": "l40s", "tensor_parallel": 1, "got": 70.6, "limit": 43.2, "unit": "GB"},
    ),
    RejectionGroup(reason="price", text="no price for the server", count=61, nearest={"gpu": "b300"}),
    RejectionGroup(
        reason="rule",
        text="no business associate agreement for PHI",
        count=32,
        nearest={"site": "commercial", "got": None},
    ),
)


def sample_plan(rate: float | None = RATE, optics_price: float | None = 410.0) -> Plan:
    """The clinical-notes plan: two sites and the enclave, priced, with today's fleet beside them."""
    own = site_cost("on_premises", "hgx-h100-8", "purchase", own_lines(optics_price), rate)
    hosted = site_cost("hosted", "h100-8-dedicated", "three_year", rented_lines(19.6, 0.0), rate)
    enclave = site_cost("enclave", "p5.48xlarge", "three_year", rented_lines(37.45, 0.155), rate)
    today = site_cost(
        "today", "hgx-a100-8", "purchase", own_lines(410.0)[:1] + rented_lines(31.0, 0.0)[2:], rate, gpu="a100-80-sxm"
    )
    finance: dict[str, Any] = {} if rate is None else {"discount_rate": rate}
    return Plan(
        aisizer_version="0.1.0",
        inputs=Inputs(
            profile_sha256="9f" * 32,
            catalog_version="2026.11",
            catalog_sha256="c4" * 32,
            fragments={"quotes/dell-2026-11.yaml": "ab" * 32},
        ),
        profile={
            "schema": "aisizer/profile/v1",
            "name": "clinical-notes",
            "plan_date": "2026-12-01",
            "finance": finance,
            "growth": {
                "phases": [
                    {
                        "name": "pilot",
                        "share": "15 %",
                        "start": "2027-07-01",
                        "exit": "4 weeks inside the SLO",
                        "owner": "CMIO",
                        "rollback": "an SLO missed on 3 days",
                    },
                    {"name": "all clinics", "share": 1.0, "start": "2027-10-01"},
                ]
            },
        },
        complete=not own.missing,
        decision=Decision(
            site="on_premises",
            site_name="on-premises",
            gpus=16,
            gpus_needed=6,
            servers=2,
            order_by=date(2027, 1, 28),
            gpu="h100-sxm",
            replicas=8,
            tensor_parallel=2,
            precision="fp8",
            engine="vllm-0.33",
            pools=(pool(),),
            offer="hgx-h100-8",
            offer_name="HGX H100 x8",
            gpus_per_server=8,
            term="purchase",
            redundancy="N+1",
            redundant_servers=1,
            go_live=GO_LIVE,
            utilization=0.38,
            utilization_degraded=0.76,
            gpus_p50=16,
            gpus_p90=24,
            gpus_needed_p90=8,
            probability_met=0.97,
            first_wave_usd=own.cash_by_month_usd[0] if optics_price else None,
            weakest_fact="server price of 2026-04, 240 days old, estimated",
            reason="It has the lowest net present cost of the options that meet every SLO with one server down.",
        ),
        slo=(slo(), slo(metric="tpot", target_ms=60.0, predicted_ms=41.0, low_ms=36.0, high_ms=48.0, degraded_ms=52.0)),
        waterfall=tuple(
            WaterfallStep(name=name, gpus=gpus, reason=reason)
            for name, gpus, reason in (
                ("throughput", 4, "7.5 req/s at the peak over 4.9 req/s a replica"),
                ("latency", 6, "TTFT p95 within 2.00 s allows 2.47 req/s a replica"),
                ("growth", 6, "demand at the end of the first wave"),
                ("burst", 6, "index of dispersion 2 in the peak minute"),
                ("headroom", 8, "20 % for forecast and model error"),
                ("confidence", 8, "confidence 50 %: the plain prediction, with headroom for its error"),
                ("servers", 8, "whole servers of 8"),
                ("redundancy", 16, "N+1: one server down at the peak"),
                ("upgrade", 16, "rolling, off-peak"),
                ("disaster_recovery", 16, "none asked for"),
            )
        ),
        ranking=(
            option("on_premises", "h100-sxm", "hgx-h100-8", own.three_year_usd, chosen=True, complete=not own.missing),
            option("on_premises", "h200-sxm", "hgx-h200-8", round(own.three_year_usd * 1.061, 2), gpus=8, servers=1),
            option("hosted", "h100-sxm", "h100-8-dedicated", hosted.three_year_usd, term="three_year"),
            option("enclave", "h100-sxm", "p5.48xlarge", enclave.three_year_usd, term="three_year"),
            option("hosted", "b200", "b200-8", None, term="three_year", note="no price for three years"),
        ),
        rejections=REJECTIONS,
        verdicts=(
            Verdict(
                site="on_premises",
                verdict="admitted",
                reasons=("the covered entity runs it itself",),
                citations=("45 CFR 164.308(a)",),
                basis="primary",
            ),
            Verdict(
                site="hosted",
                verdict="admitted with conditions",
                reasons=("a business associate agreement is signed first",),
                citations=("45 CFR 164.308(b)(1)", "45 CFR 164.504(e)"),
                basis="primary",
            ),
            Verdict(
                site="enclave",
                verdict="admitted",
                reasons=(),
                citations=("FedRAMP High",),
                basis="rests on a secondary source",
            ),
            Verdict(
                site="commercial",
                verdict="rejected",
                reasons=("no business associate agreement covers it",),
                citations=("45 CFR 164.308(b)",),
                basis="primary",
            ),
        ),
        roadmap=roadmap(),
        triggers=(trigger(),),
        bom=bom(optics_price),
        bom_totals=bom_totals(bom(optics_price)),
        tco={"on_premises": own, "hosted": hosted, "enclave": enclave},
        baseline=today,
        baseline_note="today's fleet of 8 A100-80-SXM, scaled to the same demand",
        prototype=(
            Comparison(name="TPOT mean", measured=0.0346, predicted=0.0312, unit="s"),
            Comparison(name="output tokens per second", measured=722.0, predicted=None, unit="token/s"),
        ),
        integrations=(
            IntegrationUse(
                name="ehr",
                limit_per_s=40.0,
                calls_per_s={"go_live": 22.5, "month_12": 34.6, "month_36": 88.8},
                worst_calls_per_s=266.4,
                latency_s=0.12,
                utilization={"go_live": 0.56, "month_12": 0.87, "month_36": 2.22},
                breaks_in_month=16,
                readiness="stubbed",
                attempts=3,
                failing=0.1,
                retry_calls_per_s={"go_live": 25.0, "month_12": 38.4, "month_36": 98.6},
                retry_utilization={"go_live": 0.63, "month_12": 0.96, "month_36": 2.47},
                worst_utilization={"go_live": 1.69, "month_12": 2.6, "month_36": 6.66},
                all_calls_per_s={"go_live": 67.5, "month_12": 103.8, "month_36": 266.4},
                breaks_with_retries_in_month=14,
                breaks_at_worst_in_month=1,
            ),
            IntegrationUse(
                name="audit",
                limit_per_s=None,
                calls_per_s={"go_live": 7.5, "month_12": 11.5, "month_36": 29.6},
                worst_calls_per_s=29.6,
                latency_s=None,
                utilization={"go_live": None, "month_12": None, "month_36": None},
                breaks_in_month=None,
                readiness="real",
                failing=0.1,
                retry_calls_per_s={"go_live": 7.5, "month_12": 11.5, "month_36": 29.6},
                all_calls_per_s={"go_live": 7.5, "month_12": 11.5, "month_36": 29.6},
            ),
        ),
        assumptions=assumptions(),
        sources=SOURCES,
        explain=explain(),
        warnings=(
            "The integration ehr reaches its limit of 40 req/s in month 16: raise it or cache answers before then.",
        ),
    )


def second_site_plan() -> Plan:
    """The sample with a server more at a second site, and its redundancy left to the plan."""
    plan = sample_plan()
    assert plan.decision is not None
    steps = (*plan.waterfall[:-1], WaterfallStep(name="disaster_recovery", gpus=24, reason="second site: pilot light"))
    decision = plan.decision.model_copy(update={"gpus": 24, "servers": 3, "redundancy": "auto"})
    return plan.model_copy(update={"waterfall": steps, "decision": decision})


def missing_price_plan() -> Plan:
    """The optics have no price: totals are lower bounds."""
    return sample_plan(optics_price=None)


def no_discount_plan() -> Plan:
    """No discount rate, hence no NPV; and a rented decision at N without baseline."""
    plan = sample_plan(rate=None)
    assert plan.decision is not None
    decision = plan.decision.model_copy(
        update={
            "term": "three_year",
            "site": "hosted",
            "site_name": "hosted",
            "redundancy": "N",
            "redundant_servers": 0,
        }
    )
    return plan.model_copy(update={"decision": decision, "baseline": None, "bom": (), "bom_totals": ()})


def two_pool_plan() -> Plan:
    """A second, small model beside the first, on the same servers."""
    plan = sample_plan()
    assert plan.decision is not None
    guard = pool("gemma-3-4b", workloads=("guard",), replicas=2, tensor_parallel=1, gpus=2, precision="bf16")
    pools = (pool(gpus=14, replicas=7), guard)
    scalars = dict.fromkeys(("gpu", "replicas", "tensor_parallel", "precision", "engine"))
    return plan.model_copy(
        update={
            "decision": plan.decision.model_copy(update={"pools": pools, **scalars}),
            "slo": (
                *plan.slo,
                slo(
                    workload="guard",
                    metric="e2e",
                    target_ms=300.0,
                    predicted_ms=88.0,
                    low_ms=71.0,
                    high_ms=103.0,
                    degraded_ms=301.0,
                    met=False,
                ),
            ),
            "triggers": (trigger(), trigger(id="capacity.gemma-3-4b", pool="gemma-3-4b", threshold=0.55)),
        }
    )


def infeasible_plan() -> Plan:
    """No option meets the profile."""
    empty: dict[str, Any] = {
        "decision": None,
        "slo": (),
        "waterfall": (),
        "ranking": (),
        "roadmap": None,
        "triggers": (),
    }
    return sample_plan().model_copy(
        update=empty | {"bom": (), "bom_totals": (), "tco": {}, "baseline": None, "complete": False}
    )
