"""The disaster-recovery site, the backup target and the log archive pass the same rules as the fleet."""

from __future__ import annotations

from typing import Any

from aisizer.catalog.load import load_catalog
from aisizer.profile.sections import Compliance, DisasterRecovery
from aisizer.sizing.admissible import PlaceVerdict, frameworks_for, other_places, place_names, refused_places

CATALOG = load_catalog()
BARE = CATALOG.sites["commercial"].model_copy(update={"id": "bare", "attestations": ()})
SITES = {**CATALOG.sites, "bare": BARE}


def places(compliance: dict[str, Any], recovery: dict[str, Any]) -> tuple[PlaceVerdict, ...]:
    chosen = Compliance(**compliance)
    rules = frameworks_for(chosen, CATALOG.rules)
    return other_places(CATALOG.sites["on_premises"], chosen, DisasterRecovery(**recovery), rules, SITES)


def test_left_out_they_stand_at_the_chosen_sites_class() -> None:
    found = places({"data_class": "cui"}, {})
    assert [place.role for place in found] == ["disaster-recovery site", "backup target", "log archive"]
    assert all(place.verdict.site == "on_premises" and not place.named for place in found)
    assert refused_places(found) == ()


def test_backups_go_to_the_second_site_where_none_is_named_for_them() -> None:
    second, backup, archive = places({}, {"site": "enclave"})
    assert (second.verdict.site, backup.verdict.site, archive.verdict.site) == ("enclave", "enclave", "on_premises")
    assert (second.named, backup.named) == (True, False)


def test_each_field_is_refused_by_its_own_path() -> None:
    compliance = {"data_class": "cui", "archive_site": "bare"}
    refused = refused_places(places(compliance, {"site": "bare", "backup_site": "bare"}))
    assert [sentence.split(":")[0] for sentence in refused] == [
        "resilience.disaster_recovery.site",
        "resilience.disaster_recovery.backup_site",
        "compliance.archive_site",
    ]
    assert all(
        "(DFARS 252.204-7012(b)(2)(ii)(D))" in sentence and "leave the field out" in sentence for sentence in refused
    )


def test_the_same_places_are_admitted_for_data_that_no_rule_binds() -> None:
    assert refused_places(places({"archive_site": "bare"}, {"site": "bare", "backup_site": "bare"})) == ()


def test_residency_binds_them_too() -> None:
    (sentence,) = refused_places(places({"residency": "eu", "archive_site": "commercial"}, {}))
    assert sentence.startswith("compliance.archive_site: the log archive commercial is not admitted. Residency rejects")


def test_the_names_are_those_of_the_fields() -> None:
    recovery = DisasterRecovery(site="hosted")
    assert place_names(Compliance(archive_site="enclave"), recovery) == {
        "resilience.disaster_recovery.site": "hosted",
        "compliance.archive_site": "enclave",
    }
