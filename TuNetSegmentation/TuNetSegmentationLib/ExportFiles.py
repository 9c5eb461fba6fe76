"""Files from the worker's folder to where the user wants them; nothing there is replaced unasked or half."""

import shutil
from pathlib import Path

import qt
import slicer

from TuNetSegmentationLib.Translation import translatorFor

_ = translatorFor(__file__)

_LISTED = 6


def inTheWay(names: list[str], target: Path) -> list[str]:
    """Which of these files are there already."""
    return [name for name in names if (target / name).exists()]


def mayReplace(names: list[str], target: Path) -> bool:
    """Ask before files are replaced."""
    box = qt.QMessageBox(slicer.util.mainWindow())
    box.setIcon(qt.QMessageBox.Question)
    box.setText(_("{count} file(s) in {folder} would be replaced.").format(count=len(names), folder=str(target)))
    more = _("and {count} more").format(count=len(names) - _LISTED)
    box.setInformativeText(", ".join(names[:_LISTED] + ([more] if len(names) > _LISTED else [])))
    replace = box.addButton(_("Replace"), qt.QMessageBox.DestructiveRole)
    keep = box.addButton(_("Keep them, export nothing"), qt.QMessageBox.RejectRole)
    box.setDefaultButton(keep)
    box.exec_()
    wasReplace = bool(box.clickedButton() == replace)
    box.deleteLater()
    return wasReplace


def drop(source: Path) -> None:
    """The user does not want them."""
    shutil.rmtree(source, ignore_errors=True)


def move(source: Path, names: list[str], target: Path) -> None:
    """Move the files; each appears whole or not at all.

    Raises:
        tunet.errors.OutputError: the folder cannot be written.
    """
    from tunet.errors import OutputError

    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            aside = target / f".{name}.part"
            try:
                shutil.copyfile(source / name, aside)
                aside.replace(target / name)
            finally:
                aside.unlink(missing_ok=True)
    except OSError as error:
        sentence = _("The files cannot be stored in {folder} ({reason}); choose another folder.")
        raise OutputError(sentence.format(folder=str(target), reason=error.strerror or error)) from error
    finally:
        drop(source)
