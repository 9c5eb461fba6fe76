"""The notice at the top of the panel while something must be installed."""

from typing import Any

from TuNetSegmentationLib import Setup
from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)


class SetupSection:
    """Names what is missing, its size, and installs it on the user's word."""

    def __init__(self, panel: Any) -> None:
        self._panel = panel
        self.missing = Setup.missing()
        panel.ui.setupButton.connect("clicked(bool)", self.onInstall)

    def lookAgain(self) -> None:
        """The user may have installed something elsewhere."""
        if self.missing:
            self.missing = Setup.missing()

    def show(self) -> None:
        """Show the notice, or hide it when nothing is missing."""
        ui = self._panel.ui
        ui.setupFrame.visible = bool(self.missing)
        ui.setupLabel.text = Setup.sentence(self.missing)
        if self.missing:
            ui.setupButton.text = Setup.buttonText(self.missing)

    def onInstall(self, checked: bool = False) -> None:
        """The user wants it."""
        self._panel.ui.setupButton.enabled = False
        self._panel.say(_("Installing..."))
        try:
            problem = Setup.install(self.missing)
        finally:
            self._panel.ui.setupButton.enabled = True
        self.missing = Setup.missing()
        self._panel.say(problem)
        self._panel.refresh()
