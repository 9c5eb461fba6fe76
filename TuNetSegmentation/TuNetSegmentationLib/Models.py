"""The models the panel offers, with their variants."""

from dataclasses import dataclass
from typing import Any

# Key in bundles -> words for people; the paper's names.
VARIANT_TITLES = {
    "ensemble": "Ensemble (mean of all)",
    "tunet": "TuNet",
    "tunet-median": "TuNet + median",
    "tunet-seb": "TuNet + SEB",
    "tunet-seb-median": "TuNet + SEB + median",
}


@dataclass(frozen=True)
class ModelChoice:
    """An installed bundle as the panel shows it.

    ``variants`` are the keys it holds; ``problem`` is why it cannot be used, or empty.
    """

    name: str
    title: str
    card: str
    variants: tuple[str, ...]
    thresholds: Any
    problem: str = ""


def installedModels() -> list[ModelChoice]:
    """Every bundle on this machine; damaged ones say so instead of disappearing."""
    from tunet.bundle import load_bundle
    from tunet.errors import BundleError
    from tunet.models import installed_models

    found = []
    for model in installed_models():
        try:
            bundle = load_bundle(model.folder)
        except BundleError as error:
            found.append(ModelChoice(model.name, model.name, "", (), None, str(error)))
            continue
        card = bundle.card
        text = f"{card.title}. Trained on {card.trained_on}. {card.intended_use}"
        found.append(
            ModelChoice(model.name, f"{card.name} {card.version}", text, bundle.choices, bundle.postprocessing)
        )
    return found
