"""Slicer's translation of the panel's words, asked once for each.

Slicer's own ``tr`` finds out anew at every call which file it is called from; in older versions that takes longer than
everything else a moved slider does.
"""

import functools
from collections.abc import Callable

from slicer.i18n import getContext, translate


def translatorFor(sourceFile: str) -> Callable[[str], str]:
    """The function ``_`` of a file, with the context Slicer's translation tools give that file."""
    context = getContext(sourceFile)

    @functools.cache
    def _(text: str) -> str:
        return str(translate(context, text))

    return _
