"""The result on screen: maps and thresholds on one side, the segmentation they were written to on the other."""

from dataclasses import dataclass
from typing import Any

import slicer

from TuNetSegmentationLib import MapVolumes, ResultSegmentation, StoredPlan
from TuNetSegmentationLib.ResultSegmentation import Authorship
from TuNetSegmentationLib.SceneVolumes import gridOf
from TuNetSegmentationLib.SegmentStyles import SegmentStyle, kidneyStyle, tumorStyle


@dataclass(frozen=True)
class SegmentRow:
    """A segment with its volume, and how it differs from the prediction (the engine's Change) where there is one.

    The volume is None where the segment has no voxels to count, as one that is a surface only.
    """

    segmentId: str
    name: str
    volumeMl: float | None
    change: Any


class CurrentResult:
    """One prediction and where it went; numbers are the engine's."""

    def __init__(self) -> None:
        self.authorship = Authorship()
        self.live: Any = None
        self.ctNode: Any = None
        self.node: Any = None
        self._labels: Any = None
        self._parted: Any = None
        self._styles: list[SegmentStyle] = []
        self._shown: Any = None
        self._wantsSurface = False
        self._isNew = False

    @property
    def isLive(self) -> bool:
        """Whether thresholds can be moved."""
        return self.live is not None and self.node is not None and bool(slicer.mrmlScene.IsNodePresent(self.node))

    @property
    def labels(self) -> Any:
        """The label map that was written last (the engine's; 1 kidney, 2 tumor); None before there is one."""
        return self._labels

    def take(self, ctNode: Any, live: Any, node: Any) -> None:
        """A finished run's maps, and the segmentation they shall go to."""
        self.ctNode, self.live, self.node = ctNode, live, node
        self._labels, self._parted, self._shown = None, None, None
        self._wantsSurface = self._isNew = True

    def restore(self, node: Any, thresholds: Any, sides: bool, lesions: bool) -> None:
        """Take up a segmentation of the scene, as after it was opened again; nothing is written."""
        if node is self.node:
            return
        self.forget()
        if node is None:
            return
        self.node, self.ctNode = node, node.GetNodeReference(ResultSegmentation.CT_REFERENCE)
        self.live = MapVolumes.liveFromScene(node) if self.ctNode is not None else None
        if self.live is not None:
            self._part(thresholds, sides, lesions)

    def forget(self) -> None:
        """Let go of everything."""
        self.live = self.ctNode = self.node = self._labels = self._parted = self._shown = None
        self._styles = []

    def isShown(self, thresholds: Any, sides: bool, lesions: bool) -> bool:
        """Whether the segments are those of these thresholds already."""
        return bool(self._shown == (thresholds, sides, lesions))

    def isEdited(self) -> bool:
        """Whether the segmentation holds the user's own voxels."""
        return self.authorship.isEdited(self.node)

    def isUsers(self, node: Any) -> bool:
        """Whether there is something of the user in a segmentation: edits, a judgement, points he set."""
        if self.authorship.isEdited(node) or ResultSegmentation.isReviewed(node):
            return True
        plan = StoredPlan.read(node)
        return plan is not None and bool(plan.edits)

    def write(self, thresholds: Any, sides: bool, lesions: bool) -> None:
        """Labels under these thresholds into the segmentation; no network runs."""
        self._part(thresholds, sides, lesions)
        segmentation = self.node.GetSegmentation()
        self._wantsSurface = self._wantsSurface or segmentation.ContainsRepresentation("Closed surface")
        ResultSegmentation.setSegments(self.node, self.ctNode, self._parted.labels, self._styles)
        self.authorship.sign(self.node, [style.segmentId for style in self._styles])

    def settle(self) -> None:
        """What takes a moment and can wait until a slider rests: the surface, and the record for a saved scene."""
        from TuNetSegmentationLib.ResultViews import centre3D, showSurface

        if self._wantsSurface and self.isLive:
            self._wantsSurface = False
            showSurface(self.node)
            if self._isNew:
                self._isNew = False
                centre3D(self.node)
        if self.node is not None and slicer.mrmlScene.IsNodePresent(self.node):
            self.authorship.record(self.node)

    def rows(self, node: Any) -> list[SegmentRow]:
        """Every segment of a segmentation with its volume and its change."""
        from tunet.review import volume_ml

        found = []
        for segmentId in ResultSegmentation.segmentIds(node):
            mask = ResultSegmentation.maskOf(node, segmentId)
            name = node.GetSegmentation().GetSegment(segmentId).GetName()
            volume = volume_ml(mask) if ResultSegmentation.hasVoxels(node, segmentId) else None
            found.append(SegmentRow(segmentId, name, volume, self._change(node, segmentId, mask)))
        return found

    def _change(self, node: Any, segmentId: str, mask: Any) -> Any:
        from tunet.review import change_between

        if node is not self.node or self._parted is None:
            return None
        for style, part in zip(self._styles, self._parted.parts, strict=True):
            if style.segmentId == segmentId:
                return change_between(self._parted.mask(part), mask)
        return None

    def _part(self, thresholds: Any, sides: bool, lesions: bool) -> None:
        from tunet.parts import parted

        self._labels = self.live.labels(thresholds)
        self._parted = parted(self._labels, gridOf(self.ctNode), sides, lesions)
        self._styles = [_styleOf(part) for part in self._parted.parts]
        self._shown = (thresholds, sides, lesions)


def _styleOf(part: Any) -> SegmentStyle:
    from tunet.volume import KIDNEY

    return kidneyStyle(part.side) if part.label == KIDNEY else tumorStyle(part.number, part.side)
