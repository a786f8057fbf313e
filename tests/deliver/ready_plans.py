"""The ready profiles, each sized once for all tests of what is made of their plans."""

from __future__ import annotations

from functools import cache

import pytest

from aisizer.catalog.load import load_catalog
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import load_profile, ready_profiles

each_ready = pytest.mark.parametrize("name", ready_profiles())


@cache
def ready(name: str) -> Plan:
    return make_plan(load_profile(name), load_catalog(), confirm="none")
