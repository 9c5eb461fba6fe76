"""A CT to try the program with: a synthetic abdomen, made on this computer, no download and no patient."""

from typing import Any

import slicer

from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

SAMPLE_NAME = "TuNetPhantom"
_ATTRIBUTE = "TuNetSegmentation.Synthetic"
# One that no model was trained on.
_SEED = 900_001
_SPACING_MM = (2.0, 2.0, 3.0)


def registerSample(thumbnail: str) -> None:
    """Offer the sample in Slicer's Sample Data module."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="TuNet Segmentation",
        sampleName=SAMPLE_NAME,
        thumbnailFileName=thumbnail,
        uris=[],
        fileNames=[],
        nodeNames=[],
        customDownloader=lambda source: makeSample(),
    )


def makeSample() -> Any:
    """The synthetic CT as a volume in the scene, shown; takes a few seconds."""
    from tunet.synthesis import PhantomRecipe, make_phantom

    from TuNetSegmentationLib.ResultViews import setSoftTissueWindow
    from TuNetSegmentationLib.SceneVolumes import newCt

    with slicer.util.WaitCursor():
        case = make_phantom(_SEED, PhantomRecipe(spacing_mm=_SPACING_MM))
    name = slicer.mrmlScene.GenerateUniqueName(_("Synthetic abdomen"))
    node = newCt(case.ct, name)
    node.SetAttribute(_ATTRIBUTE, "1")
    setSoftTissueWindow(node)
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


def isSample(ctNode: Any) -> bool:
    """Whether a CT is the synthetic one, also in a scene that was saved."""
    return ctNode is not None and ctNode.GetAttribute(_ATTRIBUTE) == "1"
