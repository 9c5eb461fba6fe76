"""What each word of the command line does. Heavy imports happen here, never in :mod:`tunet.cli`."""
