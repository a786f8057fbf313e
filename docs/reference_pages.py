"""What mkdocs calls while it builds the site: pages made from the schema and the command line, none of which is committed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args, get_origin

import click
import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from aisizer import errors
from aisizer.catalog.load import KINDS
from aisizer.catalog.records import Source
from aisizer.cli.app import app
from aisizer.deliver.formats import FORMATS
from aisizer.plan.frames import columns
from aisizer.plan.tables import TABLES
from aisizer.profile.fields import FieldHelp, bare, explain_field, field_types, record_of, text_of, type_text
from aisizer.profile.sections import Profile
from aisizer.schema import Record

LINK = re.compile(r"\[([^\]]+)\]\((\.\./[^)#]+)[^)]*\)")
"""A link that goes up a folder."""


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Called by mkdocs: a link to a file of the project that is no page of the site becomes the name of that file."""
    folder = posixpath.dirname(page.file.src_uri)

    def shown(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[2]))
        return f"{link[1]} (`{target.removeprefix('../')}`)" if target.startswith("../") else link[0]

    return LINK.sub(shown, markdown)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Called by mkdocs: adds the pages to those that it found."""
    for name, page in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=page()))
    return files


def profile_page() -> str:
    """Every field of a profile, one table for each section."""
    required = {name for name in field_types(Profile) if explain_field(name).default == "none: required"}
    parts = [
        "# Fields of a profile",
        "From the schema that `aisizer schema profile` prints. `aisizer explain FIELD` shows one of them. NAME is a name of "
        "your own, N the place in a list. A field that is left out has its default. "
        f"Required are {', '.join(f'`{name}`' for name in sorted(required))}.",
    ]
    paths = {name: list(_paths(name, hint)) for name, hint in field_types(Profile).items()}
    sections = {"Top level": list(paths)} | {name: found[1:] for name, found in paths.items() if found[1:]}
    for title, found in sections.items():
        rows = (_field_row(explain_field(path)) for path in found)
        parts += [f"## {title}", *_table("field | value | default | meaning and reason", rows)]
    return _page(parts)


def _paths(path: str, hint: Any) -> Iterator[str]:
    """A field and all below it."""
    yield path
    kind = bare(hint)
    if get_origin(kind) is dict:
        yield from (deeper for deeper in _paths(f"{path}.NAME", get_args(kind)[1]) if record_of(get_args(kind)[1]))
    elif get_origin(kind) is tuple and record_of(get_args(kind)[0]):
        yield from _paths(f"{path}.N", get_args(kind)[0])
    elif record := record_of(kind):
        for name, below in field_types(record).items():
            yield from _paths(f"{path}.{name}", below)


def _field_row(field: FieldHelp) -> tuple[str, ...]:
    reason = field.reason[:1].upper() + field.reason[1:]
    return f"`{field.path}`", field.type, field.default, f"{field.meaning} {reason}".strip()


def cli_page() -> str:
    """The help of every verb, the formats and the exit codes."""
    root = typer.main.get_command(app)
    parts = ["# Command line", _help(root, "aisizer")]
    for name, verb in _verbs(root, "aisizer"):
        parts += [f"## {name}", _help(verb, name)]
    parts += ["## Formats", "What `aisizer render --format` draws from a finished plan:"]
    parts += _table("format | what", ((f"`{name}`", _sentence(draw)) for name, draw in FORMATS.items()))
    parts += ["## Exit codes", *_table("code | when", sorted(_exit_codes(), key=lambda row: int(row[0])))]
    return _page(parts)


def _verbs(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, verb in group.commands.items():
        yield from _verbs(verb, f"{path} {name}") if hasattr(verb, "commands") else ((f"{path} {name}", verb),)


def _help(command: Any, name: str) -> str:
    context = command.context_class(command, info_name=name, terminal_width=80, **command.context_settings)
    text = command.get_help(context)
    return f"```text\n{click.unstyle(text).rstrip()}\n```"


def _exit_codes() -> Iterator[tuple[str, str]]:
    yield from (("0", "Done."), ("1", "A bug, with its traceback."), ("130", "Interrupted."))
    kinds: dict[int, list[str]] = {}
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.AisizerError) and kind is not errors.AisizerError:
            kinds.setdefault(kind.exit_code, []).append(_sentence(kind))
    yield from ((str(code), " ".join(told)) for code, told in kinds.items())


def catalog_page() -> str:
    """Every field of every kind of record."""
    parts = [
        "# Records of the catalog",
        "One file is one record, its stem the `id`. Every number needs an entry in the record's `sources`, or one `*` for all; "
        "a number that no source covers is a fault. `aisizer schema catalog` prints the schema, `aisizer catalog show ID` one.",
    ]
    records = {f"{folder}/ID.yaml": kind for folder, kind in KINDS.items()} | {"sources/NAME.yaml, by id": Source}
    seen: set[type[Record]] = set(records.values())
    for title, record in records.items():
        parts += [f"## {title}", *_record(record)]
        for inner in _inside(record, seen):
            parts += [f"### {inner.__name__}", *_record(inner)]
    return _page(parts)


def _record(record: type[Record]) -> list[str]:
    rows = (
        (
            f"`{name}`",
            _type(hint),
            "required" if _required(record, name) else "",
            " ".join(text_of(record, name).split()),
        )
        for name, hint in field_types(record).items()
    )
    return [_sentence(record), *_table("field | value | | meaning", rows)]


def _type(hint: Any) -> str:
    inner = _records_in(hint)
    named = f": {', '.join(f'[{record.__name__}](#{record.__name__.lower()})' for record in inner)}" if inner else ""
    return type_text(hint) + named


def _required(record: type[Record], name: str) -> bool:
    return any((info.alias or field) == name and info.is_required() for field, info in record.model_fields.items())


def _inside(record: type[Record], seen: set[type[Record]]) -> Iterator[type[Record]]:
    """The records that stand in one, deeper ones after it, each where it is met first."""
    for hint in field_types(record).values():
        for inner in _records_in(hint):
            if inner not in seen:
                seen.add(inner)
                yield inner
                yield from _inside(inner, seen)


def _records_in(hint: Any) -> list[type[Record]]:
    kind = bare(hint)
    if isinstance(kind, type) and issubclass(kind, Record):
        return [kind]
    return [record for part in get_args(kind) for record in _records_in(part)]


def tables_page() -> str:
    """Every table of Plan.frames() and its columns."""
    parts = [
        "# Tables of a plan",
        "What `Plan.frames()` gives in pandas ([From Python](../api.md)), with the type of each column.",
    ]
    for name, table in TABLES.items():
        keys = ((f"`{key}`", "string", meaning) for key, meaning in table.keys.items())
        own = ((f"`{column.name}`", column.dtype, column.meaning) for column in columns(table))
        parts += [f"## {name}", f"{table.meaning[0].upper()}{table.meaning[1:]}."]
        parts += _table("column | type | meaning", (*keys, *own))
    return _page(parts)


def _sentence(thing: Any) -> str:
    return " ".join((thing.__doc__ or "").split("\n\n")[0].split())


def _table(head: str, rows: Any) -> list[str]:
    """Lines of a table; head: its titles with a bar between."""
    titles = [title.strip() for title in head.split("|")]
    cells = [[cell.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ") for cell in row] for row in rows]
    lines = [titles, ["---"] * len(titles), *cells]
    return ["\n".join(f"| {' | '.join(line)} |" for line in lines)]


def _page(parts: list[str]) -> str:
    return "\n\n".join(parts) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "profile": profile_page,
    "cli": cli_page,
    "catalog": catalog_page,
    "tables": tables_page,
}
"""By name in the folder `reference` of the site."""
