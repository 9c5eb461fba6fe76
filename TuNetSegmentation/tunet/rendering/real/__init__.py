"""Real CT changed on purpose: tumors, cysts and whole kidneys put into CTs whose kidneys are labelled.

A case starts as a CT of a patient with a kidney label. Its geometry is varied (:mod:`.geometry`), its enhancement
(:mod:`.phase`), then lesions of other patients' masks are painted into it (:mod:`.insertion`, :mod:`.transplant`,
:mod:`.cysts`, :mod:`.negatives`), and it leaves with its labels (:mod:`.case`).
"""
