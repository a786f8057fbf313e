"""Tests that need a system tool are skipped with a reason on a desk and fail in CI, where nothing is skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator

import pytest
from hypothesis import Phase, settings

IN_CI = os.environ.get("CI", "").lower() in ("1", "true")

# No deadline: a busy machine must not turn a slow draw into a failure. In CI every run draws the same examples.
settings.register_profile("aisizer", deadline=None, derandomize=IN_CI)
# `make fuzz`: cases that no run has drawn before.
settings.register_profile("nightly", deadline=None, derandomize=False, max_examples=10_000)
# `make mutants`: that a test fails is enough, so no shorter example is looked for.
settings.register_profile("mutants", deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
settings.load_profile("aisizer")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.external("promtool")` needs promtool on the PATH."""
    for marker in item.iter_markers("external"):
        missing = [tool for tool in marker.args if shutil.which(tool) is None]
        if missing:
            pytest.skip(f"{', '.join(missing)} is not installed; .ci/run installs it")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if IN_CI and report.skipped and item.get_closest_marker("external"):
        report.outcome = "failed"
        report.longrepr = f"a test marked external was skipped in CI, where nothing is: {report.longrepr}"
    return report
