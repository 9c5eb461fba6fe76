"""Checksums of a dataset, so that a run can say exactly on what it was trained."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from tunet.atomic import write_text
from tunet.errors import UsageError
from tunet.training.cases import CaseFiles

RECORD_NAME = "dataset.json"


@dataclass(frozen=True)
class DatasetRecord:
    """SHA-256 of every case (its two files in turn), and where the dataset lay."""

    dataset: str
    cases: dict[str, str]

    @classmethod
    def of(cls, dataset: Path, cases: Sequence[CaseFiles]) -> DatasetRecord:
        """Read every file once."""
        with ThreadPoolExecutor(2) as pool:
            sums = list(pool.map(_checksum, cases))
        return cls(str(dataset), {case.name: found for case, found in zip(cases, sums, strict=True)})

    def checksum(self, names: Iterable[str]) -> str:
        """One SHA-256 for some of the cases."""
        lines = "".join(f"{name} {self.cases[name]}\n" for name in sorted(names))
        return hashlib.sha256(lines.encode()).hexdigest()

    def keep(self, path: Path) -> None:
        """Store as JSON, or see that what is stored there has the same cases.

        Raises:
            UsageError: a case was added, removed or altered since.
        """
        if path.is_file():
            before: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["cases"]
            names = sorted(before.keys() | self.cases.keys())
            if changed := [name for name in names if before.get(name) != self.cases.get(name)]:
                raise UsageError(
                    f"The dataset is not the one {path.parent} was begun with ({changed[0]} differs); give that "
                    "dataset, or choose another folder."
                )
        write_text(path, json.dumps(asdict(self), indent=2) + "\n")


def _checksum(case: CaseFiles) -> str:
    digest = hashlib.sha256()
    for path in (case.imaging, case.segmentation):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
