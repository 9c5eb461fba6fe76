"""What is fed with damaged inputs, and what a sound input looks like."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "TuNetSegmentation"), str(ROOT / "Testing" / "engine")]

import numpy as np  # noqa: E402
import SimpleITK as sitk  # noqa: E402
from bundles import tiny_bundle  # noqa: E402
from dicom_factory import Series  # noqa: E402
from fuzz_mutations import damaged_bytes, damaged_json, damaged_text  # noqa: E402
from tunet.bundle import MANIFEST, load_bundle, write_manifest  # noqa: E402
from tunet.bundle_archive import pack, unpack  # noqa: E402
from tunet.errors import BundleError  # noqa: E402
from tunet.frame import frame_for  # noqa: E402
from tunet.recipe import PAPER  # noqa: E402
from tunet.volume_io import read_ct  # noqa: E402
from tunet.weights import load_members  # noqa: E402
from tunet.worker import Channel, Worker  # noqa: E402

Files = dict[str, bytes]

_LONGEST_SENTENCE = 1000


class NotOneSentence(Exception):
    """An answer that is no single sentence for a user, or a defect's."""


@dataclass(frozen=True)
class Target:
    """One kind of input.

    Attributes:
        sound: an input that is taken.
        make: a damaged input (name to bytes) for a generator.
        feed: gives it to the program, in a folder where it lies; raises a TunetError where it is refused.
    """

    sound: Files
    make: Callable[[Random], Files]
    feed: Callable[[Path], None]


def target(name: str, scratch: Path) -> Target:
    """A target by its name; what it needs lies in ``scratch``."""
    return TARGETS[name](scratch)


def check_sentence(text: str) -> None:
    """An answer must be one sentence.

    Raises:
        NotOneSentence: it is not.
    """
    if "\n" in text or not text.rstrip().endswith((".", ").")) or len(text) > _LONGEST_SENTENCE:
        raise NotOneSentence(text[:2000])


def _image(kind: type) -> sitk.Image:
    values = np.random.default_rng(0).integers(-1000, 1000, (6, 5, 8)).astype(kind)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((1, 2, 3))
    return image


def _seeds(scratch: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    found = {}
    for name in names:
        for kind in (np.int16, np.float32):
            sitk.WriteImage(_image(kind), str(scratch / name), useCompression=name.startswith("z"))
            found[f"{np.dtype(kind)}-{name}"] = (scratch / name).read_bytes()
    return found


def _read(folder: Path) -> None:
    path, *_ = sorted(folder.iterdir())
    volume = read_ct(path).volume
    grid = frame_for(volume.grid, PAPER).model
    assert grid.voxel_count < 3_000_000_000, "a CT that was accepted needs a giant grid"


def _nifti(scratch: Path) -> Target:
    seeds = _seeds(scratch, ("ct.nii",))

    def make(random: Random) -> Files:
        data = random.choice(list(seeds.values()))
        match random.randrange(4):
            case 0:
                return {"ct.nii.gz": damaged_bytes(gzip.compress(data, 1), random)}
            case 1:
                return {"ct.nii.gz": gzip.compress(damaged_bytes(data, random), 1)}
            case _:
                return {"ct.nii": damaged_bytes(data, random)}

    return Target({"ct.nii": next(iter(seeds.values()))}, make, _read)


def _with_text_header(scratch: Path, suffix: str, end: bytes) -> Target:
    seeds = _seeds(scratch, (f"ct{suffix}", f"z{suffix}"))

    def make(random: Random) -> Files:
        data = random.choice(list(seeds.values()))
        return {f"ct{suffix}": damaged_text(data, random, data.index(end) + len(end))}

    return Target({f"ct{suffix}": next(iter(seeds.values()))}, make, _read)


def _dicom(scratch: Path) -> Target:
    Series(heights=(0.0, 3.0, 6.0)).write(scratch / "dicom")
    seeds = {path.name: path.read_bytes() for path in sorted((scratch / "dicom").iterdir())}

    def make(random: Random) -> Files:
        files = dict(seeds)
        for name in random.sample(list(files), random.randint(1, len(files))):
            files[name] = damaged_bytes(files[name], random)
        return files

    def feed(folder: Path) -> None:
        read_ct(folder)

    return Target(seeds, make, feed)


def _load(folder: Path) -> None:
    bundle = load_bundle(folder)
    load_members(bundle, bundle.members)


def _bundle(scratch: Path) -> Target:
    sound = _bundle_files(scratch)

    def make(random: Random) -> Files:
        if random.random() < 0.15:
            return {**sound, MANIFEST: damaged_bytes(sound[MANIFEST], random)}
        return {**sound, MANIFEST: json.dumps(damaged_json(json.loads(sound[MANIFEST]), random)).encode()}

    return Target(sound, make, _load)


def _safetensors(scratch: Path) -> Target:
    sound = _bundle_files(scratch)
    bundle = load_bundle(scratch / "bundle")
    weights = [name for name in sound if name.endswith(".safetensors")]

    def make(random: Random) -> Files:
        name = random.choice(weights)
        return {**sound, name: _damaged_weights(sound[name], random)}

    def feed(folder: Path) -> None:
        # An attacker gives the checksums of what he made.
        write_manifest(replace(bundle, folder=folder))
        _load(folder)

    return Target(sound, make, feed)


def _damaged_weights(data: bytes, random: Random) -> bytes:
    if random.random() < 0.3:
        return damaged_bytes(data, random)
    length = int.from_bytes(data[:8], "little")
    header = json.dumps(damaged_json(json.loads(data[8 : 8 + length]), random)).encode()
    return len(header).to_bytes(8, "little") + header + data[8 + length :]


def _archive(scratch: Path) -> Target:
    sound = _bundle_files(scratch)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in sound.items():
            made.writestr(name, data)
    whole = buffer.getvalue()

    def make(random: Random) -> Files:
        # The directory of a zip is at its end.
        if random.random() < 0.5:
            return {"b.zip": whole[:-1500] + damaged_bytes(whole[-1500:], random)}
        return {"b.zip": damaged_bytes(whole, random)}

    def feed(folder: Path) -> None:
        out = folder / "out"
        out.mkdir()
        unpack(folder / "b.zip", out)
        _load(out)
        pack(out, folder / "again.zip")

    return Target({"b.zip": whole}, make, feed)


def _bundle_files(scratch: Path) -> Files:
    folder = tiny_bundle(scratch / "bundle").folder
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _worker(scratch: Path) -> Target:
    bundle = tiny_bundle(scratch / "bundle")
    ct, labels = scratch / "ct.nrrd", scratch / "labels.nrrd"
    sitk.WriteImage(_image(np.int16), str(ct))
    sitk.WriteImage(_marked(), str(labels))
    thresholds = bundle.postprocessing.to_json()
    requests: list[dict[str, Any]] = [
        {"request": "segment", "id": 1, "input": str(ct), "bundle": str(bundle.folder), "variant": None,
         "device": "cpu", "precision": "fp32", "roi": [0, 8, 0, 5, 0, 6], "mirrored": False,
         "postprocessing": thresholds},
        {"request": "rethreshold", "id": 2, "postprocessing": thresholds},
        {"request": "measure", "id": 3, "labels": str(labels), "margin_mm": 5.0,
         "frame": {"shape": [12, 20, 20], "spacing_mm": [3.0, 3.0, 5.0], "origin_lps": [0.0, 0.0, 0.0]}},
        {"request": "margin", "id": 4, "labels": str(labels), "margin_mm": 5.0},
        {"request": "install", "id": 5, "source": str(bundle.folder)},
        {"request": "devices", "id": 6},
        {"request": "cancel"},
    ]  # fmt: skip

    return _requests(requests, [*requests[:4], _LAST])


def _planning(scratch: Path) -> Target:
    ct, labels, points = (scratch / name for name in ("ct.nrrd", "labels.nrrd", "points.npy"))
    sitk.WriteImage(_image(np.int16), str(ct))
    sitk.WriteImage(_marked(), str(labels))
    np.save(points, np.array([[12.0, 12.0, 25.0], [21.0, 18.0, 30.0]]), allow_pickle=False)
    surfaces = {"suffix": "stl", "space": "lps", "one_file": True, "with_margin": True, "distance_from": 1}
    edit = {"lesion": 1, "r": 2, "e": None, "a": "p", "hilar": True, "polar": 1}
    model = {"name": "tiny", "version": "1", "checksum": "0" * 64, "members": ["tunet"]}
    requests: list[dict[str, Any]] = [
        {"request": "distances", "id": 1, "labels": str(labels), "points": str(points), "lesion": 1},
        {"request": "export", "id": 2, "labels": str(labels), "ct": str(ct), "margin_mm": 5.0, "edits": [edit],
         "model": model, "choice": {"surfaces": surfaces, "label_suffix": ".nrrd", "numbers": True}},
        {"request": "measure", "id": 3, "labels": str(labels), "ct": str(ct), "margin_mm": 5.0},
    ]  # fmt: skip
    sound = _requests(requests, [*requests, _LAST])

    def make(random: Random) -> Files:
        if random.random() < 0.2:
            points.write_bytes(damaged_bytes(points_as_saved, random))
        else:
            points.write_bytes(points_as_saved)
        return sound.make(random)

    points_as_saved = points.read_bytes()
    return replace(sound, make=make)


_LAST = {"request": "devices", "id": "last"}


def _marked() -> sitk.Image:
    """Labels of a kidney with a tumor."""
    marked = np.zeros((12, 20, 20), np.uint8)
    marked[3:9, 4:16, 4:16] = 1
    marked[5:7, 6:9, 6:9] = 2
    image = sitk.GetImageFromArray(marked)
    image.SetSpacing((3.0, 3.0, 5.0))
    return image


def _requests(requests: list[dict[str, Any]], sound: list[dict[str, Any]]) -> Target:
    """One to three damaged requests to a worker, then a sound one."""

    def make(random: Random) -> Files:
        lines = []
        for request in random.sample(requests, random.randint(1, 3)):
            line = json.dumps(damaged_json(request, random)).encode()
            lines.append(damaged_bytes(line, random) if random.random() < 0.15 else line)
        return {"lines": b"\n".join([*lines, json.dumps(_LAST).encode(), b""])}

    def feed(folder: Path) -> None:
        private = folder / "private"
        private.mkdir()
        out = io.StringIO()
        text = (folder / "lines").read_bytes().decode("utf-8", errors="replace")
        Worker(Channel(out), private).serve(_OpenPipe(text, out))
        _check_answers(out.getvalue())

    return Target({"lines": b"".join(json.dumps(request).encode() + b"\n" for request in sound)}, make, feed)


class _OpenPipe(io.StringIO):
    """Lines as a parent sends them: the pipe stays open until the last one is answered."""

    def __init__(self, text: str, answers: io.StringIO) -> None:
        super().__init__(text)
        self._answers = answers

    def readline(self, size: int = -1) -> str:  # type: ignore[override]
        if line := super().readline(size):
            return line
        while '"id": "last"' not in self._answers.getvalue():
            time.sleep(0.001)
        return ""


def _check_answers(text: str) -> None:
    events = [json.loads(line) for line in text.splitlines()]
    assert events[0]["event"] == "ready"
    errors = [event for event in events if event["event"] == "error"]
    for event in errors:
        check_sentence(event["message"])
        if "unexpectedly" in event["message"]:
            raise NotOneSentence(event["message"])
    if events[-1].get("id") != "last":
        raise NotOneSentence("the last request was not answered")
    if errors:
        raise BundleError(errors[0]["message"])  # counted as refused


def clear(folder: Path) -> None:
    """Empty a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


TARGETS: dict[str, Callable[[Path], Target]] = {
    "nifti": _nifti,
    "nrrd": lambda scratch: _with_text_header(scratch, ".nrrd", b"\n\n"),
    "mha": lambda scratch: _with_text_header(scratch, ".mha", b"LOCAL\n"),
    "dicom": _dicom,
    "bundle": _bundle,
    "safetensors": _safetensors,
    "archive": _archive,
    "worker": _worker,
    "planning": _planning,
}
