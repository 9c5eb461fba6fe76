"""``python -m tunet`` is the command ``tunet``."""

from tunet.cli import main

main()
