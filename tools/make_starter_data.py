"""Training data with real texture: the shared CTs with other patients' kidney tumors in them.

    python tools/make_starter_data.py -o FOLDER --labels LABEL_FOLDER --more OTHER_FOLDER --count 20 --jobs 2
    python tools/make_starter_data.py -o TEST_FOLDER --labels LABEL_FOLDER --masks 100-119 --test --count 8

Writes a dataset in the KiTS layout, ``patients.json`` (which case is whose) and ``LICENSE.txt``. Numbers of cases tell
the CT: 06xxx is hcc_006, 07xxx hcc_007, 09xxx hcc_009, 15xxx hcc_015 (from 500 on in the portal phase), 20xxx the
TotalSegmentator example; 30xxx is chaos_3, 31xxx cptac_189, 32xxx tcga_a10x, 33xxx hcc_002, 34xxx tcga_4070a, 35xxx
hcc_005, 36xxx hcc_011 and 37xxx hcc_048 of OTHER_FOLDER, left out without it (Testing/data/kidney_truth/README.md says
where they come from). No network may learn from hcc_011 and hcc_048: they come with ``--test`` only. Variant 0 is the
CT as it is. Cases that are there stay; everything follows from ``--seed`` and the case's name. LABEL_FOLDER holds the
kidneys of each CT (1), as hcc_006.nii.gz and so on.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from make_kidney_truth import place_of
from tunet.atomic import write_text
from tunet.errors import InputError
from tunet.rendering.dataset import MaskFile, chosen_masks, find_masks, patients
from tunet.rendering.real.case import MIX, TUMOR_MIX, Kind, MadeCase, Source, make_case
from tunet.rendering.real.donors import Donor, donors_of, load, save
from tunet.training.label_sets import mapped
from tunet.volume_io import read_ct, read_labels

log = logging.getLogger("make_starter_data")

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"
LICENSE = """CT with lesions of other patients put into it, made by tools/make_starter_data.py.

The CTs are adapted from
- HCC-TACE-Seg: A. Moawad et al. 2021, doi:10.7937/TCIA.5FNA-0924, CC BY 4.0 (cases 06xxx, 07xxx, 09xxx, 15xxx,
  33xxx, 35xxx to 37xxx);
- test files of TotalSegmentator: J. Wasserthal et al., Apache-2.0 (cases 20xxx);
- CHAOS: A. E. Kavur et al. 2019, doi:10.5281/zenodo.3362844, CC BY-NC-SA 4.0 (cases 30xxx);
- CPTAC-PDA: National Cancer Institute CPTAC 2018, doi:10.7937/K9/TCIA.2018.SC20FO18, CC BY 4.0 (cases 31xxx);
- TCGA-LIHC: B. J. Erickson et al. 2016, doi:10.7937/K9/TCIA.2016.IMMQW8UQ, CC BY 3.0 (cases 32xxx);
- TCGA-COAD: S. Kirk et al. 2016, doi:10.7937/K9/TCIA.2016.HJJHBOXZ, CC BY 3.0 (cases 34xxx).
The shapes of tumors and of transplanted kidneys are adapted from the masks of KiTS19: N. Heller et al.,
arXiv:1904.00445, CC BY-NC-SA 4.0. Everything here therefore comes under CC BY-NC-SA 4.0: attribution, no commercial
use, the same licence for what is made from it. What was changed is in each case's rendering.json.
"""


@dataclass(frozen=True)
class SourceFile:
    """A CT.

    Attributes:
        name, patient: of the CT and of whom it shows.
        first: number of its first case.
        path: below the data folder or OTHER_FOLDER.
        lipiodol: whether there is some in the liver.
        only_test: no network may learn from it.
    """

    name: str
    patient: str
    first: int
    path: str
    lipiodol: bool = False
    only_test: bool = False


SOURCES = (
    SourceFile(
        "hcc_006",
        "hcc_006",
        6000,
        "ct/hcc_006/HCC_006/08-06-1999-NA-ABDPEL LIVER-65146/103.000000-LIVER 3 PHASE AP-45033",
    ),
    SourceFile("hcc_007", "hcc_007", 7000, "ct/hcc_007/hcc007_19980314_acq3.nii.gz", lipiodol=True),
    SourceFile("hcc_009", "hcc_009", 9000, "ct/hcc_009/hcc009_19980320_107.nii.gz", lipiodol=True),
    SourceFile("hcc_015_arterial", "hcc_015", 15000, "ct/hcc_015/hcc015_arterial.nii.gz"),
    SourceFile("hcc_015_portal", "hcc_015", 15500, "ct/hcc_015/hcc015_portal.nii.gz"),
    SourceFile("totalseg_example", "totalseg_example", 20000, "ct/totalseg_example/example_ct.nii.gz"),
    SourceFile("chaos_3", "chaos_3", 30000, "chaos_3"),
    SourceFile("cptac_189", "cptac_189", 31000, "cptac_189"),
    SourceFile("tcga_a10x", "tcga_a10x", 32000, "tcga_a10x"),
    SourceFile("hcc_002", "hcc_002", 33000, "hcc_002"),
    SourceFile("tcga_4070a", "tcga_4070a", 34000, "tcga_4070a"),
    SourceFile("hcc_005", "hcc_005", 35000, "hcc_005"),
    SourceFile("hcc_011", "hcc_011", 36000, "hcc_011", only_test=True),
    SourceFile("hcc_048", "hcc_048", 37000, "hcc_048", only_test=True),
)


@dataclass(frozen=True)
class Job:
    """One case to make."""

    source: SourceFile
    number: int
    kind: Kind

    @property
    def name(self) -> str:
        """Of the case's folder."""
        return f"case_{self.number:05d}"


@dataclass(frozen=True)
class Settings:
    """What all cases share."""

    output: Path
    data: tuple[Path, ...]
    labels: Path
    shelf: tuple[Path, ...]
    seed: int
    spacing_mm: float


class Shelf(Sequence[Donor]):
    """Donors in files, read when they are asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return load(self._paths[index])


def jobs(sources: Sequence[SourceFile], count: int, test: bool, seed: int, mix: Sequence[Kind] = MIX) -> Iterator[Job]:
    """Every case of every patient; both phases of a patient share its number of variants."""
    for source in sources:
        if source.only_test and not test:
            continue
        phases = sum(s.patient == source.patient for s in sources)
        mine = -(-count // phases)
        if not test:
            yield Job(source, source.first, Kind.ORIGINAL)
        for variant in range(1, mine + 1):
            yield Job(source, source.first + variant, Kind.TEST if test else _kind(source, variant, seed, mix))


def _kind(source: SourceFile, variant: int, seed: int, mix: Sequence[Kind]) -> Kind:
    block, place = divmod(variant - 1, len(mix))
    order = np.random.default_rng([seed, source.first, block]).permutation(len(mix))
    return mix[int(order[place])]


def make_shelf(folder: Path, masks: Sequence[MaskFile], histologies: dict[str, str | None], count: int) -> list[Path]:
    """The donors of some masks as files, made where they are not there."""
    with ProcessPoolExecutor(count, initializer=_quiet) as pool:
        found = pool.map(_shelve, [folder] * len(masks), masks, [histologies.get(m.name) for m in masks])
        return sorted(path for paths in found for path in paths)


def _shelve(folder: Path, mask: MaskFile, histology: str | None) -> list[Path]:
    note = folder / f"{mask.name}.done"
    if not note.exists():
        try:
            for donor in donors_of(mapped(read_labels(mask.path), None, mask.path.name), mask.name, histology):
                save(donor, folder / f"{mask.name}-{donor.side}.npz")
        except InputError as error:
            log.warning("%s", error)
        write_text(note, "")
    return sorted(folder.glob(f"{mask.name}-*.npz"))


@lru_cache(maxsize=2)
def _source(file: SourceFile, data: tuple[Path, ...], labels: Path) -> Source:
    path = place_of(file.path, data)
    assert path is not None  # only those that are there become jobs
    ct = read_ct(path).volume
    return Source(file.name, file.patient, ct, read_labels(labels / f"{file.name}.nii.gz"), file.lipiodol)


def run(job: Job, settings: Settings) -> str:
    """Make a case, unless it is there; what was done in a line."""
    folder = settings.output / job.name
    if (folder / "rendering.json").exists():
        return f"{job.name} is there"
    begin = time.perf_counter()
    source = _source(job.source, settings.data, settings.labels)
    case = make_case(source, job.name, job.kind, Shelf(settings.shelf), settings.seed, settings.spacing_mm)
    write(folder, case)
    lesions = ", ".join(f"{lesion.diameter_mm:.0f} mm" for lesion in case.description.lesions) or "no tumor"
    return f"{job.name} {job.kind.value}: {lesions}, {time.perf_counter() - begin:.1f} s"


def write(folder: Path, case: MadeCase) -> None:
    """Write a case beside its place and move it there."""
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, volume in (("imaging", case.ct), ("segmentation", case.labels)):
            path = str(partial / f"{name}.nii.gz")
            sitk.WriteImage(volume.to_sitk(), path, useCompression=True, compressionLevel=1)
        text = json.dumps(case.description.to_json(), indent=2)
        (partial / "rendering.json").write_text(text + "\n", encoding="utf-8")
        partial.chmod(0o755)  # mkdtemp's 0700 would lock out others who share the dataset
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _quiet() -> None:
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", force=True)


def main() -> None:
    """Donors first, then the cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True, help="folder with the kidneys of each CT")
    parser.add_argument("--data", type=Path, default=SHARED, help="folder with ct/ and kits19_labels/")
    parser.add_argument("--more", type=Path, help="folder with the CTs that are not in --data")
    parser.add_argument("--count", type=int, default=20, help="variants a patient, the CT itself not counted")
    parser.add_argument("--masks", default="0-99", help="KiTS masks that give tumors, such as 0-99 or 100-119")
    parser.add_argument("--exclude-patient", action="append", default=[], help="leave a patient out")
    parser.add_argument("--only", action="append", default=[], help="make the cases of this CT only")
    parser.add_argument("--test", action="store_true", help="tumors only, in CTs that stay as they are otherwise")
    parser.add_argument("--tumors", action="store_true", help="more of the variants with tumors, for T-Net alone")
    parser.add_argument("--spacing", type=float, default=1.25, help="pixel size in mm")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--donors", type=Path, help="folder for prepared donors, beside the dataset if not given")
    args = parser.parse_args()
    _quiet()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    data = (args.data, args.more) if args.more else (args.data,)
    sources = [
        source
        for source in SOURCES
        if source.patient not in args.exclude_patient
        and (not args.only or source.name in args.only)
        and (args.labels / f"{source.name}.nii.gz").exists()
        and place_of(source.path, data) is not None
    ]
    args.output.mkdir(parents=True, exist_ok=True)
    write_text(args.output / "LICENSE.txt", LICENSE)
    masks_folder = args.data / "kits19_labels"
    histologies = {name: patient.histology for name, patient in patients(masks_folder).items()}
    shelf_folder = args.donors or args.output.with_name(f"{args.output.name}-donors")
    shelf = make_shelf(shelf_folder, chosen_masks(find_masks(masks_folder), args.masks), histologies, args.jobs)
    log.info("%d donors, CTs: %s", len(shelf), ", ".join(source.name for source in sources))
    settings = Settings(args.output, data, args.labels, tuple(shelf), args.seed, args.spacing)
    todo = list(jobs(sources, args.count, args.test, args.seed, TUMOR_MIX if args.tumors else MIX))
    names = {job.name: job.source.patient for job in todo}
    write_text(args.output / "patients.json", json.dumps(names, indent=2) + "\n")
    with ProcessPoolExecutor(args.jobs, initializer=_quiet) as pool:
        for line in pool.map(run, todo, [settings] * len(todo)):
            log.info("%s", line)


if __name__ == "__main__":
    main()
