"""Finished cases of a folder in the scene: the CT as the batch read it, with its segments, ready to be corrected."""

from pathlib import Path
from typing import Any

import slicer

from TuNetSegmentationLib import ResultSegmentation
from TuNetSegmentationLib.ChildProcess import Event
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)


class BatchCases:
    """Loads each case once; what is in the scene already is shown again, with the user's edits."""

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        # Of each case's folder: CT, segmentation, and the state of its files they were loaded from.
        self._loaded: dict[Path, tuple[str, str, int]] = {}

    def show(self, source: Path, output: Path, row: Event) -> str:
        """Show a case; returns why it cannot be, in a sentence, or nothing."""
        from tunet.errors import TunetError

        folder = output / row["name"]
        try:
            with slicer.util.WaitCursor():
                nodes = self._inScene(folder) or self._load(source, folder, row)
        except (TunetError, OSError, MemoryError) as error:
            return str(error) or _("There is not enough memory for this CT; close other ones.")
        ct, segmentation = nodes
        state = self._panel.state
        with self._panel.oneStep():
            state.ct, state.roi, state.segmentation, state.planSegmentation = ct, None, segmentation, segmentation
        slicer.util.setSliceViewerLayers(background=ct, fit=True)
        return ""

    def forget(self) -> None:
        """The scene is closed."""
        self._loaded.clear()

    def _inScene(self, folder: Path) -> tuple[Any, Any] | None:
        ct, node, state = self._nodesOf(folder)
        return (ct, node) if ct is not None and node is not None and state == _stateOf(folder) else None

    def _nodesOf(self, folder: Path) -> tuple[Any, Any, int]:
        ctId, nodeId, state = self._loaded.get(folder, ("", "", 0))
        return slicer.mrmlScene.GetNodeByID(ctId), slicer.mrmlScene.GetNodeByID(nodeId), state

    def _load(self, source: Path, folder: Path, row: Event) -> tuple[Any, Any]:
        from tunet.batch.finished import open_case

        from TuNetSegmentationLib import ResultViews
        from TuNetSegmentationLib.SceneVolumes import newCt, shows
        from TuNetSegmentationLib.SegmentStyles import kidneyStyle, tumorStyle

        state = _stateOf(folder)
        case = open_case(source, folder, row["where"])
        before, earlier, _state = self._nodesOf(folder)
        ct = before if before is not None and shows(before, case.ct.volume) else newCt(case.ct.volume, folder.name)
        node = ResultSegmentation.newSegmentation(ct)
        styles = [kidneyStyle(), tumorStyle()]
        ResultSegmentation.setSegments(node, ct, case.labels, styles)
        ResultSegmentation.signRun(node, case.report)
        self._panel.logic.result.authorship.sign(node, [style.segmentId for style in styles])
        ResultViews.present(ct, case.labels)
        ResultViews.showSurface(node)
        ResultViews.centre3D(node)
        self._loaded[folder] = (ct.GetID(), node.GetID(), state)
        if earlier is not None and not self._panel.logic.result.isUsers(earlier):
            slicer.mrmlScene.RemoveNode(earlier)  # the case was segmented again, and nobody touched what was shown
        return ct, node


def _stateOf(folder: Path) -> int:
    """Changes when a case is segmented again: the file that is written last."""
    from tunet.batch.discovery import STUDY_NAME

    path = folder / STUDY_NAME
    return path.stat().st_mtime_ns if path.exists() else 0
