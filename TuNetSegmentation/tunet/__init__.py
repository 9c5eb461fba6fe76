"""TuNet: kidney and kidney-tumor segmentation in CT with a cascade of 3D U-Nets.

The folder follows the data: ``volume_io`` reads a CT, ``preprocessing`` brings it to the grid the networks see,
``networks`` and ``inference`` give probabilities, ``postprocessing`` turns them into labels, ``segmenter`` joins
these behind one call, ``bundle`` holds released models, ``training`` makes them.

Not a medical device: for research use.
"""

__version__ = "0.1.0"
