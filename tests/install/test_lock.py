"""requirements.lock holds what an installation needs, as pyproject.toml declares it and the CI lock tests it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from environments import closure
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from target import Target, accepted, locked

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
CI_LOCK = ROOT / "requirements-ci.lock"
TARGETS = [
    Target(platform, f"3.{minor}")
    for platform in ("win_amd64", "macosx_14_0_arm64", "manylinux_2_28_x86_64")
    for minor in (11, 12, 13, 14)
]


def versions(target: Target) -> dict[str, str]:
    pins = (Requirement(entry.split(" --hash")[0]) for entry in locked(LOCK, target))
    return {pin.name: str(pin.specifier).removeprefix("==") for pin in pins}


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_pin_is_one_that_ci_tests(target: Target) -> None:
    assert set(locked(LOCK, target)) <= set(locked(CI_LOCK, target))


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_pins_satisfy_pyproject(target: Target) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = versions(target)
    for wanted in map(Requirement, project["dependencies"]):
        assert pins[wanted.name] in wanted.specifier, f"{wanted} is not what `make lock` pinned: run it again"


def test_holds_what_an_installation_needs_and_no_more() -> None:
    assert versions(Target()).keys() == {canonicalize_name(name) for name in closure(["aisizer"])} - {"aisizer"}


def test_markers_ask_only_what_a_target_answers() -> None:
    asked = re.findall(r"^\S+==\S+ ; (.*) \\$", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    assert asked
    assert set(re.findall(r"[a-z_]{3,}", " ".join(re.sub(r"'[^']*'", "", one) for one in asked))) <= {
        "sys_platform", "python_full_version", "and"
    }  # fmt: skip


def test_markers_are_asked_of_the_target_and_not_of_this_machine() -> None:
    assert "colorama" in versions(Target("win_amd64", "3.12"))
    assert "colorama" not in versions(Target("manylinux_2_28_x86_64", "3.12"))
    assert versions(Target("win_amd64", "3.11"))["numpy"] != versions(Target("win_amd64", "3.12"))["numpy"]


def test_newer_glibc_runs_wheels_of_older_ones() -> None:
    assert set(accepted("manylinux_2_17_aarch64")) < set(accepted("manylinux_2_28_aarch64"))
