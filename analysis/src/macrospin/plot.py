"""`macrospin-plot ARCHIVE`: the standard figures of an archive as PNG and PDF."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from .archive import ArchiveError, axis_label, computed_line, control_axis, open_archive, status_mask
from .barriers import plot_barriers, plot_gap_instanton
from .coherence import plot_coherence_rates, plot_eta_maps, plot_table, plot_universal
from .evolution import EVOLUTION
from .exceptional import plot_exceptional
from .fit import fit_exponential
from .landau_zener import plot_landau_zener
from .leggett_garg import plot_convergence, plot_curves, plot_leggett_garg
from .panels import by_spin_count, control_panels, legend_outside
from .portrait import plot_portrait
from .quasipotential import plot_quasi_potential
from .semiclassical import has
from .spacing import plot_spacing_ratios
from .spectrum_figures import plot_gap_antigap, plot_leading, plot_spectrum
from .sphere import plot_sphere
from .transition import plot_branches, plot_transition

STYLE = {
    "font.size": 9, "axes.labelsize": 10, "axes.titlesize": 10, "legend.fontsize": 8, "lines.linewidth": 1.2, "lines.markersize": 3.5,
    "axes.spines.top": False, "axes.spines.right": False, "figure.dpi": 150, "savefig.bbox": "tight", "legend.frameon": False,
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="macrospin-plot", description="Plot what an archive has: <Jz>/j, gaps, Husimi and Wigner functions, barriers, phase portraits, transitions, quasi-potentials, branches, spectra, exceptional points, coherence rates, Leggett-Garg tests, Landau-Zener sweeps, evolutions.",
                                     epilog="example: macrospin-plot runs/demo/archive.h5 --out runs/demo/plots")
    parser.add_argument("archive", help="archive written by macrospin run or macrospin merge")
    parser.add_argument("--out", help="folder for the figures (default: plots beside the archive)")
    options = parser.parse_args(arguments)
    try:
        dataset = open_archive(options.archive)
        folder = Path(options.out) if options.out else Path(options.archive).resolve().parent / "plots"
        written = plot_all(dataset, folder)
    except (ArchiveError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for path in written:
        print(path)
    return 0


# Figure, variables of which it needs one, what it is of.
SEMICLASSICAL = (
    ("barriers", ("barrier", "barrier_estimate"), plot_barriers, "instanton, rates"),
    ("gap-instanton", ("barrier", "gap_exponent"), plot_gap_instanton, "instanton with gap"),
    ("phase-portrait", ("fixed_point", "instanton_path"), plot_portrait, "meanField, instanton with paths"),
    ("transition", ("transition_point", "transition_weight", "transition_gap_minimum"), plot_transition, "transition"),
    ("quasi-potential", ("quasi_potential",), plot_quasi_potential, "quasiPotential"),
    ("branches", ("branch_spin",), plot_branches, "branches"),
)
SPECTRAL = (
    ("spectrum", ("spectrum",), plot_spectrum, "spectrum"),
    ("spectrum-leading", ("spectrum",), plot_leading, "spectrum"),
    ("gap-antigap", ("antigap",), plot_gap_antigap, "spectrum"),
    ("spacing-ratios", ("spacing_ratio",), plot_spacing_ratios, "spectrum"),
    ("exceptional-points", ("track_eigenvalue",), plot_exceptional, "exceptionalPoints"),
)
MESOSCOPIC = (
    ("table3", ("g_loc",), plot_table, "coherenceRates"),
    ("coherence-rates", ("g_loc",), plot_coherence_rates, "coherenceRates"),
    ("coherence-universal", ("eta_phys",), plot_universal, "coherenceRates"),
    ("eta-maps", ("eta_mf",), plot_eta_maps, "coherenceRates"),
    ("landau-zener", ("lz_p_gs",), plot_landau_zener, "landauZener"),
    ("leggett-garg", ("k3_honest",), plot_leggett_garg, "leggettGarg"),
    ("leggett-garg-curves", ("k3_curve_honest",), plot_curves, "leggettGarg with curve"),
    ("leggett-garg-convergence", ("k3_convergence_honest",), plot_convergence, "leggettGarg with convergence"),
)


def plot_all(dataset, folder: Path) -> list[Path]:
    """Every figure the archive has variables for."""
    figures, absent = [], []
    with plt.rc_context(STYLE):
        if "jz" in dataset:
            figures.append(("magnetization", plot_magnetization(dataset)))
        else:
            absent.append("jz (study steadyState, observable jz: Jz/j)")
        if "gap" in dataset:
            figures.append(("gap", plot_gap(dataset)))
            if "N" in dataset["gap"].dims and dataset.sizes["N"] > 1:
                figures.append(("gap-scaling", plot_gap_scaling(dataset)))
        else:
            absent.append("gap (study gap)")
        for name in ("husimi", "wigner"):
            if name in dataset:
                figures.append((name, plot_sphere(dataset, name)))
        others, notes = _of_studies(dataset, SEMICLASSICAL + SPECTRAL + EVOLUTION + MESOSCOPIC)
        figures += others
        if not figures:
            raise ArchiveError("\n".join(["the archive has neither jz, husimi or wigner (study steadyState) nor gap (study gap) nor anything semiclassical, nor spectra, nor an evolution, nor rates of a doublet: nothing to plot", *notes]))
        for name in absent:
            print(f"note: the archive has no variable {name}; its figures are left out", file=sys.stderr)
        for note in notes:
            print(f"note: {note}", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, figure in figures:
            for ending in ("png", "pdf"):
                written.append(folder / f"{name}.{ending}")
                figure.savefig(written[-1])
            # The numbers of a figure that is a table.
            if (text := getattr(figure, "companion_csv", None)) is not None:
                written.append(folder / f"{name}.csv")
                written[-1].write_text(text)
            plt.close(figure)
    return written


def _of_studies(dataset, table) -> tuple[list, list[str]]:
    """Figures in the table that the archive has variables for, and notes on those that are left out."""
    figures, notes, absent = [], [], []
    for name, variables, draw, studies in table:
        if not any(has(dataset, variable) for variable in variables):
            absent.append(f"{name} ({studies})")
            continue
        try:
            figures.append((name, draw(dataset)))
        except ArchiveError as error:
            notes.append(f"{name} is left out: {error}")
    if absent:
        notes.append(f"figures left out because the archive lacks their studies: {', '.join(absent)}")
    return figures, notes


def plot_magnetization(dataset):
    """<Jz>/j against the control axis; where a point is unresolved both metastable phases are drawn instead."""
    figure, panels, control = control_panels(dataset, "jz")
    unresolved = status_mask(dataset, "steadyState", "unresolved")
    for ax, where in panels:
        marked = False
        for n, colour, select in by_spin_count(dataset, "jz"):
            line = computed_line(dataset, "jz", {**where, **select}, control)
            ax.plot(line[control], line, "-o", color=colour, markersize=2, label=f"$N = {n}$" if n else None)
            if "jz_phases" in dataset and bool(unresolved.isel({**where, **select}).any()):
                phases = dataset["jz_phases"].isel({**where, **select})
                size = 6.5 - 3.5 * (select["N"] / max(1, dataset.sizes["N"] - 1) if select else 0.5)
                for k, marker in enumerate("v^"):
                    # The phases hardly depend on N: smaller marks for larger N, else the last N hides the others.
                    ax.plot(dataset[control], phases.isel(phase=k), marker, color=colour, markerfacecolor="none", markersize=size, markeredgewidth=0.7)
                marked = True
        if marked:
            ax.plot([], [], "^", color="0.4", markerfacecolor="none", markersize=4, label="unresolved:\nboth phases")
        ax.axhline(0, color="0.85", linewidth=0.6, zorder=0)
    panels[0][0].set_ylabel(r"$\langle J_z\rangle / j$")
    legend_outside(figure, [ax for ax, _ in panels])
    return figure


def _gap_label(dataset) -> str:
    unit = dataset["gap"].attrs.get("units", "1")
    return "gap" if unit in ("", "1") else f"gap ({unit})"


def plot_gap(dataset):
    """The gap against the control axis, logarithmic; an unresolved gap is below its bound."""
    figure, panels, control = control_panels(dataset, "gap")
    unresolved = status_mask(dataset, "gap", "unresolved")
    for ax, where in panels:
        marked = False
        for n, colour, select in by_spin_count(dataset, "gap"):
            here = {**where, **select}
            line = computed_line(dataset, "gap", here, control)
            ax.semilogy(line[control], line, "-o", color=colour, markersize=2, label=f"$N = {n}$" if n else None)
            bound = dataset["gap_error"].isel(here).where(unresolved.isel(here)) if "gap_error" in dataset else None
            if bound is not None and bool(np.isfinite(bound).any()):
                ax.semilogy(dataset[control], bound, "v", color=colour, markerfacecolor="none", markersize=4, markeredgewidth=0.7)
                marked = True
        if marked:
            ax.semilogy([], [], "v", color="0.4", markerfacecolor="none", markersize=4, label="unresolved:\nupper bound")
    panels[0][0].set_ylabel(_gap_label(dataset))
    legend_outside(figure, [ax for ax, _ in panels])
    return figure


def smallest_gaps(dataset, control: str, where: dict):
    """(j, least gap along the control axis, upper bound of it) for every N.

    The least gap is NaN where a point of the line ended without a gap; the bound, least of the gaps and of the bounds at
    unresolved points, is given there instead. Points that were never computed (status -1: pending, or not in the list
    of a sparse archive) are passed over.
    """
    gap = dataset["gap"].isel(where)
    computed = dataset["status_gap"].isel(where) >= 0 if "status_gap" in dataset else True
    lost = (~np.isfinite(gap) & computed).any(control)
    known = gap
    if "gap_error" in dataset:
        known = gap.fillna(dataset["gap_error"].isel(where).where(status_mask(dataset, "gap", "unresolved").isel(where)))
    return dataset["N"].values / 2, gap.min(control).where(~lost).values, known.min(control).where(lost).values


def _with_error(value: float, error: float) -> str:
    """Value to the second digit of its error, or, where that is unknown, to three digits."""
    if not np.isfinite(error) or error <= 0:
        return f"{value:.3g}"
    digits = max(0, 1 - int(np.floor(np.log10(error))))
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def plot_gap_scaling(dataset):
    """Least gap along the control axis against j, with the exponential rate per j; unresolved N are left out and said so."""
    control = control_axis(dataset, "gap")
    rest = [d for d in dataset["gap"].dims if d not in ("N", control) and d in dataset.coords]
    figure, ax = plt.subplots(figsize=(5.2, 2.9), layout="constrained")
    marked = False
    for k, index in enumerate(np.ndindex(*[dataset.sizes[d] for d in rest])):
        where, colour = dict(zip(rest, index)), f"C{k}"
        j, least, bound = smallest_gaps(dataset, control, where)
        name = ", ".join(f"{dataset[d].attrs.get('long_name', d)} = {float(dataset[d][i]):g}" for d, i in where.items())
        fit = fit_exponential(j, least)
        rate = ""
        if fit is not None:
            rate = f"rate {_with_error(fit.rate, fit.rate_error)} per $j$" + (" (2 points)" if fit.count == 2 else "")
            span = np.linspace(j[np.isfinite(least)].min(), j[np.isfinite(least)].max(), 50)
            ax.semilogy(span, fit(span), "--", color=colour, linewidth=0.9)
        ax.semilogy(j, least, "o", color=colour, markersize=4, label="\n".join(part for part in (name, rate) if part))
        ax.semilogy(j, bound, "v", color=colour, markerfacecolor="none", markersize=5)
        marked = marked or bool(np.isfinite(bound).any())
    if marked:
        ax.semilogy([], [], "v", color="0.4", markerfacecolor="none", markersize=5, label="unresolved:\nupper bound")
    ax.set_xlabel("$j = N/2$")
    ax.set_ylabel(f"least {_gap_label(dataset)}")
    legend_outside(figure, [ax])
    return figure


if __name__ == "__main__":
    sys.exit(main())
