"""The hardware catalog: sourced records of GPUs, servers, models, engines, prices, sites and rules."""
