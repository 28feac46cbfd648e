"""Archives of macrospin sweeps as labelled arrays, single points for notebooks, finite-size scaling, standard plots, reports."""

from .archive import ArchiveError, join_complex, open_archive, status_mask
from .master_curve import Collapse, data_collapse
from .marks import crossing, extrapolate, locate, successive_crossings
from .extrapolation import barrier_extrapolation, prefactor
from .fit import ExponentialFit, fit_exponential
from .gap_scaling import GapScaling, fit_gap_scaling
from .modes import track_modes
from .point import PointError, PointResult, point
from .size_collapse import collapse
from .size_scaling import gap_lines, size_marks
from .spectra import levels, spacing_statistics

# `macrospin.open(path)` reads best in a notebook; inside the package the name would hide the built-in.
open = open_archive  # noqa: A001

__all__ = ["ArchiveError", "Collapse", "ExponentialFit", "GapScaling", "PointError", "PointResult", "barrier_extrapolation", "collapse", "crossing",
           "data_collapse", "extrapolate", "fit_exponential", "fit_gap_scaling", "gap_lines", "join_complex", "levels", "locate", "open",
           "open_archive", "point", "prefactor", "size_marks", "spacing_statistics", "status_mask", "successive_crossings", "track_modes"]
