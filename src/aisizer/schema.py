"""The base of every validated record, and quantity types that read text with units into SI numbers."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from aisizer import units


class Record(BaseModel):
    """A frozen, validated record; unknown fields are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)


@cache
def descriptions(record: type[BaseModel]) -> Mapping[str, str]:
    """What each field of a record means: the text below it in the source.

    pydantic can keep these texts with the fields, but then reads the source of every record in every run; few are asked for.
    """
    return {
        field: text
        for base in reversed(record.__mro__)
        if issubclass(base, Record)
        for field, text in _texts(base.__module__).get(base.__name__, {}).items()
    }


@cache
def _texts(module: str) -> Mapping[str, Mapping[str, str]]:
    """The text below each annotated field, by class, of a module's classes."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: dict(_documented(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _documented(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(node.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)


def _quantity(dimension: str) -> tuple[BeforeValidator, WithJsonSchema]:
    accepted = list(units.DIMENSIONS[dimension])
    schema: dict[str, Any] = {"type": "string", "description": f"a number with a unit, one of: {', '.join(accepted)}"}
    if dimension in units.BARE_OK:
        schema = {"anyOf": [schema, {"type": "number", "minimum": 0, "maximum": 1}]}
    return BeforeValidator(lambda value: units.parse(value, dimension)), WithJsonSchema(schema)


_time, _rate, _memory, _power = _quantity("time"), _quantity("rate"), _quantity("memory"), _quantity("power")
_bit_rate = _quantity("bit_rate")
_money, _energy, _kw, _growth, _share = (
    _quantity("money"),
    _quantity("energy_price"),
    _quantity("power_price"),
    _quantity("growth"),
    _quantity("share"),
)

Duration = Annotated[float, *_time, Field(ge=0, le=100 * 365.25 * 86400)]
"""[s] a length of time, within what calendars can add to a date"""
Rate = Annotated[float, *_rate, Field(gt=0, le=1e6)]
"""[req/s] an arrival rate"""
BitRate = Annotated[float, *_bit_rate, Field(gt=0)]
"""[bit/s] what a network link carries"""
Power = Annotated[float, *_power, Field(gt=0)]
"""[W] electrical power"""
LARGEST_USD = 1e15
"""[USD] above it a floating-point number has no cents; no amount of one buyer is near it"""
Money = Annotated[float, *_money, Field(ge=0, le=LARGEST_USD)]
"""[USD] an amount"""
EnergyPrice = Annotated[float, *_energy, Field(ge=0, le=1e6)]
"""[USD/kWh] a tariff"""
PowerPrice = Annotated[float, *_kw, Field(ge=0, le=1e6)]
"""[USD/kW-month] a colocation rate"""
Growth = Annotated[float, *_growth, Field(gt=-0.5, lt=1)]
"""[1/month] a compound monthly growth"""
Share = Annotated[float, *_share, Field(ge=0, le=1)]
"""[1] a share between 0 and 1"""
