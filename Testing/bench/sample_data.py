"""The module `SampleData`: registering samples; loading those from a file or a custom downloader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import slicer

from .errors import BenchError


@dataclass
class SampleDataSource:
    """One sample; scalars become lists of one, as in Slicer."""

    sampleName: str  # noqa: N815
    uris: list[str]
    fileNames: list[str]  # noqa: N815
    nodeNames: list[str]  # noqa: N815
    checksums: list[str | None] = field(default_factory=list)
    customDownloader: Any = None  # noqa: N815
    thumbnailFileName: str | None = None  # noqa: N815


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


class SampleDataLogic:
    """Registers sources in `slicer.modules.sampleDataSources`; loads only what needs no network."""

    @staticmethod
    def registerCustomSampleDataSource(  # noqa: N802
        category: str = "Custom",
        sampleName: str | None = None,  # noqa: N803
        uris: Any = None,
        fileNames: Any = None,  # noqa: N803
        nodeNames: Any = None,  # noqa: N803
        customDownloader: Any = None,  # noqa: N803
        thumbnailFileName: str | None = None,  # noqa: N803
        loadFileType: Any = None,  # noqa: N803
        loadFiles: Any = None,  # noqa: N803
        loadFileProperties: Any = None,  # noqa: N803
        checksums: Any = None,
    ) -> None:
        if not len(_listed(uris)) == len(_listed(fileNames)) == len(_listed(nodeNames)):
            raise ValueError("All fields of sample data source must have the same length")
        sources = slicer.modules.sampleDataSources.setdefault(category, [])
        sources.append(
            SampleDataSource(
                str(sampleName),
                _listed(uris),
                _listed(fileNames),
                _listed(nodeNames),
                _listed(checksums),
                customDownloader,
                thumbnailFileName,
            )
        )

    def downloadSample(self, sampleName: str) -> Any:  # noqa: N802, N803
        return self.downloadSamples(sampleName)[0]

    def downloadSamples(self, sampleName: str) -> list[Any]:  # noqa: N802, N803
        source = self.sourceForSampleName(sampleName)
        if source is None:
            raise BenchError(f"No sample is registered as '{sampleName}'.")
        return [self._load(uri, name) for uri, name in zip(source.uris, source.nodeNames, strict=True)]

    def sourceForSampleName(self, sampleName: str) -> SampleDataSource | None:  # noqa: N802, N803
        every = (source for sources in slicer.modules.sampleDataSources.values() for source in sources)
        return next((source for source in every if source.sampleName == sampleName), None)

    @staticmethod
    def _load(uri: str, name: str) -> Any:
        parts = urlparse(uri)
        if parts.scheme != "file":
            raise BenchError(f"The bench downloads nothing; the sample is at {uri}.")
        return slicer.util.loadVolume(url2pathname(parts.path), properties={"name": name})
