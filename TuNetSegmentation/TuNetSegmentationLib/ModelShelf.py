"""The models the panel offers, with their variants and cards."""

from dataclasses import dataclass
from typing import Any

from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)


ENSEMBLE_KEY = "ensemble"


@dataclass(frozen=True)
class Offer:
    """A variant as the panel lists it; ``reason`` is why it cannot be chosen, or empty."""

    key: str
    title: str
    reason: str = ""


@dataclass(frozen=True)
class ModelChoice:
    """An installed bundle as the panel shows it.

    ``use`` is what it is meant for, ``variants`` are the keys it holds, ``postprocessing`` is the engine's, ``problem``
    is why it cannot be used, ``sawPatients`` whether it was trained on CT of patients.
    """

    name: str
    title: str
    card: str
    use: str
    variants: tuple[str, ...]
    postprocessing: Any
    removable: bool
    problem: str = ""
    sawPatients: bool = True

    @property
    def offers(self) -> list[Offer]:
        """All variants of the paper's cascade and their ensemble; those the model lacks carry the reason."""
        lacking = _("not in this model")
        return [
            Offer(key, title, "" if key in self.variants else lacking)
            for key, title in _variantTitles().items()
            if key in self.variants or key in _CASCADES
        ]


class ModelShelf:
    """What is installed; read anew when asked."""

    def __init__(self) -> None:
        self.choices: list[ModelChoice] = []
        self.refresh()

    def refresh(self) -> None:
        """Look at the folders again; damaged bundles say so instead of disappearing.

        Contents are compared with their checksums when a run reads them: hundreds of megabytes would hold Slicer up.
        """
        from tunet.models import installed_models

        self.choices = [_choice(model) for model in installed_models()]

    def find(self, name: str) -> ModelChoice | None:
        """The model of that name."""
        return next((choice for choice in self.choices if choice.name == name), None)

    def first(self) -> ModelChoice | None:
        """The one to begin with: one that saw patients before one for trying, a user's own before a shipped one."""
        usable = [choice for choice in self.choices if not choice.problem]
        return min(usable, key=lambda choice: (not choice.sawPatients, not choice.removable), default=None)

    def forSample(self) -> ModelChoice | None:
        """The one made for synthetic CT."""
        return next((choice for choice in self.choices if not choice.problem and not choice.sawPatients), None)

    def remove(self, name: str) -> str:
        """Delete a model the user installed; returns why not in a sentence, or nothing."""
        from tunet.errors import TunetError
        from tunet.models import remove

        try:
            remove(name)
        except (TunetError, OSError) as error:
            return str(error)
        self.refresh()
        return ""

    @property
    def folder(self) -> str:
        """Where installed models live."""
        from tunet.models import user_folder

        return str(user_folder())


_CASCADES = (ENSEMBLE_KEY, "tunet", "tunet-median", "tunet-seb", "tunet-seb-median")


def _variantTitles() -> dict[str, str]:
    """Key -> the paper's name, in its order, the ensemble first."""
    from tunet.variants import VARIANTS

    return {ENSEMBLE_KEY: _("Ensemble (mean of all)"), **{variant.key: variant.title for variant in VARIANTS}}


def _choice(model: Any) -> ModelChoice:
    from tunet.bundle import describe_bundle
    from tunet.errors import BundleError

    try:
        bundle = describe_bundle(model.folder)
    except BundleError as error:
        return ModelChoice(model.name, model.name, "", "", (), None, not model.shipped, str(error))
    card = bundle.card
    place = _("comes with the program") if model.shipped else str(model.folder)
    text = _("{title}. Trained on {data}. Licence: {licence}. {size:.1f} MB, {place}.").format(
        title=card.title,
        data=card.trained_on,
        licence=card.licence,
        size=model.size_bytes / 1e6,
        place=place,
    )
    title = f"{card.name} {card.version}"
    return ModelChoice(
        model.name,
        title,
        text,
        card.intended_use,
        bundle.choices,
        bundle.postprocessing,
        not model.shipped,
        sawPatients=bundle.saw_patients,
    )
