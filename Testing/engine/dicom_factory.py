"""Small DICOM series with the faults that real ones have."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


@dataclass
class Series:
    """A series to be written: square slices of 12 x 10 pixels, 1 x 2 mm, 3 mm apart unless told otherwise."""

    heights: tuple[float, ...] = (0.0, 3.0, 6.0, 9.0)
    modality: str = "CT"
    number: int = 3
    title: str = "ABDOMEN"
    orientation: tuple[float, ...] = (1, 0, 0, 0, 1, 0)
    drift: tuple[float, float] = (0.0, 0.0)  # mm along x and y per mm of height
    acquisition: int | None = 1
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "AXIAL")
    uid: str = field(default_factory=generate_uid)
    slopes: tuple[float, ...] | None = None
    rows: int = 10
    columns: int = 12
    samples: int = 1
    bits: int = 16  # 8 for a mask of 0 and 255
    frame_of_reference: str | None = None
    study: str = field(default_factory=generate_uid)

    def hu(self, index: int) -> np.ndarray:
        """Pixels of a slice, whole HU, different in every slice."""
        rng = np.random.default_rng(index)
        return rng.integers(-1000, 1000, (self.rows, self.columns))

    def write(self, folder: Path, reverse_names: bool = False) -> Path:
        """Write the files; their names go against the order of positions where asked."""
        folder.mkdir(parents=True, exist_ok=True)
        for index, height in enumerate(self.heights):
            name = len(self.heights) - index if reverse_names else index
            self._dataset(index, height).save_as(folder / f"{self.number}-{name:03d}.dcm", enforce_file_format=True)
        return folder

    def _dataset(self, index: int, height: float) -> FileDataset:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        data.PatientName, data.PatientID = "Secret^Name", "SECRET-ID"
        data.PatientBirthDate, data.PatientSex = "19500102", "F"
        data.StudyInstanceUID, data.StudyID, data.StudyDate, data.StudyTime = self.study, "7", "20200304", "101112"
        data.AccessionNumber, data.ReferringPhysicianName = "ACC-1", ""
        data.Modality, data.SeriesInstanceUID = self.modality, self.uid
        if self.frame_of_reference:
            data.FrameOfReferenceUID, data.PositionReferenceIndicator = self.frame_of_reference, ""
        data.SeriesNumber, data.SeriesDescription, data.InstanceNumber = self.number, self.title, index + 1
        if self.acquisition is not None:
            data.AcquisitionNumber = self.acquisition
        data.ImageType = list(self.image_type)
        normal = np.cross(self.orientation[:3], self.orientation[3:])
        position = np.array([-5.0, -8.0, 20.0]) + height * normal
        position[:2] += height * np.asarray(self.drift)
        data.ImagePositionPatient = [float(v) for v in position]
        data.ImageOrientationPatient = list(self.orientation)
        data.PixelSpacing = [2.0, 1.0]  # between rows, between columns
        data.Rows, data.Columns, data.SamplesPerPixel = self.rows, self.columns, self.samples
        data.PhotometricInterpretation = "MONOCHROME2" if self.samples == 1 else "RGB"
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
        if self.bits == 8:
            data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
            data.PixelData = np.where(self.hu(index) > 0, 255, 0).astype(np.uint8).tobytes()
            return data
        slope = self.slopes[index] if self.slopes else 1.0
        data.RescaleSlope, data.RescaleIntercept = slope, -1024
        stored = np.rint((self.hu(index) + 1024) / slope).astype(np.int16)
        data.PixelData = np.repeat(stored[..., None], self.samples, axis=-1).tobytes()
        return data
