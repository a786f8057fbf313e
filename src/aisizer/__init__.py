"""aisizer sizes production LLM inference from one YAML workload profile."""

__version__ = "0.1.0"
