"""Which probability map lies over the CT."""

from typing import Any

from TuNetSegmentationLib import MapVolumes
from TuNetSegmentationLib.ModelSection import fillChoices
from TuNetSegmentationLib.ProbabilityOverlay import ProbabilityOverlay
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)


class OverlaySection:
    """Opacity, cut and keeping are bound to the parameter node; this shows the layer."""

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        self._filling = False
        self.overlay = ProbabilityOverlay()
        panel.ui.overlaySelector.connect("currentIndexChanged(int)", self.onChosen)

    def show(self) -> None:
        """Lay the chosen map over the CT, or take it away; keep or drop the maps."""
        state, result, ui = self._panel.state, self._panel.logic.result, self._panel.ui
        maps = result.live.maps.named() if result.isLive else {}
        self._filling = True
        fillChoices(
            ui.overlaySelector, self._choices(maps, result.isLive), state.overlay if state.overlay in maps else ""
        )
        self._filling = False
        ui.keepMapsCheckBox.enabled = result.isLive
        if result.isLive:
            self._keepOrDrop(state.keepMaps, result)
        if state.overlay in maps:
            self._lay(state, result, maps[state.overlay])
        else:
            self.overlay.hide()

    def hide(self) -> None:
        """Give the views back as they were."""
        self.overlay.hide()

    def restoreFills(self) -> None:
        """A scene was opened that had been saved while a layer was shown."""
        self.overlay.restoreSavedFills()

    def onChosen(self, index: int) -> None:
        """Another map, or none."""
        if not self._filling and index >= 0:
            self._panel.state.overlay = self._panel.ui.overlaySelector.itemData(index) or ""

    def _lay(self, state: Any, result: Any, volume: Any) -> None:
        kept = MapVolumes.keptMaps(result.node).get(state.overlay)
        self.overlay.show(result.live, state.overlay, volume, kept, state.overlayOpacity, state.overlayLowest)
        self.overlay.outlineOnly(result.node)

    def _keepOrDrop(self, keep: bool, result: Any) -> None:
        if keep == bool(MapVolumes.keptMaps(result.node)):
            return
        self.overlay.hide()  # its volume may come or go
        if keep:
            MapVolumes.keepMaps(result.node, result.ctNode, result.live)
        else:
            MapVolumes.dropMaps(result.node)

    @staticmethod
    def _choices(maps: dict[str, Any], isLive: bool) -> list[tuple[str, str, str]]:
        lacking = _("needs the ensemble") if isLive else _("after segmenting")
        items = [(MapVolumes.mapTitle(name), name, "" if name in maps else lacking) for name in MapVolumes.MAP_NAMES]
        return [(_("None"), "", ""), *items]
