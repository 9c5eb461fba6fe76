"""Model bundles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def bundle_create(
    runs: Annotated[list[Path], typer.Argument(help="Run folders: one L-Net and one or more variants.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="New bundle folder, or .zip.")],
    name: Annotated[str, typer.Option(help="Short lower-case name.")],
    version: Annotated[str, typer.Option(help="Version of the weights.")] = "1.0",
    title: Annotated[str, typer.Option(help="One line for people.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the weights.")] = "not stated",
    intended_use: Annotated[str, typer.Option(help="What it is for.")] = "Research; not a medical device.",
    profile: Annotated[str, typer.Option(help="Default post-processing: clinical or paper.")] = "clinical",
    contrast_fit: Annotated[
        bool, typer.Option("--contrast-fit", help="Let each CT's own HU decide W-Net's doubtful voxels.")
    ] = False,
) -> None:
    """Collect training runs in a model bundle."""
    from tunet.commands.bundle import CreateRequest, create

    create(CreateRequest(tuple(runs), output, name, version, title, licence, intended_use, profile, contrast_fit))


def bundle_inspect(bundle: Annotated[str, typer.Argument(help="Name, folder or zip.")]) -> None:
    """Show what a bundle is and was trained on."""
    from tunet.commands.bundle import inspect

    inspect(bundle)


def bundle_verify(bundle: Annotated[str, typer.Argument(help="Name, folder or zip.")]) -> None:
    """Check every checksum, name and tensor shape of a bundle."""
    from tunet.commands.bundle import verify

    verify(bundle)


def models_list() -> None:
    """Show the installed models."""
    from tunet.commands.models import show

    show()


def models_install(
    source: Annotated[str, typer.Argument(help="Bundle folder or zip, or its address: https://...#sha256=...")],
) -> None:
    """Check a bundle and copy it to the user's models."""
    from tunet.commands.models import install_named

    install_named(source)


def models_remove(name: Annotated[str, typer.Argument(help="Name as `tunet models list` shows it.")]) -> None:
    """Delete an installed model."""
    from tunet.commands.models import remove_named

    remove_named(name)
