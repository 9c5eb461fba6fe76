"""``tunet bundle``: make, show and check model bundles."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from tunet.bundle import Card
from tunet.bundle_archive import pack
from tunet.commands.console import out
from tunet.contrast_fit import ContrastFit
from tunet.errors import OutputError
from tunet.models import open_bundle
from tunet.profiles import profile_named
from tunet.weights import load_members


@dataclass(frozen=True)
class CreateRequest:
    """What the user says about a new bundle."""

    runs: tuple[Path, ...]
    output: Path
    name: str
    version: str
    title: str
    licence: str
    intended_use: str
    profile: str
    contrast_fit: bool = False


def create(request: CreateRequest) -> None:
    """Write a new bundle folder, or a zip where the output's name ends so.

    Raises:
        UsageError: the runs do not belong together or the profile is unknown.
        OutputError: the output exists already.
    """
    from tunet.training.model_card import CARD_NAME, MemberRun, card_text, described_data, described_provenance
    from tunet.training.release import create_bundle

    if request.output.exists():
        raise OutputError(f"{request.output} exists already; choose another name or remove it.")
    runs = [MemberRun.read(folder) for folder in request.runs]
    profile = profile_named(request.profile, runs[0].record.recipe)
    card = Card(
        name=request.name,
        version=request.version,
        title=request.title or f"TuNet {request.name}",
        licence=request.licence,
        trained_on=described_data(runs),
        provenance=described_provenance(runs),
        intended_use=request.intended_use,
    )
    request.output.parent.mkdir(parents=True, exist_ok=True)
    # Beside the output, so that it appears there in one step and whole, or not at all.
    with tempfile.TemporaryDirectory(prefix=".tunet-", dir=request.output.parent) as scratch:
        made = Path(scratch) / request.name
        fit = ContrastFit() if request.contrast_fit else None
        create_bundle(request.runs, card, profile, made, fit)
        (made / CARD_NAME).write_text(card_text(card, runs), encoding="utf-8")
        if request.output.suffix == ".zip":
            folder, made = made, made.with_name(f"{made.name}.zip")
            pack(folder, made)
        made.rename(request.output)
    out.print(f"Wrote {request.output}")


def inspect(word: str) -> None:
    """Print a bundle's card, members and sizes."""
    with tempfile.TemporaryDirectory(prefix="tunet-") as scratch:
        bundle = open_bundle(word, Path(scratch))
    table = Table(show_header=False, box=None)
    table.add_column()
    table.add_column(overflow="fold")  # a checksum with an ellipsis cannot be compared
    for field, value in asdict(bundle.card).items():
        table.add_row(field.replace("_", " "), value)
    table.add_row("members", ", ".join(member.variant for member in bundle.members))
    table.add_row("preprocessing", bundle.recipe.name)
    table.add_row("post-processing", bundle.postprocessing.profile)
    table.add_row("contrast fit", "yes" if bundle.contrast_fit else "no")
    table.add_row("size", f"{sum(f.size for f in bundle.files.values()) / 1e6:.1f} MB")
    table.add_row("sha256", bundle.checksum)
    out.print(table)


def verify(word: str) -> None:
    """Check checksums, names and the shape of every tensor.

    Raises:
        BundleError: something is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="tunet-") as scratch:
        bundle = open_bundle(word, Path(scratch))
        load_members(bundle, bundle.members)
    sentence = f"{bundle.card.name} {bundle.card.version} is sound: {len(bundle.files)} files, sha256 {bundle.checksum}"
    out.print(sentence, soft_wrap=True)
