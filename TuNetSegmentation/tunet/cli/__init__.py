"""The command ``tunet``. Nothing heavy is imported until a command runs, so that ``--help`` answers at once.

Exit codes: 0 done, 2 bad usage or unusable input (one sentence on stderr), 1 a defect, 130 cancelled.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer

from tunet.cli import experiments, models, planning, segmentation
from tunet.errors import TOO_LITTLE_MEMORY, Cancelled, TunetError, is_out_of_memory


def _show_version(wanted: bool) -> None:
    if wanted:
        from tunet import __version__

        typer.echo(f"tunet {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="tunet",
    help="Kidney and kidney-tumor segmentation in CT. For research use; not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def about(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="The program's version.")
    ] = False,
) -> None:
    """Options of the command itself."""


app.command()(segmentation.segment)
app.command()(segmentation.batch)
app.command()(experiments.evaluate)
app.command()(planning.measure)
app.command("report")(planning.planning_report)
app.command()(experiments.demo)
app.command()(experiments.synthesize)
app.command("check-dataset")(experiments.check_dataset)
app.command()(experiments.train)
app.command()(experiments.crossval)

bundle_app = typer.Typer(help="Make and check model bundles.", no_args_is_help=True)
bundle_app.command("create")(models.bundle_create)
bundle_app.command("inspect")(models.bundle_inspect)
bundle_app.command("verify")(models.bundle_verify)

export_app = typer.Typer(help="Surfaces, label files and DICOM objects of a segmentation.", no_args_is_help=True)
export_app.command("surfaces")(planning.export_surfaces)
export_app.command("labels")(planning.export_labels)
export_app.command("dicom")(planning.export_dicom)

models_app = typer.Typer(help="Models on this machine.", no_args_is_help=True)
models_app.command("list")(models.models_list)
models_app.command("install")(models.models_install)
models_app.command("remove")(models.models_remove)

app.add_typer(bundle_app, name="bundle")
app.add_typer(export_app, name="export")
app.add_typer(models_app, name="models")


def main() -> None:
    """Run the command line and exit with the contract's code."""
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _cancel)
    try:
        code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except typer.TyperException as error:
        if not error.format_message():  # the help was shown
            sys.exit(2)
        _leave(error.format_message(), 2)
    except TunetError as error:
        _leave(str(error), error.exit_code)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        _leave(TOO_LITTLE_MEMORY, 2)
    except OSError as error:
        sentence = f"{error.strerror or error}: {error.filename or 'a file'}; check that it exists and can be written."
        _leave(str(TunetError(sentence)), 2)  # as a TunetError, for these are kept to a readable length
    sys.exit(code if isinstance(code, int) else 0)


def _cancel(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Cancelled("Cancelled; nothing was written.")


def _leave(sentence: str, code: int) -> NoReturn:
    sys.stderr.write(f"tunet: {sentence}\n")
    sys.exit(code)
