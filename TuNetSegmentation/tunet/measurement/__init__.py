"""Sizes, sides, lesions, R.E.N.A.L. elements and margins of any kidney/tumour label map; needs no network."""
