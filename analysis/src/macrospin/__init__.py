"""Archives of macrospin sweeps as labelled arrays, single points for notebooks, and standard plots."""

from .archive import ArchiveError, join_complex, open_archive, status_mask
from .extrapolation import barrier_extrapolation, prefactor
from .fit import ExponentialFit, fit_exponential
from .modes import track_modes
from .point import PointError, PointResult, point
from .spectra import levels, spacing_statistics

# `macrospin.open(path)` reads best in a notebook; inside the package the name would hide the built-in.
open = open_archive  # noqa: A001

__all__ = ["ArchiveError", "ExponentialFit", "PointError", "PointResult", "barrier_extrapolation", "fit_exponential", "join_complex",
           "levels", "open", "open_archive", "point", "prefactor", "spacing_statistics", "status_mask", "track_modes"]
