"""Which figures there are, what each needs, and which of them an archive can give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from .archive import ArchiveError
from .barriers import plot_barriers, plot_gap_instanton
from .coherence import plot_coherence_rates, plot_eta_maps, plot_table, plot_universal
from .evolution import EVOLUTION
from .exceptional import plot_exceptional
from .globe import plot_globe
from .landau_zener import plot_landau_zener
from .leggett_garg import plot_convergence, plot_curves, plot_leggett_garg
from .lines import plot_gap, plot_magnetization
from .maps import mapped_variables, plot_map
from .portrait import plot_portrait
from .quasipotential import plot_quasi_potential
from .semiclassical import has
from .size_collapse import plot_collapse
from .size_scaling import plot_crossings, plot_gap_scaling, plot_size_limits
from .spacing import plot_spacing_ratios
from .spectrum_figures import plot_gap_antigap, plot_leading, plot_spectrum
from .sphere import plot_sphere
from .transition import plot_branches, plot_transition


@dataclass(frozen=True)
class Choice:
    """What the command line said of a figure's subject: a variable (or expression) and the axis it is followed along."""

    variable: str | None = None
    along: str | None = None
    ratio: float = 0.0


@dataclass(frozen=True)
class Figure:
    """One figure: its name, what it shows, the variables of which it needs one, and who computes them."""

    name: str
    shows: str
    variables: tuple[str, ...]
    studies: str
    draw: Callable

    def missing(self, dataset) -> str | None:
        """What the archive lacks for it; None where the variables are there."""
        if not self.variables or any(has(dataset, variable) for variable in self.variables):
            return None
        return f"needs {self.studies}"


def _plain(draw: Callable) -> Callable:
    return lambda dataset, choice: draw(dataset)


BASIC = (
    Figure("magnetization", "⟨Jz⟩/j along the control axis for every N", ("jz",), "steadyState with the observable jz: Jz/j", _plain(plot_magnetization)),
    Figure("gap", "the Liouvillian gap along the control axis for every N", ("gap",), "gap", _plain(plot_gap)),
    Figure("gap-scaling", "the gap against N: exponential or power law", ("gap", "doublet_splitting"), "gap or coherenceRates, at several N", _plain(plot_gap_scaling)),
    Figure("size-limits", "gap minimum and steepest slope against 1/N, with limits", (), "gap or an observable, at several N along an axis",
           lambda dataset, choice: plot_size_limits(dataset, choice.variable, choice.along)),
    Figure("collapse", "data collapse with exponents", (), "coherenceRates, a gap that closes as a power law, or --variable",
           lambda dataset, choice: plot_collapse(dataset, choice.variable, choice.along)),
    Figure("husimi", "Husimi Q over φ and θ", ("husimi",), "steadyState with measures: [husimi]", _plain(lambda dataset: plot_sphere(dataset, "husimi"))),
    Figure("wigner", "Wigner function over φ and θ", ("wigner",), "steadyState with measures: [wigner]", _plain(lambda dataset: plot_sphere(dataset, "wigner"))),
    Figure("husimi-sphere", "Husimi Q on the sphere with mean-field attractors", ("husimi",), "steadyState with measures: [husimi]", _plain(lambda dataset: plot_globe(dataset, "husimi"))),
    Figure("wigner-sphere", "Wigner function on the sphere", ("wigner",), "steadyState with measures: [wigner]", _plain(lambda dataset: plot_globe(dataset, "wigner"))),
)
# Name, variables, drawing function, studies, what it shows.
_OF_STUDIES = (
    ("barriers", ("barrier", "barrier_estimate"), plot_barriers, "instanton or rates", "barriers between the metastable states"),
    ("gap-instanton", ("barrier", "gap_exponent"), plot_gap_instanton, "instanton with gap", "gap beside the instanton's exponent and prefactor"),
    ("phase-portrait", ("fixed_point", "instanton_path"), plot_portrait, "meanField, or instanton with path", "fixed points, trajectories, instantons"),
    ("transition", ("transition_point", "transition_weight", "transition_gap_minimum"), plot_transition, "transition", "the transition against 1/N with its limit"),
    ("quasi-potential", ("quasi_potential",), plot_quasi_potential, "quasiPotential", "quasi-potential beside −ln Q/j"),
    ("branches", ("branch_spin",), plot_branches, "branches", "fixed points and bifurcations along an axis"),
    ("spectrum", ("spectrum",), plot_spectrum, "spectrum", "eigenvalues in the complex plane by sector"),
    ("spectrum-leading", ("spectrum",), plot_leading, "spectrum", "the slowest eigenvalues along an axis"),
    ("gap-antigap", ("antigap",), plot_gap_antigap, "spectrum", "least and greatest decay rate"),
    ("spacing-ratios", ("spacing_ratio",), plot_spacing_ratios, "spectrum", "complex spacing ratios"),
    ("exceptional-points", ("track_eigenvalue",), plot_exceptional, "exceptionalPoints", "followed eigenvalues and exceptional points"),
    ("table3", ("g_loc",), plot_table, "coherenceRates", "table 3 of arXiv:2605.00952, printed and computed"),
    ("coherence-rates", ("g_loc",), plot_coherence_rates, "coherenceRates", "decoherence rates against N"),
    ("coherence-universal", ("eta_phys",), plot_universal, "coherenceRates", "η of any model against N"),
    ("eta-maps", ("eta_mf",), plot_eta_maps, "coherenceRates", "η over N and another axis"),
    ("landau-zener", ("lz_p_gs",), plot_landau_zener, "landauZener", "failure of sweeps against their duration"),
    ("leggett-garg", ("k3_honest",), plot_leggett_garg, "leggettGarg", "K3 along an axis"),
    ("leggett-garg-curves", ("k3_curve_honest",), plot_curves, "leggettGarg with curve", "K3 against the interval"),
    ("leggett-garg-convergence", ("k3_convergence_honest",), plot_convergence, "leggettGarg with convergence", "K3 against the number of levels"),
)
_EVOLUTION_SHOWS = {"evolution": "expectation values against time", "evolution-measures": "purity, squeezing, Fisher information against time", "correlations": "two-time correlations",
                    "emission": "spectra of emission", "coherence-decay": "decay of coherences beside the predicted rates"}
FIGURES = BASIC + tuple(Figure(name, shows, variables, studies, _plain(draw)) for name, variables, draw, studies, shows in _OF_STUDIES) + tuple(
    Figure(name, _EVOLUTION_SHOWS.get(name, name), variables, studies, _plain(draw)) for name, variables, draw, studies in EVOLUTION)


def figures_of(dataset, choice: Choice = Choice()) -> list[Figure]:
    """All figures, with a map for each variable that has one and those that a named variable brings."""
    names = [choice.variable] if choice.variable else mapped_variables(dataset)
    maps = [Figure(f"map-{name}" if name.isidentifier() else "map-expression", f"{name} over two axes of the sweep", (), "an output over two axes with four values or more",
                   lambda data, choice, name=name: plot_map(data, name)) for name in names]
    if not maps:
        maps = [Figure("map", "an output over two axes of the sweep", (), "an output over two axes with four values or more", _no_map)]
    crossing = [Figure("crossings", "crossings of curves of successive N, extrapolated", (), "--variable NAME",
                       lambda data, choice: plot_crossings(data, _named(choice), choice.along, choice.ratio))]
    return [*BASIC[:5], *crossing, *maps, *FIGURES[5:]]


def _no_map(dataset, choice):
    raise ArchiveError("no output depends on two axes with four values or more")


def _named(choice: Choice) -> str:
    if choice.variable is None:
        raise ArchiveError("say what is to cross: --variable NAME, such as a Binder cumulant 1 - jz4/(3*jz2**2)")
    return choice.variable


def attempt(figure: Figure, dataset, choice: Choice = Choice()):
    """(matplotlib figure, None), or (None, what is missing)."""
    lacking = figure.missing(dataset)
    if lacking is not None:
        return None, lacking
    try:
        return figure.draw(dataset, choice), None
    except ArchiveError as error:
        return None, str(error).splitlines()[0]
