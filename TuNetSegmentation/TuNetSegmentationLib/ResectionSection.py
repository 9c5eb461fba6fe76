"""The safety margin as a segment, distances on the kidney's surface, and the files of a plan."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import qt
import slicer

from TuNetSegmentationLib import DistanceModel, ExportFiles, MarginSegments, PlanInputs
from TuNetSegmentationLib.ChildProcess import Event
from TuNetSegmentationLib.ExportDialog import ExportDialog
from TuNetSegmentationLib.ResultSegmentation import modelOf, runWarningsOf
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)


class ResectionSection:
    """Buttons below a plan; jobs and sentences are the planning section's."""

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        self._exported = ""
        ui = panel.ui
        ui.marginButton.connect("clicked(bool)", self.onMargin)
        ui.distanceButton.connect("clicked(bool)", self.onDistances)
        ui.planExportButton.connect("clicked(bool)", self.onExport)
        ui.openExportButton.connect("clicked(bool)", self.onOpenFolder)

    def show(self) -> None:
        """Grey what cannot be done."""
        ui, planning = self._panel.ui, self._panel.planningSection
        free = not planning.problem and not planning.isBusy and not self._panel.setupSection.missing
        # Lesions are told apart by their numbers, which are those of the measured segments.
        free = free and not planning.isStale
        lesions = planning.plan is not None and bool(planning.plan.measurement.lesions)
        ui.marginButton.enabled = free and lesions
        isShown = DistanceModel.shown(planning.node) is not None
        ui.distanceButton.text = _("Hide distances") if isShown else _("Show distances")
        ui.distanceButton.enabled = isShown or (free and planning.chosenLesion is not None)
        ui.planExportButton.enabled = free
        ui.openExportButton.visible = bool(self._exported)

    def onMargin(self, checked: bool = False) -> None:
        """Grow the margin around every tumor."""
        planning = self._panel.planningSection
        inputs = planning.inputs() if self._isFresh() else None
        if inputs is not None:
            node = planning.node
            self._panel.logic.planning.margin(
                inputs, self._panel.state.marginMm, lambda event: self._onMargins(node, event)
            )

    def onDistances(self, checked: bool = False) -> None:
        """Colour the kidney by its distance from the chosen tumor, or take the colours away."""
        planning = self._panel.planningSection
        node, lesion = planning.node, planning.chosenLesion
        if DistanceModel.shown(node) is not None:
            DistanceModel.remove(node)
            self.show()
            return
        inputs = planning.inputs() if self._isFresh() else None
        if inputs is not None:
            surface = DistanceModel.kidneySurface(node)
            points = DistanceModel.pointsLps(surface)
            self._panel.logic.planning.distances(
                inputs, lesion.number, points, lambda event: self._onDistances(node, surface, lesion.number, event)
            )

    def onExport(self, checked: bool = False) -> None:
        """Ask what to write and where, then write it."""
        if not self._isFresh():
            return
        planning = self._panel.planningSection
        node = planning.node
        ctNode = PlanInputs.ctOf(node, self._panel.state.ct)
        request = ExportDialog(ctNode, planning.chosenLesion, self._panel.state.marginMm).ask()
        inputs = planning.inputs() if request is not None else None
        if request is None or inputs is None:
            return
        edits = [asdict(edit) for edit in planning.plan.edits.values()] if planning.plan is not None else []
        fields = {
            "choice": request.choice,
            "dicom": request.dicom or None,
            "series": request.series or None,
            "margin_mm": self._panel.state.marginMm,
            "edits": edits,
            "model": modelOf(node),
            "warnings": runWarningsOf(node),
            "edited": self._panel.logic.result.authorship.isEdited(node),
        }
        self._panel.logic.planning.export(inputs, fields, lambda event: self._onExported(Path(request.folder), event))

    def onOpenFolder(self, checked: bool = False) -> None:
        """The exported files in the system's file browser."""
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(self._exported))

    def _isFresh(self) -> bool:
        """Whether the plan is that of the segments, also a moment after they changed."""
        self._panel.planningSection.onRest()
        return not self._panel.planningSection.isStale

    def _onMargins(self, node: Any, event: Event) -> None:
        from tunet.measurement.margins import Resection
        from tunet.measurement.measures import with_resections

        if not slicer.mrmlScene.IsNodePresent(node):
            return
        names = MarginSegments.put(node, event["margins"])
        planning = self._panel.planningSection
        if planning.node is node and planning.plan is not None:
            resections = {
                m["lesion"]: Resection(
                    m["margin_mm"], m["resection_ml"], m["parenchyma_left_ml"], m["parenchyma_left_percent"]
                )
                for m in event["margins"]
            }
            planning.keep(planning.plan.withMeasurement(with_resections(planning.plan.measurement, resections)))
        volumes = ", ".join(f"{m['resection_ml']:.1f} ml" for m in event["margins"])
        if names:
            planning.say(
                _("{names} is in the segmentation; resection {volumes}.").format(
                    names=", ".join(names), volumes=volumes
                )
            )
        else:
            planning.say(_("No parenchyma lies within the margin; resection {volumes}.").format(volumes=volumes))

    def _onDistances(self, node: Any, surface: Any, lesion: int, event: Event) -> None:
        import numpy as np

        distances = np.load(event["distances"], allow_pickle=False)
        Path(event["distances"]).unlink(missing_ok=True)
        if not slicer.mrmlScene.IsNodePresent(node):
            return
        DistanceModel.put(node, surface, distances, lesion)
        self.show()

    def _onExported(self, folder: Path, event: Event) -> None:
        from tunet.errors import TunetError

        planning, names = self._panel.planningSection, list(event["files"])
        there = ExportFiles.inTheWay(names, folder)
        if there and not ExportFiles.mayReplace(there, folder):
            ExportFiles.drop(Path(event["folder"]))
            planning.say(_("Nothing was exported; choose another folder."))
            return
        try:
            ExportFiles.move(Path(event["folder"]), names, folder)
        except TunetError as error:
            planning.say(str(error))
            return
        self._exported = str(folder)
        done = _("{count} file(s) are in {folder}.").format(count=len(names), folder=str(folder))
        planning.say(" ".join([done, *event["notes"]]))
        self.show()
