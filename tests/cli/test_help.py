"""Help fits a screen and its examples run; the shell completes what can be typed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from command_line import Cli

from aisizer.catalog import load
from aisizer.cli import completion as offered
from aisizer.cli import schema, simulate
from aisizer.cli.app import HELP, app
from aisizer.sizing.drills import DRILLS

ROOT = Path(__file__).parents[2]
ROWS, COLUMNS = 40, 80
LAID_OUT = (ROOT / "examples/traffic/requests.csv.gz", *(ROOT / "examples/calibration").glob("conc*.json"))
POINTS = "model,gpu,tp,isl_mean,osl_mean,load_value\nllama-3.1-8b,h100-sxm,1,512,64,8\n"
LEVELS = "day,trigger,level\n" + "".join(f"2027-12-{day:02},capacity-llama-3.3-70b,0.2\n" for day in range(10, 29))


def verbs(command: typer.core.TyperCommand, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every verb, with the words that lead to it."""
    for name, below in getattr(command, "commands", {}).items():
        yield (*words, name)
        yield from verbs(below, (*words, name))


VERBS = list(verbs(typer.main.get_command(app)))  # type: ignore[arg-type]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_help_fits_a_screen(cli: Cli, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]) -> None:
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    lines = cli(*verb, "--help").out.splitlines()
    assert 5 < len(lines) <= ROWS
    assert [line for line in lines if len(line) > COLUMNS] == []
    assert f" {verb[0]} " in HELP


def test_without_a_verb_the_help_is_shown_and_it_lists_every_verb(cli: Cli) -> None:
    assert cli() == (2, "", HELP) and cli("-h").out.strip() == HELP.strip()
    listed = re.findall(r"^(?:[A-Z]\w+(?: up)? +| {9})([a-z]+) {2,}", HELP, re.MULTILINE)
    assert sorted(listed) == sorted({verb[0] for verb in VERBS})


def examples(cli: Cli) -> dict[str, list[str]]:
    """The commands under `Examples:` of every verb's help, and of the help itself."""
    shown = [line for verb in [(), *VERBS] for line in cli(*verb, "--help").out.splitlines()]
    commands = [
        line.strip().removeprefix("Example: ") for line in shown if line.lstrip().startswith(("aisizer ", "Example: "))
    ]
    return {command: shlex.split(command.partition(" > ")[0])[1:] for command in commands}


ORDER = ("init", "trace", "size", "calibrate", "validate")
"""What others read comes first."""


def test_every_verb_has_examples_and_they_run(cli: Cli) -> None:
    found = examples(cli)
    assert {words[0] for words in found.values()} == {verb[0] for verb in VERBS}
    for file in LAID_OUT:
        shutil.copy(file, file.name)
    Path("points.csv").write_text(POINTS, encoding="utf-8")
    Path("levels.csv").write_text(LEVELS, encoding="utf-8")
    order = {verb: place for place, verb in enumerate(ORDER)}
    for command, words in sorted(found.items(), key=lambda item: order.get(item[1][0], len(order))):
        quick = ["--confirm", "none"] if words[0] in ("size", "compare") else []
        expected = (0, 4) if "--max-increase" in words else (0,)
        if words[0] == "import":
            shutil.copy("sizing/clinical-notes/tco.xlsx", "edited.xlsx")
        result = cli(*words, *quick)
        assert result.code in expected, (command, result)


def test_the_words_that_are_offered_are_those_that_are_known() -> None:
    """They are written down twice, since looking them up would load what help does without."""
    assert tuple(load.KINDS) == offered.KINDS and tuple(schema.SCHEMAS) == offered.SCHEMAS
    assert (*DRILLS, simulate.ALL) == offered.DRILLS


def asked(shell: str, typed: str) -> dict[str, str]:
    """The environment in which a shell asks what the last word of what is typed may be."""
    words = typed.split(" ")
    environment = {"_AISIZER_COMPLETE": f"complete_{shell}", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    environment |= {"_TYPER_COMPLETE_ARGS": typed, "_TYPER_COMPLETE_WORD_TO_COMPLETE": words[-1]}
    return environment | {"_TYPER_COMPLETE_FISH_ACTION": "get-args"}


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("aisizer si", ["size", "simulate"]),
        ("aisizer size clin", ["clinical-notes"]),
        ("aisizer size --sens", ["--sensitivity"]),
        ("aisizer size clinical-notes --set growth.ra", ["growth.rate="]),
        (
            "aisizer size clinical-notes --set workloads.notes.burst.ind",
            ["workloads.notes.burst.index_of_dispersion_60s="],
        ),
        ("aisizer size clinical-notes --set no.such.field", [""]),
        ("aisizer explain resilience.red", ["resilience.redundancy"]),
        ("aisizer predict --gpu b20", ["b200-sxm"]),
        ("aisizer catalog show h200-s", ["h200-sxm"]),
    ],
)
def test_bash_completes_verbs_options_profiles_fields_and_ids(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, typed: str, offered: list[str]
) -> None:
    for name, value in asked("bash", typed).items():
        monkeypatch.setenv(name, value)
    assert cli() == (0, "\n".join(offered) + "\n", "")


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_the_other_shells_are_offered_the_same(shell: str) -> None:
    environment = os.environ | asked(shell, "aisizer size clin")
    done = subprocess.run(
        [sys.executable, "-m", "aisizer"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and done.stderr == "" and "clinical-notes" in done.stdout, done


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this system")
def test_bash_takes_the_script(tmp_path: Path) -> None:
    program = tmp_path / "aisizer"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m aisizer "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = """eval "$(_AISIZER_COMPLETE=source_bash aisizer)"
COMP_WORDS=(aisizer size conta) COMP_CWORD=2 COMP_LINE="aisizer size conta" COMP_POINT=18
"$(complete -p aisizer | sed 's/.* -F \\([^ ]*\\) .*/\\1/')" aisizer
echo "${COMPREPLY[@]}" """
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "contact-centre\n", done.stderr
