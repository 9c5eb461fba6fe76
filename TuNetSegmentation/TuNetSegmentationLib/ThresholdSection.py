"""Sliders that move the segments at once."""

from typing import Any

from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)


class ThresholdSection:
    """The sliders are bound to the parameter node; this applies them and shows where they came from."""

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        panel.ui.resetButton.connect("clicked(bool)", self.onModels)
        panel.ui.paperButton.connect("clicked(bool)", self.onPapers)

    @property
    def _models(self) -> Any:
        """The post-processing of the model that made the result on screen, else of the chosen one; None without any."""
        result, chosen = self._panel.logic.result, self._panel.modelSection.chosen
        if result.isLive:
            return result.live.options
        return chosen.postprocessing if chosen is not None else None

    @property
    def thresholds(self) -> Any:
        """The engine's thresholds for what the sliders say."""
        from tunet.live import UserThresholds

        state = self._panel.state
        return UserThresholds(
            state.kidneyUpper,
            min(state.kidneyLower, state.kidneyUpper),
            state.tumorUpper,
            min(state.tumorLower, state.tumorUpper),
            state.smallestTumorMl,
        )

    def setTo(self, postprocessing: Any) -> None:
        """Set the sliders to an engine's post-processing, in one step."""
        from tunet.live import UserThresholds

        wanted, state = UserThresholds.of(postprocessing), self._panel.state
        with self._panel.oneStep():
            state.kidneyUpper, state.kidneyLower = wanted.kidney_upper, wanted.kidney_lower
            state.tumorUpper, state.tumorLower = wanted.tumor_upper, wanted.tumor_lower
            state.smallestTumorMl = wanted.smallest_tumor_ml

    def show(self) -> None:
        """Say whether thresholds can be moved, and what the model's and the paper's are."""
        from tunet.thresholds import PAPER

        ui, result = self._panel.ui, self._panel.logic.result
        notice = ""
        if result.node is not None and not result.isLive:
            notice = _(
                "The probability maps of this result are not in the scene; segment again to move its thresholds."
            )
        ui.thresholdNotice.text = notice
        ui.thresholdNotice.visible = bool(notice)
        lines = [_words(_("Paper"), PAPER)]
        if self._models is not None:
            lines.insert(0, _words(_("Model"), self._models))
        ui.thresholdDefaults.text = "\n".join(lines)

    def onModels(self, checked: bool = False) -> None:
        """Back to the model's."""
        if self._models is not None:
            self.setTo(self._models)

    def onPapers(self, checked: bool = False) -> None:
        """The paper's Algorithm 1."""
        from tunet.thresholds import PAPER

        self.setTo(PAPER)


def _words(whose: str, postprocessing: Any) -> str:
    from tunet.live import UserThresholds

    t = UserThresholds.of(postprocessing)
    return _("{whose}: kidney {ku:.2f} / {kl:.2f}, tumor {tu:.2f} / {tl:.2f}, smallest {ml:.1f} ml").format(
        whose=whose, ku=t.kidney_upper, kl=t.kidney_lower, tu=t.tumor_upper, tl=t.tumor_lower, ml=t.smallest_tumor_ml
    )
