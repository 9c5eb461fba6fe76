"""From a measured segmentation to what leaves the program: surfaces, label files, DICOM objects and the report."""
