"""``tunet models``: what is installed, and where."""

from __future__ import annotations

from rich.table import Table

from tunet.bundle import describe_bundle
from tunet.commands.console import out, shown_progress
from tunet.errors import BundleError
from tunet.models import InstalledModel, install_from, installed_models, remove, user_folder


def show() -> None:
    """Print every model with its title, size and place; a damaged one with the reason."""
    table = Table("Name", "Version", "What it is", "Size", "Where", box=None)
    for model in installed_models():
        version, title = _description(model)
        place = "shipped" if model.shipped else str(model.folder)
        table.add_row(model.name, version, title, f"{model.size_bytes / 1e6:.1f} MB", place)
    out.print(table)
    out.print(f"New models go to {user_folder()}", highlight=False)


def install_named(source: str) -> None:
    """Install a bundle folder or zip, or one from the web."""
    with shown_progress(as_json=False) as progress:
        model = install_from(source, progress)
    out.print(f"Installed {model.name} in {model.folder}")


def remove_named(name: str) -> None:
    """Remove a model the user installed."""
    remove(name)
    out.print(f"Removed {name}")


def _description(model: InstalledModel) -> tuple[str, str]:
    try:
        card = describe_bundle(model.folder).card
    except BundleError as error:
        return "?", f"damaged: {error}"
    return card.version, card.title
