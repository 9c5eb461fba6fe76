"""Training: KiTS-layout cases -> prepared arrays -> patches -> losses -> fit. Needs the extra ``train``."""
