"""Training data from CTs whose kidneys bear no tumor, labelled by a bundle: they teach T-Net what is none.

    python tools/make_healthy_cases.py hcc_007=DICOM_FOLDER hcc_009=DICOM_FOLDER ... -o HEALTHY --bundle starter

Each argument names the patient and the CT. A kidney of each case is the largest piece that the bundle finds on a side
of the body, what it takes for tumor included. The labels are no truth: look at ``NAME.png`` of each, and delete the
cases whose kidneys are not what is outlined there, or bear a tumor. Cases that are there stay.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy import ndimage
from tunet.atomic import write_text
from tunet.compute import resolve
from tunet.kits_names import IMAGING_NAME, SEGMENTATION_NAME
from tunet.models import open_bundle
from tunet.output import write_volume
from tunet.regions import Coverage
from tunet.segmenter import Segmenter, segment
from tunet.volume import Volume
from tunet.volume_io import read_ct

log = logging.getLogger("make_healthy_cases")

FIRST_CASE = 40000
_PICTURES = 12


def kidneys_of(labels: Volume) -> Volume:
    """The largest piece on each side of the CT's middle as 1, tumor or not; axes (z, y, x)."""
    pieces, count = ndimage.label(labels.array > 0)
    middle = labels.array.shape[2] / 2
    kept: dict[bool, tuple[int, int]] = {}
    for number, box in enumerate(ndimage.find_objects(pieces), start=1):
        mask = pieces[box] == number
        right = ndimage.center_of_mass(mask)[2] + box[2].start < middle
        kept[right] = max(kept.get(right, (0, 0)), (int(mask.sum()), number))
    log.info("%d pieces, kept %s voxels", count, " and ".join(str(size) for size, _ in kept.values()))
    chosen = [number for _, number in kept.values()]
    return Volume(np.isin(pieces, chosen).astype(np.uint8), labels.grid)


def draw(ct: Volume, kidneys: Volume, path: Path) -> None:
    """Outlines in slices through the kidneys, evenly spread."""
    slices = np.flatnonzero(kidneys.array.any(axis=(1, 2)))
    chosen = slices[np.linspace(0, len(slices) - 1, _PICTURES).round().astype(int)]
    figure, axes = plt.subplots(3, 4, figsize=(20, 13))
    for z, axis in zip(chosen, axes.flat, strict=True):
        axis.imshow(ct.array[z], cmap="gray", vmin=-60, vmax=280)
        axis.contour(kidneys.array[z], [0.5], colors="yellow", linewidths=0.7)
        axis.set_title(f"slice {z}")
        axis.set_axis_off()
    figure.tight_layout()
    figure.savefig(path, dpi=60)
    plt.close(figure)


def main() -> None:
    """The cases, ``patients.json`` and a picture of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cts", nargs="+", metavar="PATIENT=FOLDER")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--bundle", default="starter")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    bundle = open_bundle(arguments.bundle, output)
    segmenter = Segmenter.load(bundle, resolve(), coverage=Coverage.for_result(bundle.postprocessing))
    patients = {}
    for number, text in enumerate(arguments.cts):
        patient, _, place = text.partition("=")
        name = f"case_{FIRST_CASE + number:05d}"
        patients[name] = patient
        folder = output / name
        if (folder / SEGMENTATION_NAME).exists():
            continue
        ct = read_ct(Path(place)).volume
        kidneys = kidneys_of(segment(segmenter.predict(ct), bundle.postprocessing).labels)
        folder.mkdir(exist_ok=True)
        write_volume(ct, folder / IMAGING_NAME, None)
        write_volume(kidneys, folder / SEGMENTATION_NAME, None)
        draw(ct, kidneys, output / f"{name}.png")
        log.info("%s: %s", name, place)
    write_text(output / "patients.json", json.dumps(patients, indent=2) + "\n")


if __name__ == "__main__":
    main()
