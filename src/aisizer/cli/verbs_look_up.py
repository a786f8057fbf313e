"""Arguments of the verbs that look up: catalog, schema."""

from __future__ import annotations

from typing import Annotated

import typer

from aisizer.cli import completion as offered
from aisizer.cli.options import AsJson, Overlay, examples

verbs = typer.Typer(rich_markup_mode=None)
catalog_app = typer.Typer(rich_markup_mode=None, help="Look into the hardware catalog.", no_args_is_help=True)
verbs.add_typer(catalog_app, name="catalog")


@catalog_app.command("list", epilog=examples("aisizer catalog list gpus"))
def catalog_list(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help=", ".join(offered.KINDS), autocompletion=offered.among(*offered.KINDS))
    ],
    catalog: Overlay = None,
    as_json: AsJson = False,
) -> None:
    """List the records of one kind."""
    from aisizer.cli import catalog as verb

    verb.list_kind(kind, catalog, as_json)


@catalog_app.command("show", epilog=examples("aisizer catalog show h100-sxm"))
def catalog_show(
    name: Annotated[str, typer.Argument(metavar="ID", autocompletion=offered.records)], catalog: Overlay = None
) -> None:
    """Show one record and the sources of its numbers."""
    from aisizer.cli import catalog as verb

    verb.show(name, catalog)


@catalog_app.command("verify", epilog=examples("aisizer catalog verify"))
def catalog_verify(catalog: Overlay = None) -> None:
    """Check that every record loads, is sourced and is plausible."""
    from aisizer.cli import catalog as verb

    verb.verify(catalog)


@verbs.command(epilog=examples("aisizer schema profile > aisizer-profile.schema.json"))
def schema(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help=", ".join(offered.SCHEMAS),
            autocompletion=offered.among(*offered.SCHEMAS),
        ),
    ],
) -> None:
    """Print the JSON Schema of the profile, of the catalog's files, or of what a verb prints as JSON."""
    from aisizer.cli import schema as verb

    typer.echo(verb.schema(kind), nl=False)
