"""Surfaces as files: STL, OBJ, PLY and binary glTF, in LPS or RAS."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tunet.measurement.upright import Points
from tunet.output import StagedFolder
from tunet.planning.extras import needed
from tunet.planning.segments import Rgb
from tunet.planning.surfaces import Surface

SUFFIXES = ("stl", "obj", "ply", "glb")
_TO_RAS = np.diag([-1.0, -1.0, 1.0])
# glTF is in metres with y up and z to the front: from LPS mm.
_GLTF_FROM_LPS = np.asarray([[0.001, 0, 0, 0], [0, 0, 0.001, 0], [0, -0.001, 0, 0], [0, 0, 0, 1]])


class Space(Enum):
    """Which way x and y point; z is always to the head."""

    LPS = "lps"
    RAS = "ras"


@dataclass(frozen=True)
class NamedSurface:
    """A surface to write.

    Attributes:
        id, name: of its segment.
        color: of all of it.
        colors: of every corner (n, 3) uint8 instead, where a measure is painted on it; None without.
    """

    id: str
    name: str
    surface: Surface
    color: Rgb
    colors: npt.NDArray[np.uint8] | None = None


def write_surfaces(
    surfaces: tuple[NamedSurface, ...], folder: Path, suffix: str, space: Space, one_file: bool
) -> tuple[Path, ...]:
    """Write ``kidneys.SUFFIX``, or one file a surface named by its id; coordinates in mm (glTF: a node scales to m).

    Raises:
        OutputError: the folder cannot be written.
        UsageError: trimesh is not installed.
    """
    trimesh = needed("trimesh", "trimesh", "Writing a surface")
    groups = {"kidneys": surfaces} if one_file else {part.id: (part,) for part in surfaces}
    with StagedFolder(folder) as staging:
        for name, parts in groups.items():
            _write(trimesh, parts, staging / f"{name}.{suffix}", space)
    return tuple(folder / f"{name}.{suffix}" for name in groups)


def _write(trimesh: Any, parts: tuple[NamedSurface, ...], path: Path, space: Space) -> None:
    meshes = {part.id: _mesh(trimesh, part, space) for part in parts}
    if path.suffix in (".stl", ".ply"):
        joined = trimesh.util.concatenate(list(meshes.values())) if len(meshes) > 1 else next(iter(meshes.values()))
        path.write_bytes(_told(joined.export(file_type=path.suffix[1:]), space))
        return
    if path.suffix == ".obj":
        # Without materials: a second file beside it is lost too easily.
        path.write_text(_obj(parts, space), encoding="utf-8")
        return
    scene = trimesh.Scene()
    turned = _GLTF_FROM_LPS if space is Space.LPS else _GLTF_FROM_LPS @ np.diag([-1.0, -1.0, 1.0, 1.0])
    for name, mesh in meshes.items():
        scene.add_geometry(mesh, node_name=name, geom_name=name, transform=turned)
    scene.export(path)


def _mesh(trimesh: Any, part: NamedSurface, space: Space) -> Any:
    points, faces = _in_space(part.surface, space), part.surface.faces
    colors = part.colors if part.colors is not None else np.tile(np.asarray(part.color, np.uint8), (len(points), 1))
    opaque = np.column_stack([colors, np.full(len(points), 255, np.uint8)])
    return trimesh.Trimesh(points, faces, vertex_colors=opaque, process=False)


def _obj(parts: tuple[NamedSurface, ...], space: Space) -> str:
    lines = ["# TuNetSegmentation; mm", f"# {_words(space)}"]
    first = 1
    for part in parts:
        points = _in_space(part.surface, space)
        lines.append(f"o {part.id}")
        lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in points.tolist()]
        lines += [f"f {a} {b} {c}" for a, b, c in (part.surface.faces + first).tolist()]
        first += len(points)
    return "\n".join(lines) + "\n"


def _words(space: Space) -> str:
    """What 3D Slicer looks for in a surface's header; without it, it takes LPS."""
    return f"SPACE={space.value.upper()}"


def _told(data: bytes, space: Space) -> bytes:
    """A binary STL or a PLY that says which way its coordinates point."""
    if data.startswith(b"ply"):
        first, rest = data.split(b"\n", 1)
        return first + b"\ncomment " + _words(space).encode() + b"\n" + rest
    return _words(space).encode().ljust(80) + data[80:]


def _in_space(surface: Surface, space: Space) -> Points:
    return surface.points if space is Space.LPS else np.asarray(surface.points @ _TO_RAS)
