"""The commented profile of `aisizer init`, and the verbs that write, check and explain profiles."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.catalog.load import KINDS
from aisizer.cli.init import init
from aisizer.cli.schema import field_text, schema
from aisizer.cli.validate import validate
from aisizer.errors import InvalidInput, OutputError
from aisizer.profile.fields import default_text, field_of, field_types, type_at
from aisizer.profile.load import load_profile, ready_path
from aisizer.profile.sections import Profile
from aisizer.profile.template import MODELINE, commented_profile
from aisizer.profile.yaml_file import read_yaml

DAY = date(2026, 12, 1)


def in_use(text: str) -> str:
    """The template with every commented field put in use, as its first lines tell the reader to."""
    return re.sub(r"(?m)^#(?! \S)", "", text)


def test_the_template_is_a_valid_profile(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(commented_profile("my-service", DAY), encoding="utf-8")
    loaded = load_profile(path)
    assert loaded.profile.name == "my-service" and list(loaded.profile.workloads) == ["chat"]
    assert path.read_text("utf-8").splitlines()[0] == MODELINE


@given(st.dates(date(2020, 1, 1), date(2050, 12, 31)))
def test_the_template_is_valid_with_all_of_its_comments_in_use_on_any_day(day: date) -> None:
    data = read_yaml(in_use(commented_profile("my-service", day)), "p.yaml").data
    profile = Profile.model_validate(data)
    assert set(data) == set(field_types(Profile)), "every section is shown"
    assert profile.go_live and profile.go_live > profile.plan_date
    first, second = profile.growth.phases
    assert first.start == profile.go_live < second.start


@pytest.mark.parametrize(
    "path",
    [
        "growth.rate",
        "resilience.redundancy",
        "resilience.availability",
        "resilience.headroom",
        "compliance.data_class",
        "compliance.residency",
        "supply.sites",
        "supply.gpus",
        "supply.commitment",
        "workloads.chat.slo",
        "workloads.chat.load.peak_factor",
        "finance.useful_life",
        "finance.residual",
    ],
)
def test_the_template_shows_the_real_defaults(path: str) -> None:
    data = read_yaml(in_use(commented_profile("my-service", DAY)), "p.yaml").data
    *parents, name = path.split(".")
    for parent in parents:
        data = data[parent]
    shown = data[name]
    text = "[" + ", ".join(shown) + "]" if isinstance(shown, list) else str(shown)
    if isinstance(shown, dict):
        text = "{" + ", ".join(f"{key}: {value}" for key, value in shown.items()) + "}"
    assert text == default_text(type_at(path.split(".")), field_of(type_at(parents), name))


def test_init_writes_a_profile_named_after_its_file_and_never_replaces_one(tmp_path: Path) -> None:
    path = tmp_path / "Claims & Letters.yaml"
    assert str(path) in init(path, None, DAY)
    assert load_profile(path).profile.name == "claims-letters"
    with pytest.raises(InvalidInput, match="the file exists"):
        init(path, None, DAY)
    with pytest.raises(OutputError, match="cannot be written"):
        init(tmp_path / "absent" / "p.yaml", None, DAY)


def test_init_from_a_ready_profile_keeps_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    init(path, "clinical-notes", DAY)
    text, ready = path.read_text("utf-8"), ready_path("clinical-notes").read_text("utf-8")
    assert text.splitlines()[0] == MODELINE
    assert [line for line in ready.splitlines() if "yaml-language-server" not in line] == text.splitlines()[1:]
    with pytest.raises(InvalidInput, match="did you mean"):
        init(tmp_path / "q.yaml", "clinical-note", DAY)


def test_validate_says_which_files_are_valid_or_every_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, long = tmp_path / "good.yaml", tmp_path / "bad.yaml", tmp_path / "long.yaml"
    init(good, None, DAY)
    bad.write_text(good.read_text("utf-8").replace("2 s", "2").replace("500", "some"), encoding="utf-8")
    long.write_text(good.read_text("utf-8").replace("{mean: 210, p95: 450}", "{mean: 2, p95: 7.6}"), encoding="utf-8")
    validate([str(good)], None)
    assert capsys.readouterr().out == f"{good}: valid.\n"
    with pytest.raises(InvalidInput) as caught:
        validate([str(bad), str(good), "absent.yaml", str(long)], None)
    assert [fault.path for fault in caught.value.faults] == [
        "workloads.chat.load.users",
        "workloads.chat.slo.ttft_p95",
        "",
        "workloads.chat.output_tokens",
    ]


def test_an_unknown_name_and_a_missing_unit_are_reported_together(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    init(path, None, DAY)
    text = path.read_text("utf-8").replace("2 s", "2").replace("model: ", "model: lama-")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        validate([str(path)], None)
    model, slo = caught.value.faults
    assert str(model).startswith(f"{path}:{model.line}:12: workloads.chat.model: the catalog has no model")
    assert slo.path == "workloads.chat.slo.ttft_p95"


def test_schema_and_field_help_as_text() -> None:
    assert json.loads(schema("profile"))["title"] == "aisizer workload profile"
    assert "properties" in json.loads(schema("plan"))
    assert set(json.loads(schema("catalog"))) == {"$id", *KINDS}
    assert {"triggers", "fired", "sizing_void"} <= set(json.loads(schema("watch"))["properties"])
    with pytest.raises(InvalidInput, match='did you mean "profile"'):
        schema("profil")
    assert "default   20 %" in field_text("resilience.headroom")
