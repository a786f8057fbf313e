"""Managed APIs: priced by the token with a source, named apart from sites, and never a place for the fleet."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.catalog.names import NotASite
from aisizer.catalog.records import ManagedApi
from aisizer.catalog.verify import verify_catalog

CATALOG: Catalog = load_catalog()
FACTS = Path(__file__).parents[3] / "shared" / "facts" / "api_prices.csv"

each_api = pytest.mark.parametrize("api", CATALOG.apis.values(), ids=lambda api: api.id)


@each_api
def test_an_api_names_models_of_the_catalog_with_prices_and_dates(api: ManagedApi) -> None:
    assert api.models
    for model, price in api.models.items():
        assert model in CATALOG.models
        for amount in (price.input, price.output):
            assert (amount.unit, amount.kind) == ("USD/Mtoken", "list_price")
            assert 0.01 <= amount.base <= 20
        assert price.input.base <= price.output.base


def test_both_partitions_are_there_and_priced_apart() -> None:
    assert {api.site_class for api in CATALOG.apis.values()} == {"api_commercial", "api_government"}
    public, gov = (CATALOG.apis[name].models["gpt-oss-120b"] for name in ("bedrock", "bedrock-us-gov"))
    assert gov.output.base / public.output.base == pytest.approx(1.2)


@each_api
def test_an_api_is_no_site(api: ManagedApi) -> None:
    assert api.id not in CATALOG.sites
    with pytest.raises(NotASite, match=r"compared in the break-even only and is no place for the fleet\. Name one of"):
        CATALOG.find_site(api.id)


def test_a_model_that_the_catalog_does_not_know_is_a_fault() -> None:
    api = CATALOG.apis["bedrock"]
    wrong = api.model_copy(update={"models": {"no-such-model": api.models["gpt-oss-120b"]}})
    catalog = Catalog(**{name: getattr(CATALOG, name) for name in Catalog.__slots__} | {"apis": {"bedrock": wrong}})
    assert "apis/bedrock: the catalog has no model 'no-such-model'. Add it or correct the name." in verify_catalog(
        catalog
    )


@pytest.mark.skipif(
    not FACTS.is_file(), reason="the folder of facts (../shared/facts) does not lie beside this checkout"
)
@pytest.mark.parametrize(
    ("api", "model", "key"),
    [(api.id, model, price.name) for api in CATALOG.apis.values() for model, price in api.models.items()
     if api.id.startswith("bedrock")],
)  # fmt: skip
def test_bedrock_prices_are_those_of_the_facts(api: str, model: str, key: str) -> None:
    partition = "us-gov" if api.endswith("us-gov") else "commercial"
    rows = [
        row for row in csv.DictReader(FACTS.open(encoding="utf-8"))
        if row["partition"] == partition and row["key"].rsplit("/", 1)[-1] == key and row["key"].startswith(("bedrock", key))
    ]  # fmt: skip
    price = CATALOG.apis[api].models[model]
    assert (price.input.base, price.output.base) in {
        (float(row["input_usd_per_mtok"]), float(row["output_usd_per_mtok"])) for row in rows
    }
