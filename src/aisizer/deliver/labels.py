"""How the Plan's ids read in a sentence, and the few facts that every renderer looks up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from aisizer.catalog.records import ENGINES
from aisizer.costs.records import SiteCost
from aisizer.deliver import numbers
from aisizer.errors import NoFeasiblePlan
from aisizer.plan import Decision, Plan
from aisizer.profile.marking import handling_marking
from aisizer.profile.sections import Finance
from aisizer.sizing.records import Pool
from aisizer.triggers.records import Trigger

_WORDS = {
    "slo": "SLO",
    "tp": "TP",
    "baa": "BAA",
    "non_production": "non-production",
    "backup_restore": "backup and restore",
    "burn_in": "burn-in",
}
_TERMS = {
    "purchase": "purchase",
    "on_demand": "on demand",
    "one_year": "one-year commitment",
    "three_year": "three-year commitment",
}
_STEPS = {"disaster_recovery": "disaster recovery", "upgrade": "upgrade surge", "servers": "whole servers"}


def decided(plan: Plan) -> Decision:
    """The decision of a plan that has one."""
    if plan.decision is None:
        raise NoFeasiblePlan("No option meets the profile; the rejections name the nearest misses.")
    return plan.decision


def profile_name(plan: Plan) -> str:
    """The profile's name."""
    return str(plan.profile["name"])


def plan_date(plan: Plan) -> date:
    """The clock of the plan."""
    return date.fromisoformat(str(plan.profile["plan_date"]))


def finance(plan: Plan) -> Finance:
    """How the profile counts money, defaults included."""
    return Finance.model_validate(plan.profile.get("finance") or {})


def discount_rate(plan: Plan) -> float | None:
    """The yearly discount rate that the profile sets, if it sets one."""
    return finance(plan).discount_rate


def served_share(plan: Plan) -> float:
    """The share of the planned demand that finance expects to be served; all of it where the profile does not say."""
    return finance(plan).served_share


def site(site_id: str) -> str:
    """A site's id as words."""
    return site_id.replace("_", "-")


def gpu(gpu_id: str) -> str:
    """A GPU class as vendors write it."""
    return gpu_id.upper()


def engine(engine_id: str) -> str:
    """An engine and its version.

    >>> engine("vllm-0.33"), engine("mine-2")
    ('vLLM 0.33', 'mine 2')
    """
    name, _, version = engine_id.partition("-")
    return f"{ENGINES.get(name, name)} {version}".rstrip()


def term(term_id: str) -> str:
    """How capacity is bought or rented."""
    return _TERMS.get(term_id, term_id.replace("_", " "))


def words(code: str) -> str:
    """A short code as words: why an option was rejected, a category of cost, a posture, a part of the lead time."""
    return _WORDS.get(code, code.replace("_", " "))


def step(name: str, decision: Decision) -> str:
    """A step of the hardware waterfall."""
    if name == "confidence":
        return f"confidence {numbers.exact_share(decision.confidence)}"
    return f"redundancy {redundancy(decision)}" if name == "redundancy" else _STEPS.get(name, name)


def redundancy(decision: Decision) -> str:
    """How many servers are spare, such as N+1; also where the profile leaves the number to the plan."""
    return f"N+{decision.redundant_servers}" if decision.redundant_servers else "N"


def parallelism(pool: Pool) -> str:
    """How a replica is spread over GPUs, such as TP2, TP8 x PP2 or 8 GPUs (attention-DP 8, EP 8)."""
    if "," in pool.layout:
        return f"{pool.gpus // pool.replicas} GPUs ({pool.layout})"
    return pool.layout or f"TP{pool.tensor_parallel}" + (
        f" x PP{pool.pipeline_parallel}" if pool.pipeline_parallel > 1 else ""
    )


def replicas(pool: Pool) -> str:
    """A pool's replicas in one phrase, such as 8 replicas x TP2, FP8, vLLM 0.33."""
    cache = "" if pool.kv_precision == "bf16" else f", {pool.kv_precision.upper()} cache"
    drafts = f", {numbers.count(pool.draft_tokens, 'draft token')}" if pool.draft_tokens else ""
    held = f"{pool.precision.upper()}{cache}{drafts}"
    return f"{numbers.count(pool.replicas, 'replica')} x {parallelism(pool)}, {held}, {engine(pool.engine)}"


def fleet(decision: Decision) -> str:
    """The GPUs that are signed for now, such as 16 x H100-SXM; by class where pools differ."""
    classes = dict.fromkeys(pool.gpu for pool in decision.pools)
    if decision.gpu is not None or len(classes) < 2:
        return f"{decision.gpus} x {gpu(decision.gpu or next(iter(classes)))}"
    return f"{decision.gpus} GPUs ({', '.join(gpu(name) for name in classes)})"


def verb(decision: Decision) -> str:
    """Whether the fleet is bought or rented."""
    return "buy" if decision.term == "purchase" else "rent"


def down_phrase(decision: Decision) -> str:
    """The redundancy's failure in words, such as one server down."""
    servers = decision.redundant_servers
    return "with a server down" if servers == 1 else f"with {servers} servers down"


def gpus_p90(decision: Decision) -> str:
    """The first purchase at 90 % confidence, or why there is none."""
    return "none of this layout" if decision.gpus_p90 is None else str(decision.gpus_p90)


def fullest(pools: Sequence[Pool]) -> float:
    """Share of the KV cache in use at p95 in the pool that is nearest to the wall."""
    return max(pool.kv_use_p95 for pool in pools)


def engines(pools: Sequence[Pool]) -> str:
    """The engine versions whose step times the predictions assume."""
    return ", ".join(dict.fromkeys(engine(pool.engine) for pool in pools))


def second_site(plan: Plan) -> str | None:
    """What disaster recovery adds to the first wave at the second site, or None where it adds nothing."""
    decision = decided(plan)
    gpus = {step.name: step.gpus for step in plan.waterfall}
    added = gpus.get("disaster_recovery", 0) - gpus.get("upgrade", 0)
    if not added:
        return None
    return f"{numbers.count(added, 'GPU')} ({numbers.count(added // decision.gpus_per_server, 'server')})"


def first_trigger(plan: Plan) -> Trigger | None:
    """The load trigger that is expected to fire first; without any expected date, the one with the lowest threshold."""
    loads = [trigger for trigger in plan.triggers if trigger.kind == "load"]
    return min(
        loads, key=lambda t: (not t.fires_on_day_one, t.predicted.get("base") or date.max, t.threshold), default=None
    )


def phases(plan: Plan) -> list[dict[str, Any]]:
    """The phases of the rollout as the profile gives them."""
    return list((plan.profile.get("growth") or {}).get("phases") or ())


def sites_in_order(plan: Plan) -> list[SiteCost]:
    """The admitted sites, the chosen one first and the others as the Plan has them."""
    chosen = decided(plan).site
    return sorted(plan.tco.values(), key=lambda cost: cost.site != chosen)


def missing_lines(cost: SiteCost) -> str:
    """Which lines of a site lack a price, as the end of a sentence."""
    names = [line.description for line in cost.lines if line.id in cost.missing] or list(cost.missing)
    lack = "lines has" if len(cost.missing) == 1 else "lines have"
    return f"{len(cost.missing)} of {len(cost.lines)} {lack} no price ({listed(list(dict.fromkeys(names)))})"


def listed(words: Sequence[str], most: int = 4) -> str:
    """The first few words, and that there are more; apart by semicolons where one of them has a comma.

    >>> listed(["a", "b", "c"], 2), listed(["servers, parts", "racks"])
    ('a, b and others', 'servers, parts; racks')
    """
    apart = "; " if any("," in word for word in words) else ", "
    return apart.join(words[:most]) + (" and others" if len(words) > most else "")


def confirmed(plan: Plan) -> str:
    """Where the predicted percentiles come from."""
    found = plan.confirmation
    if found is None or found.confirm == "none":
        return "Analytic"
    seeds = numbers.count(found.seeds, "seed")
    how = "Replayed" if found.replayed else "Simulated"
    return f"{how} {numbers.count(found.simulated, 'request')}, up to {found.requests:,} a run, {seeds}"


def carried_month(plan: Plan) -> str:
    """The last month that the first purchase carries, at whose demand the percentiles are predicted."""
    if plan.roadmap is None:
        raise NoFeasiblePlan("The plan has no roadmap, so nothing is carried. Size a feasible profile.")
    return f"month {plan.roadmap.purchases[0].covers_to_month}"


def marking(plan: Plan) -> str:
    """How the plan's documents are to be handled; from the profile, as plans of earlier versions carry no marking."""
    compliance = plan.profile.get("compliance") or {}
    return handling_marking(str(compliance.get("data_class", "internal")), compliance.get("marking"))
