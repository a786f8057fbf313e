"""sizing.json: the Plan, from which all else is drawn."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import ValidationError

from aisizer import __version__
from aisizer.deliver.put import LAST, settle
from aisizer.errors import Fault, InvalidInput
from aisizer.plan import Plan

SCHEMA = "aisizer/plan/v1"


def plan_json(plan: Plan) -> str:
    """The Plan as text, fields in the order they are declared."""
    data = plan.model_dump(mode="json", by_alias=True)
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def plan_hash(plan: Plan) -> str:
    """The sha256 of the Plan's text, which stamps the other files."""
    return text_hash(plan_json(plan))


def text_hash(text: str) -> str:
    """The sha256 of a Plan's text that is at hand."""
    return hashlib.sha256(text.encode()).hexdigest()


def plan_file(path: Path) -> Path:
    """The sizing.json of a folder, or the file itself."""
    return path / LAST if path.is_dir() else path


def read_plan(path: Path | str) -> Plan:
    """Reads a Plan back from sizing.json or its folder, or says in which field the file is not one."""
    path = plan_file(Path(path))
    try:
        settle(path.parent)
        data = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise InvalidInput(
            f"The path {path} does not exist. Give the path of a sizing.json or of its folder."
        ) from error
    except OSError as error:
        raise InvalidInput(f"{path.name} cannot be read ({error.strerror}). Give the path of a sizing.json.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path.name} is not JSON ({error}). Give the path of a sizing.json.") from error
    _check_schema(path.name, data)
    try:
        return Plan.model_validate_json(json.dumps(data))
    except ValidationError as error:
        mend = _mend(data.get("aisizer_version"))
        raise InvalidInput(
            [
                Fault(path.name, None, None, ".".join(map(str, fault["loc"])), f"{fault['msg']}. {mend}")
                for fault in error.errors()
            ]
        ) from error


def _mend(version: object) -> str:
    """What to do with a plan that does not read; one of another version may have fields that this one does not know."""
    if version == __version__ or not isinstance(version, str):
        return "Run aisizer size again."
    return (
        f"aisizer {version} wrote it and this is {__version__}: install the newer of them, or run aisizer size again."
    )


def _check_schema(name: str, data: object) -> None:
    schema = data.get("schema") if isinstance(data, dict) else None
    if schema == SCHEMA:
        return
    if isinstance(schema, str) and schema.startswith("aisizer/plan/"):
        raise InvalidInput(
            f"{name} is a plan of schema {schema}, and this version reads {SCHEMA}. "
            "Install the version of aisizer that wrote it, or run aisizer size again."
        )
    raise InvalidInput(f"{name} is no plan: its schema is {schema!r}, not {SCHEMA}. Give the path of a sizing.json.")
