"""The profile's prototype block becomes a load point like any other."""

from __future__ import annotations

import pytest

from aisizer.calibration.calibrate import observed
from aisizer.calibration.fit import fit
from aisizer.calibration.normalise import Given, normalise
from aisizer.calibration.read_prototype import read_prototype
from aisizer.catalog.load import load_catalog
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Prototype

BLOCK = {"gpu": "h100-sxm", "gpus": 1, "concurrency": 16, "output_tokens_per_s": 1700, "ttft_mean": "90 ms"}


def test_one_gpu_is_one_layout_and_its_point_is_fitted() -> None:
    catalog = load_catalog()
    point = read_prototype(Prototype.model_validate(BLOCK), 1000.0, 250.0, "llama-3.1-8b", "profile.yaml")
    assert (point.protocol, point.concurrency, point.tensor_parallel) == ("closed_steady", 16, 1)
    assert point.ttft.mean == 0.09
    assert point.requests_per_s == pytest.approx(6.8)
    found = normalise([point], Given(engine="vllm"), catalog)
    fitted = fit([observed(found.points[0], found.subject, catalog)])
    assert abs(fitted.residuals[0]["throughput"]) < 0.1


def test_several_gpus_need_the_layout_and_the_load_must_be_given() -> None:
    catalog = load_catalog()
    two = read_prototype(Prototype.model_validate(BLOCK | {"gpus": 2}), 1000.0, 250.0, "llama-3.1-8b", "profile.yaml")
    with pytest.raises(InvalidInput, match="Give --tp"):
        normalise([two], Given(engine="vllm"), catalog)
    bare = Prototype.model_validate({"gpu": "h100-sxm", "gpus": 1})
    with pytest.raises(InvalidInput, match="concurrency and output_tokens_per_s are needed"):
        read_prototype(bare, 1000.0, 250.0, "llama-3.1-8b", "profile.yaml")
