"""Hearing of every change that a user makes to the segments of a segmentation."""

from collections.abc import Callable
from typing import Any

import slicer


class SegmentChanges:
    """Follows one segmentation at a time, and lets go of it with ``follow(None)``.

    By VTK's own tags: VTKObservationMixin would keep every segmentation it ever observed.
    """

    def __init__(self, onChange: Callable[..., None]) -> None:
        self._onChange = onChange
        self._node: Any = None
        self._segmentation: Any = None
        self._tags: list[int] = []

    def follow(self, node: Any) -> None:
        """Hear of this segmentation and of no other; of none if it is None."""
        if node is self._node:
            return
        for tag in self._tags:
            self._segmentation.RemoveObserver(tag)
        self._node, self._segmentation, self._tags = node, None, []
        if node is not None:
            self._segmentation = node.GetSegmentation()
            events = (
                slicer.vtkSegmentation.SourceRepresentationModified,
                slicer.vtkSegmentation.SegmentAdded,
                slicer.vtkSegmentation.SegmentRemoved,
                slicer.vtkSegmentation.SegmentModified,
            )
            self._tags = [self._segmentation.AddObserver(event, self._onChange) for event in events]
