"""Queues: textbook formulas, and the analytic model of a continuously batching replica."""
