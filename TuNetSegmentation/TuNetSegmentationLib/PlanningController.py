"""Jobs of a plan: a worker of their own, so that networks at work and plans do not wait for each other."""

from collections.abc import Callable
from typing import Any

from TuNetSegmentationLib.ChildProcess import Event
from TuNetSegmentationLib.JobController import JobController
from TuNetSegmentationLib.PlanInputs import PlanInputs


class PlanningController(JobController):
    """Sends labels, and the CT where it is needed, as files that are gone when the job is over."""

    def measure(self, inputs: PlanInputs, marginMm: float, onResult: Callable[[Event], None]) -> None:
        """Measure kidneys and lesions."""
        self._begin(lambda: self._send("measure", margin_mm=marginMm, **self._written(inputs, True)), onResult)

    def margin(self, inputs: PlanInputs, marginMm: float, onResult: Callable[[Event], None]) -> None:
        """Grow the shell of a resection around every lesion."""
        self._begin(lambda: self._send("margin", margin_mm=marginMm, **self._written(inputs, False)), onResult)

    def distances(self, inputs: PlanInputs, lesion: int, points: Any, onResult: Callable[[Event], None]) -> None:
        """Distances of points (n x 3, LPS mm) from a lesion."""
        import numpy as np

        def send() -> None:
            path = self._jobFolder() / "points.npy"
            np.save(path, points, allow_pickle=False)
            self._send("distances", lesion=lesion, points=str(path), **self._written(inputs, False))

        self._begin(send, onResult)

    def export(self, inputs: PlanInputs, request: dict[str, Any], onResult: Callable[[Event], None]) -> None:
        """Write files into the worker's own folder."""
        from tunet.output import write_scratch

        def send() -> None:
            fields = self._written(inputs, True)
            if inputs.predicted is not None:
                path = self._jobFolder() / "predicted.nrrd"
                write_scratch(inputs.predicted, path)
                fields["predicted"] = str(path)
            self._send("export", **request, **fields)

        self._begin(send, onResult)

    def _written(self, inputs: PlanInputs, withCt: bool) -> dict[str, Any]:
        """The files of a request."""
        from dataclasses import asdict

        from tunet.output import require_space, write_scratch

        from TuNetSegmentationLib.SceneVolumes import bytesOf, writeCt

        folder = self._jobFolder()
        write_scratch(inputs.labels, folder / "labels.nrrd")
        fields: dict[str, Any] = {"labels": str(folder / "labels.nrrd"), "ct": None}
        fields["frame"] = asdict(inputs.frame) if inputs.frame is not None else None
        if withCt and inputs.ctNode is not None:
            require_space(folder, bytesOf(inputs.ctNode))
            writeCt(inputs.ctNode, folder / "ct.nrrd")
            fields["ct"] = str(folder / "ct.nrrd")
        return fields
