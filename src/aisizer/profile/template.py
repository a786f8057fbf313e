"""The commented profile that `aisizer init` writes, from scratch or from a ready one."""

from __future__ import annotations

from datetime import date

MODELINE = "# yaml-language-server: $schema=./aisizer-profile.schema.json"

_TEMPLATE = """\
# A workload profile for aisizer. Lines that start with a hash and one space are notes; to use one of the other
# commented lines, take away its hash. `aisizer explain FIELD` gives the meaning and default of each field.
# For an editor that completes fields: aisizer schema profile > aisizer-profile.schema.json
schema: aisizer/profile/v1
name: {name}
plan_date: {plan_date}          # the clock of this plan: price ages, lead times and order-by dates count from here
#go_live: {go_live}           # left out: the first month that every admitted site and its path to production can meet

workloads:                       # by name; workloads with the same model share a pool of replicas
  chat:
    model: llama-3.3-70b         # a name of `aisizer catalog list models`, the path of a config.json, or a size: 70B
#    kind: chat                   # how uneven arrivals are where nobody measured them: `aisizer explain workloads.chat.kind`
#    precision: [fp8, bf16]       # allowed; left out: the published one and FP8
    load: {{users: 1500, requests_per_user_hour: 6, peak_factor: 2.2}}  # or {{rate: 12 req/s}} or {{concurrency: 400}}
#    burst: {{index_of_dispersion_60s: 2.0}}       # variance over mean of the arrivals per minute; `aisizer trace` measures it
    prompt_tokens: {{mean: 1200, p95: 4000}}       # or {{quantiles: {{p50: 1020, p95: 4083}}}} or {{trace: log.csv}}
    output_tokens: {{mean: 210, p95: 450}}
#    prefix_hit: 30 %             # share of prompt tokens served from the prefix cache; measure it before you set it
#    speculative: {{draft_tokens: 1, acceptance: 85 %}}   # left out: off; measure the acceptance before you set it
    slo: {{ttft_p95: 2 s, tpot_p95: 100 ms}}       # ttft, tpot, e2e; mean, p50, p90, p95, p99
#  guard:                         # supporting models are workloads too
#    model: gemma-3-4b
#    load: {{per_request_of: chat, calls: 2}}
#    prompt_tokens: {{mean: 900, p95: 2100}}
#    output_tokens: {{mean: 4, p95: 8}}
#    slo: {{e2e_p95: 300 ms}}

#growth:
#  rate: 3.4 %/month              # compound
#  low: 1.7 %/month
#  high: 5.1 %/month
#  seasonality: [1, 1, 1, 1, 1, 1, 0.9, 0.9, 1, 1.1, 1.1, 1]    # by calendar month; ratios to that of go-live count
#  phases:                        # the share of the demand that is on from a date
#    - {{name: pilot, share: 10 %, start: {go_live}, exit: four weeks inside the SLO,
#      owner: head of service, rollback: a missed SLO on three days}}
#    - {{name: all, share: 100 %, start: {second_phase}}}

#resilience:
#  redundancy: N+1                # servers that may be down at the peak with the SLO still met: N | N+1 | N+2 | auto
#  availability: 99.9 %           # what `auto` sizes for
#  headroom: 20 %                 # kept free at the peak, for forecast and model error
#  forecast_part: 50 %            # of the headroom; the rest is for model error
#  confidence: 50 %               # with which each SLO holds; above 50 % it replaces the rest wherever that is too little
#  servers_per_rack: 4            # that fall together with a rack; left out: rack losses are not counted
#  disaster_recovery: {{posture: none, link: 1 Gbit/s, site: on_premises, backup_site: hosted}}
#  upgrades: {{per_year: 2, method: rolling}}
#  environments: {{staging: {{rule: replica, shares_with_production: true}}}}    # fleets beside production

#compliance:                      # narrows the sites
#  data_class: internal           # public, internal, pii, phi, fci, cui, cui_specified, itar, cardholder, cji, fti
#  frameworks: []                 # beyond those of the data class; see `aisizer catalog list rules`
#  residency: us
#  logging: {{text: full, hot: 3 mo, warm: 3 mo, worm: false}}   # text: full | redacted | both | none; the rest is archived
#  archive_site: on_premises      # where old logs are kept, judged by the same rules
#  marking: Confidential          # on every page of the documents; left out: by data_class

#supply:
#  sites: [on_premises, hosted, enclave]
#  gpus: []                       # left empty: all of the catalog
#  disaggregation: never          # never | auto | always: prefill and decode on pools of their own
#  kv_precision: [bf16, fp8]      # of the key-value cache; left empty: the engine's own
#  api_processes: 2               # of each replica; left out: as the engine starts
#  parallelism: [expert, attention_dp, pipeline, multi_node]   # how a replica may be cut beyond TP in one server
#  power_limit: 120 kW            # of an owned site, as are racks, rack_power and cooling; what is left out is not checked
#  racks: 6
#  rack_power: 40 kW
#  cooling: air                   # air | liquid
#  quota: 8                       # instances that a rented site grants
#  lead_time: {{approval: 4 w, order: 1 w, delivery: 14 w, install: 2 w, burn_in: 1 w}}
#  path: {{owner: "", budgeted: false, review_in_parallel: false, security_review: [6 w, 9 w, 12 w]}}   # decision to production
#  vector_stores:                 # embeddings that prompts are looked up in
#    documents: {{chunks: 2000000, dimensions: 1024, growth: demand}}
#  front_end: {{spares: 1, jump_hosts: 2}}   # gateways, balancers, observers; see `aisizer explain supply.front_end`
#  order_every: 3 mo              # a batch of the just-in-time strategy, which the plan compares with its own purchases
#  commitment: auto               # auto | on_demand | one_year | three_year
#  quotes:                        # a supplier's price replaces the catalog's; or the path of a file with `quotes:`
#    - {{item: hgx-h100-8, unit_price: 265000 USD, as_of: {plan_date}, supplier: your supplier}}
#  licences: [nvidia-ai-enterprise]   # for every GPU; left out: none, because open engines need none

#integrations:                    # upstream systems that each request calls
#  ehr: {{calls_per_request: 3, latency: 120 ms, limit: 40 req/s, retry: {{attempts: 3, failing: 10 %}},
#    readiness: stubbed}}

#evidence:
#  today: {{gpu: a100-80-sxm, gpus: 8}}
#  prototype: {{gpu: h100-sxm, gpus: 2, concurrency: 25, output_tokens_per_s: 623, ttft_mean: 689 ms}}
#  orders:                        # what is on order, for `aisizer watch`; best in a file of its own, given with --with
#    - {{id: PO-1, site: on_premises, gpus: 16, ordered: {plan_date}, due: {go_live}, received: null}}

#finance: {{discount_rate: 9 %, useful_life: 5 y, residual: 0 %, budget_three_year: 6.0 MUSD,
#  gl_accounts: {{hardware: "1640-10"}}, cost_center: "4711"}}   # columns of the bill of materials
#gates: [tco.three_year_usd <= 6.0e6, slo.met]    # conditions on the plan; a false one exits 4
"""


def commented_profile(name: str, plan_date: date) -> str:
    """A commented profile that is valid as it stands, and with all of its commented fields put in use."""
    go_live = date(plan_date.year + 1, plan_date.month, 1)
    second_phase = date(go_live.year + (go_live.month > 9), (go_live.month + 2) % 12 + 1, 1)
    return with_modeline(_TEMPLATE.format(name=name, plan_date=plan_date, go_live=go_live, second_phase=second_phase))


def with_modeline(text: str) -> str:
    """The text with the editor's schema line first, once.

    >>> with_modeline(with_modeline("schema: aisizer/profile/v1")).count("yaml-language-server")
    1
    """
    lines = [line for line in text.splitlines() if not line.startswith("# yaml-language-server:")]
    return "\n".join([MODELINE, *lines]) + "\n"
