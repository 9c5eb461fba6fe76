"""Hearing of every change that a user makes to the segments of a segmentation."""

from collections.abc import Callable
from typing import Any

import slicer


class SegmentChanges:
    """Follows one segmentation at a time; ``widget`` is the panel, whose observers Slicer removes with it."""

    def __init__(self, widget: Any, onChange: Callable[..., None]) -> None:
        self._widget = widget
        self._onChange = onChange
        self._node: Any = None

    def follow(self, node: Any) -> None:
        """Hear of this segmentation and of no other; of none if it is None."""
        if node is self._node:
            return
        events = (
            slicer.vtkSegmentation.SourceRepresentationModified,
            slicer.vtkSegmentation.SegmentAdded,
            slicer.vtkSegmentation.SegmentRemoved,
            slicer.vtkSegmentation.SegmentModified,
        )
        for event in events:
            if self._node is not None:
                self._widget.removeObserver(self._node.GetSegmentation(), event, self._onChange)
            if node is not None:
                self._widget.addObserver(node.GetSegmentation(), event, self._onChange)
        self._node = node
