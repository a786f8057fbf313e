"""How far the slowest of several ranks lies above the mean: experts, tokens and sequences are never spread evenly."""

from __future__ import annotations

import numpy as np

from aisizer.engine import constants as c
from aisizer.engine.roofline import experts_hit
from aisizer.shapes import Floats
from aisizer.special import ndtri


def expected_maximum(count: Floats) -> Floats:
    """Expected largest of n standard normal draws: the normal quantile of (n - 0.375) / (n + 0.25). [1]

    Source: Blom 1958, Statistical Estimates and Transformed Beta-Variables; exact: 0.564 for 2, 1.424 for 8, 2.344 for 64.

    >>> expected_maximum(np.array([1.0, 2.0, 8.0, 64.0])).round(3).tolist()
    [0.0, 0.589, 1.434, 2.337]
    """
    return np.asarray(ndtri((count - 0.375) / (count + 0.25)))


def slowest_rank_pairs(tokens: Floats, experts: int, per_token: int, ranks: int) -> Floats:
    """Expected token-expert pairs on the fullest of `ranks` ranks that share the experts evenly. [1]

    mean + z sigma with mean mu = T k / n, z the expected maximum of n normal draws, and sigma^2 = mu (1 - 1 / n) for
    chance plus (cv mu)^2 n / E for lasting popularity, of which a rank of E / n experts averages a part.
    Never more than every token on its top-k experts of one rank.
    Source: balls into bins, normal limit (Raab and Steger 1998, doi:10.1007/3-540-49543-6_13); Blom 1958 for z.

    256 tokens of 8 out of 256 experts on 8 ranks: 256 + 1.434 sqrt(256 x 7/8 + (0.5 x 256)^2 / 32) = 256 + 38.9.

    >>> slowest_rank_pairs(np.array([256.0]), 256, 8, 8).round(1).tolist()
    [294.9]
    """
    mean = tokens * per_token / ranks
    variance = mean * (1 - 1 / ranks) + (c.EXPERT_POPULARITY_SPREAD * mean) ** 2 * ranks / experts
    most = tokens * min(per_token, -(-experts // ranks))
    return np.minimum(mean + expected_maximum(np.array(float(ranks))) * np.sqrt(variance), most)


def slowest_rank_hit(tokens: Floats, experts: int, per_token: int, ranks: int) -> Floats:
    """Expected experts read by the rank that reads most of its E / n: binomial, normal limit, at most all it holds. [1]

    Source: as `experts_hit`; the spread of a binomial count; Blom 1958.

    32 tokens of 8 out of 256 experts hit 55 % (skew 0.78): 17.6 of 32 on each of 8 ranks, and 17.6 + 1.434 x 2.8 on
    the worst.

    >>> slowest_rank_hit(np.array([32.0]), 256, 8, 8).round(1).tolist()
    [21.6]
    """
    held = -(-experts // ranks)
    share = experts_hit(tokens, experts, per_token) / experts
    spread = np.sqrt(held * share * (1 - share))
    return np.minimum(held * share + expected_maximum(np.array(float(ranks))) * spread, float(held))


def slowest_lane_contexts(sequences: Floats, lanes: int) -> Floats:
    """Mean contexts on the lane that holds most, for sequences dealt evenly over lanes. [1]

    max(B / n, 1) + z cv sqrt(max(B / n, 1)), z over the lanes in use: the sum of B / n contexts of spread cv.
    Source: central limit theorem; Blom 1958 for z.

    >>> slowest_lane_contexts(np.array([1.0, 8.0, 512.0]), 8).round(2).tolist()
    [1.0, 1.72, 69.74]
    """
    even = np.maximum(sequences / lanes, 1.0)
    z = expected_maximum(np.minimum(sequences, float(lanes)))
    return np.asarray(even + z * c.CONTEXT_SPREAD * np.sqrt(even))
