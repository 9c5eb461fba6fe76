"""The last prediction in this process: maps on the CT's lattice, ready for other thresholds."""

from pathlib import Path
from typing import Any


class Prediction:
    """Probability maps and the labels that thresholds give from them; no network runs here.

    Numbers are the engine's; this class only keeps them together.
    """

    def __init__(self, maps: Any, options: Any) -> None:
        self.maps = maps
        self.defaults = options
        self._settled: Any = None
        self._settledFor: tuple[Any, ...] | None = None

    @classmethod
    def fromResult(cls, result: dict[str, Any]) -> "Prediction":
        """Read the maps of a worker's result event into memory; the files can go afterwards."""
        from tunet.probability import ProbabilityMaps
        from tunet.thresholds import PostProcessing
        from tunet.volume_io import read_map

        volumes = {name: read_map(Path(path)) for name, path in result["maps"].items()}
        maps = ProbabilityMaps(volumes["localization"], volumes["whole"], volumes["tumor"], volumes.get("uncertainty"))
        return cls(maps, PostProcessing.from_json(result["postprocessing"]))

    def options(self, kidney: tuple[float, float], tumor: tuple[float, float], smallestTumorMl: float) -> Any:
        """The bundle's post-processing with other thresholds (upper, lower) and smallest tumour."""
        from dataclasses import replace

        from tunet.thresholds import RegionThresholds

        upperKidney, upperTumor = kidney[0], tumor[0]
        return replace(
            self.defaults,
            whole=RegionThresholds(upperKidney, min(kidney), None),
            tumor=RegionThresholds(upperTumor, min(tumor), None),
            small_tumor=replace(self.defaults.small_tumor, lower=min(self.defaults.small_tumor.lower, min(tumor))),
            smallest_tumor_mm3=1000.0 * smallestTumorMl,
        )

    def labels(self, options: Any) -> Any:
        """The label map (the engine's volume) on the maps' part of the CT's lattice."""
        from dataclasses import replace

        from tunet.postprocessing import label_regions, settled_localization

        key = (options.localization, options.localization_threshold, options.localization_margin_mm)
        if self._settledFor != key:
            self._settled, self._settledFor = settled_localization(self.maps, options), key
        maps, settled = self._settled
        return label_regions(maps, replace(options, localization_margin_mm=settled.localization_margin_mm)).labels
