"""The words of the screen and of the document, for those who sign."""

from __future__ import annotations

WORDS = {
    "SLO": "service level objective: a percentile of a latency that is promised at the peak hour",
    "TTFT, TPOT, E2E": "time to the first token, per output token after it, of the whole answer; p95: 95 of 100 are faster",
    "P(met)": "chance that the measured latency is within its target, by the error of measured predictions",
    "predicted": "the percentile in simulated runs; ±: its 95 % interval, <: the upper end of one that reaches down to 0",
    "80 % band": "where the next measured value lies with a chance of 80 %, wider where few stand behind it",
    "P50, P90": "sized so that the prediction holds with a chance of 50 or 90 %",
    "replica, pool": "GPUs that hold one copy of a model together; all replicas of one model",
    "TP, PP, EP": "tensor, pipeline and expert parallel: ways to spread a replica over GPUs; TP2: over two",
    "KV cache": "memory that holds the context of the requests under way",
    "prefill, decode": "reading a prompt; making its answer, token by token",
    "prefix cache": "share of the prompt tokens that an earlier request left in memory, and that are not read again",
    "index of dispersion": "variance over mean of the arrivals in a minute; 1 where they come independently",
    "burst": "rate of the busiest minutes over that of the peak hour",
    "headroom": "capacity kept free for errors of the forecast and of the model",
    "N+1, N+k": "one, or k, servers may be down at the peak with every SLO met",
    "wave, first wave": "what is ordered at one time; the first is what is signed for now",
    "upgrade surge": "servers for a model's next version while the old one still serves",
    "RTO, RPO": "time to be back after a disaster; span of writes that may be lost",
    "error budget": "share of the requests that may miss a promise; an alert pages where it is used up too fast",
    "baseline": "today's fleet, or a rule of thumb, grown and priced alike; it promises no SLO",
    "cash, accrual": "when it is paid; when it serves or is used",
    "period 0": "all spend before service; month 1 is the first month of production",
    "NPV": "net present value: cash discounted at the profile's yearly rate",
    "FTE, tCO2e": "full-time equivalent, the work of one person; tonnes of greenhouse gas as carbon dioxide",
    "stranded": "GPUs in service beyond what their month needs, redundancy counted as need",
}
