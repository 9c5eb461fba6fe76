"""Sizes, sides, lesions, R.E.N.A.L. elements and margins of any kidney/tumor label map; needs no network."""
