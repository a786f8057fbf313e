"""Faults of profiles as a forge shows them beside the changed lines of a merge request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath

from aisizer.errors import Fault


def github(faults: Sequence[Fault]) -> str:
    """One workflow command for each fault; GitHub shows it at the line of the file.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands, setting an error message

    >>> print(github([Fault("notes.yaml", 7, 18, "growth.rate", "the unit is missing (got 4). Write 4 %/month.")]))
    ::error file=notes.yaml,line=7,col=18,title=growth.rate::the unit is missing (got 4). Write 4 %25/month.
    >>> print(github([Fault("a,b.yaml", None, None, "", "the file cannot be read.")]))
    ::error::a,b.yaml: the file cannot be read.
    """
    return "\n".join(map(_command, faults))


def gitlab(faults: Sequence[Fault]) -> str:
    """A code-quality report, which is a list; without a fault it is empty.

    https://docs.gitlab.com/ci/testing/code_quality, code quality report format
    """
    return json.dumps([_degradation(fault) for fault in faults], indent=2, ensure_ascii=False)


FORMATS: Mapping[str, Callable[[Sequence[Fault]], str]] = {"github": github, "gitlab": gitlab}


def _command(fault: Fault) -> str:
    if fault.line is None:
        return f"::error::{_data(str(fault))}"
    place = {"file": _path(fault), "line": fault.line, "col": fault.column or 1, "title": fault.path or "aisizer"}
    return f"::error {','.join(f'{name}={_property(str(value))}' for name, value in place.items())}::{_data(fault.problem)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _degradation(fault: Fault) -> dict[str, object]:
    begin = {"line": fault.line or 1, "column": fault.column or 1}
    return {
        "description": f"{fault.path}: {fault.problem}" if fault.path else fault.problem,
        "check_name": "aisizer-validate",
        # Without the place, so that a fault that lines above it moved is still the same fault.
        "fingerprint": hashlib.sha256("\n".join((_path(fault), fault.path, fault.problem)).encode()).hexdigest(),
        "severity": "blocker",
        "location": {"path": _path(fault), "positions": {"begin": begin}},
    }


def _path(fault: Fault) -> str:
    """From the root of the repository, where a pipeline runs; without the ./ that GitLab does not take."""
    return PurePath(fault.file).as_posix()
