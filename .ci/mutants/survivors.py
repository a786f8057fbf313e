"""Writes docs/mutants.md from the results that `mutmut run` left in the folder mutants, and from reasons.yaml beside this file.

    python .ci/mutants/survivors.py [FOLDER ...]

FOLDER holds a folder mutants; more than one where rooms were run apart. Every mutant that survived is listed, under its
reason; one that no reason fits is listed as open.
"""

from __future__ import annotations

import ast
import difflib
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/mutants.md"
OUTCOMES = {0: "survived", 33: "untested", None: "not run"}
"""of mutmut's exit codes; every other one is a mutant that a test, a crash or the time limit ended"""
OPEN = "open"
STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')


class Mutant(NamedTuple):
    """One change of the code and what the tests made of it."""

    room: str
    function: str
    outcome: str
    change: str
    """old code => new code; empty unless it survived"""


def mutants_of(folder: Path) -> Iterator[Mutant]:
    """Every mutant of every file below a folder, in the order of the files."""
    for meta in sorted(folder.glob("mutants/src/aisizer/*/*.py.meta")):
        results = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        bodies = _bodies(meta.with_suffix("")) if 0 in results.values() else {}
        for key, code in results.items():
            outcome = OUTCOMES.get(code, "killed")
            module, name = key.removeprefix("aisizer.").rsplit(".", 1)
            change = _change(bodies, name) if outcome == "survived" else ""
            yield Mutant(module.split(".")[0], f"{module}.{_plain(name)}", outcome, change)


def _plain(name: str) -> str:
    """x_fit__mutmut_3 is fit; xǁBookǁterms__mutmut_1 is Book.terms."""
    bare = name.split("__mutmut_")[0]
    return ".".join(bare[2:].split("ǁ")) if bare.startswith("xǁ") else bare.removeprefix("x_")


def _bodies(path: Path) -> dict[str, list[str]]:
    """The lines of each function of a file, its own name left out."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    return {
        node.name: [line.strip().replace(node.name, "F") for line in lines[node.lineno - 1 : node.end_lineno]]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }


def _change(bodies: dict[str, list[str]], name: str) -> str:
    before = bodies[name.split("__mutmut_")[0] + "__mutmut_orig"]
    diff = [
        line for line in difflib.unified_diff(before, bodies[name], n=0, lineterm="") if line[:3] not in ("---", "+++")
    ]
    old, new = (" ".join(line[1:] for line in diff if line[0] == sign) for sign in "-+")
    return f"{old} => {new}"


def is_text(change: str) -> bool:
    """Whether only one quoted text differs, by its letters' case or an XX around it, and it has more than one word."""
    old, new = change.split(" => ", 1)
    if old.replace("XX", "").lower() != new.replace("XX", "").lower():
        return False
    gone = set(STRING.findall(old)) - set(STRING.findall(new))
    return any(" " in text.strip("\"' ") and "{" not in text for text in gone)


def reason_of(mutant: Mutant, reasons: list[dict[str, object]]) -> str:
    """The name of the first reason one of whose patterns fits `function: old => new`."""
    said = f"{mutant.function}: {mutant.change}"
    for reason in reasons:
        if any(re.search(str(pattern), said) for pattern in reason["patterns"]):  # type: ignore[attr-defined]
            return str(reason["name"])
    return "text" if is_text(mutant.change) else OPEN


def summary(mutants: list[Mutant]) -> Iterator[str]:
    """One row for each room."""
    yield "| room | mutants | run | killed | survived | of those run, killed | no test in the room |"
    yield "|---|---|---|---|---|---|---|"
    for room in sorted({m.room for m in mutants}):
        counts = Counter(m.outcome for m in mutants if m.room == room)
        run = counts["killed"] + counts["survived"]
        if not run:
            continue
        cells = [room, counts.total(), run, counts["killed"], counts["survived"], f"{counts['killed'] / run:.0%}"]
        yield "| " + " | ".join(map(str, [*cells, counts["untested"]])) + " |"


def listed(mutants: list[Mutant], reasons: list[dict[str, object]]) -> Iterator[str]:
    """For each room and reason the functions, with how many of their mutants survived for it."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for mutant in mutants:
        if mutant.outcome == "survived":
            found[mutant.room, reason_of(mutant, reasons)][mutant.function] += 1
        if mutant.outcome == "untested":
            found[mutant.room, "no test in the room"][mutant.function] += 1
    yield "| room | reason | mutants | functions |"
    yield "|---|---|---|---|"
    for (room, reason), functions in sorted(found.items()):
        names = ", ".join(f"`{name.removeprefix(room + '.')}` {count}" for name, count in sorted(functions.items()))
        yield f"| {room} | {reason} | {functions.total()} | {names} |"


def page(mutants: list[Mutant], reasons: list[dict[str, object]]) -> str:
    """The whole page, its fixed text from reasons.yaml."""
    texts = {str(reason["name"]): str(reason["because"]).strip() for reason in reasons}
    meanings = [f"- **{name}**: {because}" for name, because in texts.items()]
    parts = [
        "# Mutants that survive",
        "Written by `.ci/mutants/survivors.py`; how to run it is in [testing](testing.md).",
    ]
    parts += ["\n".join(summary(mutants)), "## Reasons", "\n".join(meanings), "## Functions"]
    return "\n\n".join([*parts, "\n".join(listed(mutants, reasons))]) + "\n"


if __name__ == "__main__":
    folders = [Path(name) for name in sys.argv[1:]] or [HERE.parents[1]]
    found = [mutant for folder in folders for mutant in mutants_of(folder)]
    PAGE.write_text(page(found, yaml.safe_load((HERE / "reasons.yaml").read_text(encoding="utf-8"))), encoding="utf-8")
