"""Write TuNetSegmentation/CMakeLists.txt, which must name every file that is installed in Slicer.

    python tools/list_module_files.py

A file that is not named there is absent once installed. Testing/module/test_packaging.py compares both lists.
"""

from __future__ import annotations

from pathlib import Path

MODULE = Path(__file__).resolve().parents[1] / "TuNetSegmentation"

TEMPLATE = """# Written by tools/list_module_files.py
set(MODULE_NAME TuNetSegmentation)

set(MODULE_PYTHON_SCRIPTS
{scripts}
  )

set(MODULE_PYTHON_RESOURCES
{resources}
  )

slicerMacroBuildScriptedModule(
  NAME ${{MODULE_NAME}}
  SCRIPTS ${{MODULE_PYTHON_SCRIPTS}}
  RESOURCES ${{MODULE_PYTHON_RESOURCES}}
  WITH_GENERIC_TESTS
  )

if(BUILD_TESTING)
  slicer_add_python_unittest(SCRIPT ${{MODULE_NAME}}.py)
endif()
"""


def installed_files(module: Path) -> tuple[list[str], list[str]]:
    """Scripts and resources, relative to the module's folder."""
    paths = sorted(path for path in module.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    names = [path.relative_to(module).as_posix() for path in paths]
    names = [name for name in names if not name.startswith(".")]  # caches of tools
    scripts = [name for name in names if name.endswith(".py")]
    hidden = ("CMakeLists.txt", ".gitkeep")
    resources = [name for name in names if not name.endswith((".py", *hidden))]
    return scripts, resources


def main() -> None:
    """Write the file."""
    scripts, resources = ("\n".join(f"  {name}" for name in names) for names in installed_files(MODULE))
    (MODULE / "CMakeLists.txt").write_text(TEMPLATE.format(scripts=scripts, resources=resources), encoding="utf-8")


if __name__ == "__main__":
    main()
