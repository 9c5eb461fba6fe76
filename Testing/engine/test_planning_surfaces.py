"""Exported surfaces and label files: closed, as large as the voxels, where they belong. Read by trimesh and ITK."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import SimpleITK as sitk
import trimesh
from command_line import is_one_sentence, tunet
from planning_cases import SPACING, TUMOR_AT, TUMOR_RADIUS, TURNED, VOXEL_ML, kidney_labels, write_labels
from tunet.grid import Grid
from tunet.planning.placing import placed_on
from tunet.planning.surfaces import surface_of
from tunet.volume import KIDNEY, TUMOR, Volume

IDS = ["kidney_left", "kidney_right", "tumor_1"]


@pytest.fixture(scope="module")
def label_file(tmp_path_factory):
    return write_labels(kidney_labels(), tmp_path_factory.mktemp("labels") / "segmentation.nii.gz")


def written(label_file, folder, *words):
    done = tunet("export", "surfaces", label_file, "-o", folder, *words)
    assert done.returncode == 0, done.stderr
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def meshes(label_file, tmp_path_factory):
    paths = written(label_file, tmp_path_factory.mktemp("stl") / "out")
    return {path.stem: trimesh.load(path) for path in paths}


class TestSurfaces:
    def test_one_closed_surface_a_segment(self, meshes):
        assert sorted(meshes) == IDS
        assert all(mesh.is_watertight and mesh.is_winding_consistent for mesh in meshes.values())

    def test_volumes_are_the_voxels(self, meshes):
        labels = kidney_labels().array
        assert meshes["tumor_1"].volume / 1000 == pytest.approx(np.sum(labels == TUMOR) * VOXEL_ML, rel=0.02)
        kidneys = meshes["kidney_left"].volume + meshes["kidney_right"].volume
        assert kidneys / 1000 == pytest.approx(np.sum(labels == KIDNEY) * VOXEL_ML, rel=0.02)

    def test_a_ball_lies_where_it_was_put(self, meshes):
        ball = meshes["tumor_1"]
        assert ball.center_mass == pytest.approx(TUMOR_AT, abs=0.5)
        radii = np.linalg.norm(ball.vertices - TUMOR_AT, axis=1)
        # Slices are 3 mm apart: half of that is what a surface can be off.
        assert np.abs(radii - TUMOR_RADIUS).max() < 1.5

    def test_ras_points_the_other_way(self, label_file, meshes, tmp_path):
        (path,) = written(label_file, tmp_path / "o", "--space", "ras", "--segments", "tumor_1", "--format", "ply")
        x, y, z = meshes["tumor_1"].center_mass
        assert trimesh.load(path).center_mass == pytest.approx((-x, -y, z), abs=0.01)

    @pytest.mark.parametrize("space", ["lps", "ras"])
    @pytest.mark.parametrize("suffix", ["stl", "ply", "obj"])
    def test_the_file_says_which_way_it_points(self, label_file, tmp_path, suffix, space):
        """3D Slicer's vtkMRMLModelStorageNode takes LPS for what says nothing."""
        words = ("--space", space, "--segments", "tumor_1", "--format", suffix)
        (path,) = written(label_file, tmp_path / "o", *words)
        head = path.read_bytes()[:200]
        assert f"SPACE={space.upper()}".encode() in head
        if suffix == "stl":
            assert len(path.read_bytes()) == 84 + 50 * int.from_bytes(head[80:84], "little")
        x, y, z = TUMOR_AT
        there = (x, y, z) if space == "lps" else (-x, -y, z)
        assert trimesh.load(path).center_mass == pytest.approx(there, abs=0.5)

    def test_gltf_is_in_metres_with_the_head_up(self, label_file, tmp_path):
        (path,) = written(label_file, tmp_path / "o", "--format", "glb", "--one-file")
        scene = trimesh.load(path)
        assert sorted(scene.geometry) == IDS
        ball = scene.geometry["tumor_1"].copy()
        ball.apply_transform(scene.graph.get("tumor_1")[0])
        x, y, z = TUMOR_AT
        assert ball.center_mass == pytest.approx((x / 1000, z / 1000, -y / 1000), abs=5e-4)

    def test_obj_names_its_parts(self, label_file, tmp_path):
        (path,) = written(label_file, tmp_path / "o", "--format", "obj", "--one-file")
        names = [line[2:] for line in path.read_text().splitlines() if line.startswith("o ")]
        assert sorted(names) == IDS
        voxels = np.sum(kidney_labels().array > 0)
        assert trimesh.load(path).volume / 1000 == pytest.approx(voxels * VOXEL_ML, rel=0.02)

    def test_distance_from_the_tumor_is_painted_on_its_kidney(self, label_file, tmp_path):
        words = ("--format", "ply", "--distance", "1", "--segments", "kidney_left")
        (path,) = written(label_file, tmp_path / "o", *words)
        mesh = trimesh.load(path)
        away = np.linalg.norm(mesh.vertices - TUMOR_AT, axis=1)
        near, far = mesh.visual.vertex_colors[away.argmin()], mesh.visual.vertex_colors[away.argmax()]
        assert np.abs(near.astype(int) - far.astype(int)).max() > 100

    @pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), TURNED])
    def test_closed_and_whole_at_the_edge_of_the_image(self, orientation):
        grid = kidney_labels(orientation).grid
        mask = np.zeros(grid.shape, bool)
        mask[:8, 5:20, :40] = True
        surface = surface_of(mask, grid)
        mesh = trimesh.Trimesh(surface.points, surface.faces)
        assert mesh.is_watertight
        assert mesh.volume == pytest.approx(8 * 15 * 40 * 6.0, rel=0.02)
        # The middle of voxel centres 0..39, 5..19, 0..7.
        assert mesh.center_mass == pytest.approx(grid.to_lps(np.asarray([[19.5, 12.0, 3.5]]))[0], abs=0.3)

    def test_a_single_voxel_is_no_crash(self):
        mask = np.zeros((5, 5, 5), bool)
        mask[2, 2, 2] = True
        surface = surface_of(mask, Grid((5, 5, 5), (1.0, 1.0, 5.0)))
        assert trimesh.Trimesh(surface.points, surface.faces).is_watertight


class TestLabelFiles:
    def test_values_are_the_segments_on_the_same_grid(self, label_file, tmp_path):
        done = tunet("export", "labels", label_file, "-o", tmp_path / "parts.nii.gz")
        assert done.stdout.splitlines() == ["1 Right kidney", "2 Left kidney", "3 Tumor 1, left kidney"]
        image, source = sitk.ReadImage(str(tmp_path / "parts.nii.gz")), sitk.ReadImage(str(label_file))
        assert (image.GetSpacing(), image.GetOrigin()) == (source.GetSpacing(), source.GetOrigin())
        values, labels = sitk.GetArrayFromImage(image), kidney_labels().array
        assert np.array_equal(values == 3, labels == TUMOR)
        assert np.array_equal(values == 1, (labels == KIDNEY) & (np.arange(labels.shape[2]) < 80))

    def test_slicers_segmentation_has_names_colors_and_codes(self, label_file, tmp_path):
        assert tunet("export", "labels", label_file, "-o", tmp_path / "p.seg.nrrd").returncode == 0
        image = sitk.ReadImage(str(tmp_path / "p.seg.nrrd"))
        assert image.GetMetaData("Segment2_Name") == "Tumor 1, left kidney"
        assert image.GetMetaData("Segment2_LabelValue") == "3"
        assert "SCT^4147007^Mass" in image.GetMetaData("Segment2_Tags")

    def test_margin_surrounds_the_tumor(self, label_file, tmp_path):
        words = ("--segments", "tumor_1,margin_1", "--margin", "6")
        assert tunet("export", "labels", label_file, "-o", tmp_path / "m.nrrd", *words).returncode == 0
        values = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "m.nrrd")))
        shell = np.argwhere(values == 2)[:, ::-1] * SPACING + (-5.0, -8.0, 20.0)
        away = np.linalg.norm(shell - TUMOR_AT, axis=1)
        assert away.min() > TUMOR_RADIUS
        assert away.max() == pytest.approx(TUMOR_RADIUS + 6, abs=1.0)


class TestPlacing:
    @pytest.mark.parametrize("flips", [(True, False, False), (False, True, True)])
    def test_flipped_axes_come_back_bit_for_bit(self, flips):
        labels = kidney_labels(TURNED)
        flipped = Volume.from_sitk(sitk.Flip(labels.to_sitk(), list(flips)))
        assert np.array_equal(placed_on(flipped, labels.grid).array, labels.array)

    def test_permuted_axes_and_a_crop_come_back_bit_for_bit(self):
        labels = kidney_labels()
        crop = sitk.PermuteAxes(labels.to_sitk()[1:155, 2:58, 1:35], [2, 0, 1])
        assert np.array_equal(placed_on(Volume.from_sitk(crop), labels.grid).array, labels.array)


class TestBadInput:
    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["surfaces", "--format", "vtk"], "stl, obj, ply, glb"),
            (["surfaces", "--space", "xyz"], "choose lps or ras"),
            (["surfaces", "--distance", "1"], "Only ply and glb hold colors"),
            (["surfaces", "--distance", "4", "--format", "ply"], "lesion 4"),
            (["surfaces", "--segments", "spleen"], "kidney_right, kidney_left, tumor_1"),
            (["surfaces", "--margin", "-3"], "margin"),
            (["labels"], "unknown kind"),
        ],
    )
    def test_one_sentence_and_nothing_written(self, label_file, tmp_path, words, sentence):
        done = tunet("export", *words, label_file, "-o", tmp_path / "out")
        assert done.returncode == 2
        assert is_one_sentence(done.stderr), done.stderr
        assert sentence in done.stderr
        assert not (tmp_path / "out").exists()

    def test_a_missing_library_is_named(self, label_file, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "trimesh", None)
        done = tunet("export", "surfaces", label_file, "-o", tmp_path / "out")
        assert done.returncode == 2
        assert "pip install -e '.[export]'" in done.stderr
