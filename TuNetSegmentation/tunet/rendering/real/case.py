"""One made case: a patient's CT, what is done to it, and what came of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, TypeVar

import numpy as np
from scipy import ndimage

from tunet.bounds import bounding_box
from tunet.measurement.diameters import largest_diameter
from tunet.rendering.anatomy_of_mask import cropped as cropped_volume
from tunet.rendering.real.cysts import CystInKidney, WidePelvis, add_cyst, widen_pelvis
from tunet.rendering.real.donors import Donor
from tunet.rendering.real.finish import Crop, as_int16, crop_with_tumor, cropped, degrade
from tunet.rendering.real.geometry import Geometry, scene_of
from tunet.rendering.real.grain import Grain
from tunet.rendering.real.insertion import Host, Insertion, insert
from tunet.rendering.real.lipiodol import add_lipiodol
from tunet.rendering.real.negatives import Finding, add_bowel, add_organ_lesion
from tunet.rendering.real.phase import WEAK_HU, Levels, change_kidney, change_rest, measured, random_levels
from tunet.rendering.real.rooms import Rooms
from tunet.rendering.real.scene import Scene
from tunet.rendering.real.transplant import Transplant, nephrectomy, transplant
from tunet.volume import TUMOR, Volume

_T = TypeVar("_T")

_TRIES = 45
_SECOND_TUMOR_CHANCE = 0.3
# Of a ball of 8 mm; less is a scrap at the edge of a cut.
_LEAST_LESION_MM3 = 250.0
_TRANSPLANT_WITH_TUMOR, _NEPHRECTOMY = 0.8, 0.15
_LIPIODOL, _LIPIODOL_AGAIN, _LIPIODOL_NEGATIVE = 0.30, 0.08, 0.45


class Kind(Enum):
    """What a case is for."""

    ORIGINAL = "original"
    INSERTION = "insertion"
    TRANSPLANT = "transplant"
    NEGATIVE = "negative"
    ENHANCEMENT = "enhancement"
    TEST = "test insertion"


# One block of twenty variants; each patient goes through it in an order of its own.
MIX = (
    *[Kind.INSERTION] * 9,
    *[Kind.TRANSPLANT] * 3,
    *[Kind.NEGATIVE] * 3,
    *[Kind.ENHANCEMENT] * 5,
)
# For T-Net alone, which learns slowest: seventeen of twenty with a tumor, or a kidney that brings one.
TUMOR_MIX = (
    *[Kind.INSERTION] * 13,
    *[Kind.TRANSPLANT] * 4,
    *[Kind.NEGATIVE] * 2,
    Kind.ENHANCEMENT,
)


@dataclass(frozen=True)
class Lesion:
    """A tumor as the labels of the case have it.

    Attributes:
        ml: volume.
        diameter_mm: largest, in any direction.
        ball_mm: diameter of a ball as large.
    """

    ml: float
    diameter_mm: float
    ball_mm: float


@dataclass
class CaseDescription:
    """What was done to a CT; ``to_json`` gives plain values."""

    case: str
    patient: str
    source: str
    seed: int
    kind: Kind
    geometry: Geometry = field(default_factory=Geometry)
    curve: str = "none"
    kidneys: dict[str, Levels] = field(default_factory=dict)
    kidneys_changed: str = "no"
    grain: Grain | None = None
    insertions: list[Insertion] = field(default_factory=list)
    transplants: list[Transplant] = field(default_factory=list)
    nephrectomies: list[str] = field(default_factory=list)
    cysts: list[CystInKidney] = field(default_factory=list)
    pelves: list[WidePelvis] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    blur_mm: float = 0.0
    noise_hu: float = 0.0
    crop: Crop | None = None
    kidney_ml: float = 0.0
    lesions: list[Lesion] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


@dataclass(frozen=True)
class Source:
    """A patient's CT with its kidneys labelled.

    Attributes:
        name, patient: of the CT, and of whom it is.
        ct: HU.
        kidneys: not 0 where kidney.
        lipiodol: the liver holds lipiodol.
    """

    name: str
    patient: str
    ct: Volume
    kidneys: Volume
    lipiodol: bool = False


@dataclass(frozen=True)
class MadeCase:
    """CT (int16 HU) and labels (uint8; 0, 1 kidney with cysts, 2 tumor) on one upright grid."""

    ct: Volume
    labels: Volume
    description: CaseDescription


def make_case(source: Source, name: str, kind: Kind, donors: Sequence[Donor], seed: int, spacing_mm: float) -> MadeCase:
    """Everything random follows from seed and name."""
    key = [seed, zlib.crc32(name.encode())]
    shape, tissue, lesions, scanner = (np.random.default_rng([*key, part]) for part in range(4))
    about = CaseDescription(name, source.patient, source.name, seed, kind)
    plain = kind in (Kind.ORIGINAL, Kind.TEST)
    if not plain:
        about.geometry = Geometry.random(source.ct.grid.spacing_mm[2], shape)
    scene = scene_of(source.ct, source.kidneys, about.geometry, spacing_mm, shape)
    if not plain:
        _vary_enhancement(scene, about, tissue)
    if kind is not Kind.ORIGINAL:
        _change(scene, about, donors, lesions, _lipiodol_chance(source, kind))
    if not plain:
        scene = _finish(scene, about, scanner)
    return _made(scene, about)


def _lipiodol_chance(source: Source, kind: Kind) -> float:
    if source.lipiodol:
        return _LIPIODOL_AGAIN
    return _LIPIODOL_NEGATIVE if kind is Kind.NEGATIVE else _LIPIODOL


def _vary_enhancement(scene: Scene, about: CaseDescription, rng: np.random.Generator) -> None:
    levels = random_levels(rng)
    # Without contrast medium in the kidneys there is mostly none in the rest.
    bare = levels.cortex < 60
    changes = about.kind is Kind.ENHANCEMENT or rng.random() < 0.5
    if rng.random() < 0.75 or (changes and bare):
        washed_out = changes and bare and rng.random() < 0.8
        change_rest(scene, washed_out, rng)
        about.curve = "without contrast medium" if washed_out else "random"
    if changes:
        weak = any(measured(scene, place).cortex < WEAK_HU for place in scene.kidneys())
        rendered = bool(rng.random() < 0.45) or weak
        for place in scene.kidneys():
            mine = rng.uniform(0.95, 1.05)
            change_kidney(scene, place, Levels(levels.cortex * mine, levels.medulla * mine), rendered, rng)
        about.kidneys_changed = "rendered" if rendered else "stretched"


def _change(
    scene: Scene, about: CaseDescription, donors: Sequence[Donor], rng: np.random.Generator, lipiodol: float
) -> None:
    places = scene.kidneys()
    rooms = Rooms.of(scene, places)
    soft = (scene.hu > -20) & (scene.hu < 280) & (scene.kidney < 0.05)
    about.grain = grain = Grain.measured(scene.hu, soft)
    hosts = [Host.of(scene, place, measured(scene, place)) for place in places]
    about.kidneys = {host.place.side: host.levels for host in hosts}
    if not hosts:
        return
    if about.kind is Kind.TRANSPLANT:
        first = hosts[int(rng.integers(len(hosts)))]
        with_tumor = bool(rng.random() < _TRANSPLANT_WITH_TUMOR)
        done = _tried(donors, rng, lambda donor: transplant(scene, first, donor, rooms, grain, rng), with_tumor)
        about.transplants += [] if done is None else [done]
    if about.kind in (Kind.NEGATIVE, Kind.ENHANCEMENT) and len(hosts) > 1 and rng.random() < _NEPHRECTOMY:
        gone = hosts.pop(int(rng.integers(len(hosts))))
        about.nephrectomies.append(nephrectomy(scene, gone, rooms, grain, rng))
    if about.kind in (Kind.INSERTION, Kind.TEST):
        count = 1 + int(rng.random() < _SECOND_TUMOR_CHANCE)
        for _ in range(count):
            host = hosts[int(rng.integers(len(hosts)))]
            found = _tried(
                donors,
                rng,
                lambda donor, host=host: insert(scene, host, donor, rooms, grain, rng),  # type: ignore[misc]
                with_tumor=True,
            )
            about.insertions += [] if found is None else [found]
    if about.kind is not Kind.TEST:
        _add_other(scene, about, hosts, rooms, grain, rng)
        if rng.random() < lipiodol:
            about.findings += add_lipiodol(scene, rooms, grain, rng)


def _add_other(
    scene: Scene, about: CaseDescription, hosts: list[Host], rooms: Rooms, grain: Grain, rng: np.random.Generator
) -> None:
    """Cysts and findings beside the kidneys: many in the cases made for them, some in the others."""
    negative = about.kind is Kind.NEGATIVE
    chance = 0.75 if negative else 0.25
    kept = [host for host in hosts if host.place.side not in {done.side for done in about.transplants}]
    for host in kept:
        if rng.random() < (0.3 if negative else 0.06):
            about.pelves.append(widen_pelvis(scene, host, grain, rng))
        if rng.random() < chance:
            for _ in range(int(rng.integers(1, 5 if negative else 3))):
                cyst = add_cyst(scene, host, rooms, grain, 0.3, rng)
                about.cysts += [] if cyst is None else [cyst]
        if rng.random() < (0.45 if negative else 0.12):
            bowel = add_bowel(scene, host, rooms, grain, rng)
            about.findings += [] if bowel is None else [bowel]
    for liver in (True, False):
        if rng.random() < (0.45 if negative else 0.12):
            lesion = add_organ_lesion(scene, rooms, grain, liver, rng)
            about.findings += [] if lesion is None else [lesion]


def _tried(
    donors: Sequence[Donor], rng: np.random.Generator, put: Callable[[Donor], _T | None], with_tumor: bool = False
) -> _T | None:
    """The first of some random donors that fits."""
    tries = 0
    for number in rng.permutation(len(donors)):
        donor = donors[int(number)]
        if with_tumor and donor.tumor_mm == 0:
            continue
        tries += 1
        if tries > _TRIES:
            break
        done = put(donor)
        if done is not None:
            return done
    return None


def _finish(scene: Scene, about: CaseDescription, rng: np.random.Generator) -> Scene:
    grain = about.grain or Grain(0.0, (0.4, 0.4, 0.4))
    blur, noise = rng.random() < 0.2, rng.random() < 0.3
    about.blur_mm, about.noise_hu = degrade(scene, grain, bool(blur), bool(noise), rng)
    if rng.random() < 0.45:
        about.crop = crop_with_tumor(scene, rng)
    return scene if about.crop is None else cropped(scene, about.crop)


def _made(scene: Scene, about: CaseDescription) -> MadeCase:
    labels = Volume(scene.labels(), scene.grid)
    about.kidney_ml = float(np.count_nonzero(labels.array)) * scene.grid.voxel_volume_mm3 / 1000
    pieces, _ = ndimage.label(labels.array == TUMOR)
    for number, box in enumerate(ndimage.find_objects(pieces), start=1):
        mask = pieces[box] == number
        mm3 = float(mask.sum()) * scene.grid.voxel_volume_mm3
        if mm3 < _LEAST_LESION_MM3:
            labels.array[box][mask] = 1  # scraps at the edge of a cut
            continue
        whole = Volume(pieces == number, scene.grid)
        part = cropped_volume(whole, bounding_box(whole.array, 1))
        ball = 2 * (3 * mm3 / (4 * np.pi)) ** (1 / 3)
        about.lesions.append(Lesion(mm3 / 1000, largest_diameter(part).length_mm, ball))
    return MadeCase(Volume(as_int16(scene), scene.grid), labels, about)


def _plain(value: Any) -> Any:
    """Enums as their words, floats with four digits, arrays and tuples as lists."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return round(float(value), 4) if isinstance(value, float) else value
