"""What fields mean is read from the source as pydantic would read it."""

from __future__ import annotations

from pydantic import ConfigDict

from aisizer.schema import Record, descriptions


class Plain(Record):
    """A record of this test."""

    first: int
    """[1] the first;
    over two lines"""
    bare: int = 0
    last: str = ""
    """the last"""


class Heir(Plain):
    """Says more of what it inherits."""

    last: str = "none"
    """the last, said anew"""
    more: float = 1.0
    """something more"""


class Described(Record):
    """The same as Plain, with pydantic's own reading."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    first: int
    """[1] the first;
    over two lines"""
    bare: int = 0
    last: str = ""
    """the last"""


def test_the_text_below_a_field_is_its_meaning_as_pydantic_reads_it() -> None:
    theirs = {name: info.description for name, info in Described.model_fields.items() if info.description}
    assert descriptions(Plain) == theirs == {"first": "[1] the first;\nover two lines", "last": "the last"}


def test_an_heir_keeps_what_it_inherits_and_says_anew_what_it_changes() -> None:
    assert descriptions(Heir) == {
        "first": "[1] the first;\nover two lines", "last": "the last, said anew", "more": "something more",
    }  # fmt: skip
