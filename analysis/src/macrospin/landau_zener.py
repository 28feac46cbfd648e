"""Figure `landau-zener` of the study `landauZener`."""

from __future__ import annotations

import sys

import matplotlib.pyplot as plt
import numpy as np

from .archive import ArchiveError, axis_label, control_axis
from .panels import wrapped_title
from .spectrum_figures import COLOURS

DURATION = "landauZener.tauQ"
MOST_SWEEPS, MOST_COUNTS = 3, 6
# Name of the variable, label, colour, line, mark.
CURVES = (
    ("lz_p_formula", r"$P_\mathrm{LZ}=e^{-\tau_Q/\tau_1}$", "#000000", "-", "none"),
    ("lz_p_two_level", r"$P_\mathrm{gs}$, two levels", "#999999", "none", "x"),
    ("lz_p_gs", r"$P_\mathrm{gs}$, all levels", COLOURS[0], "-", "o"),
    ("lz_p_well", r"$P_\mathrm{well}$, all levels", COLOURS[1], "-", "s"),
    ("lz_p_well_mean", "$P_\\mathrm{well}$ without beats", COLOURS[1], ":", "none"),
    ("lz_p_gs_dephased", r"$P_\mathrm{gs}$, dephasing", COLOURS[5], "--", "o"),
    ("lz_p_well_dephased", r"$P_\mathrm{well}$, dephasing", COLOURS[4], "--", "s"),
    ("lz_p_classical", "classical spin", COLOURS[3], "none", "D"),
)
NOISE = ("lz_p_noise", "classical spin with\nquantum noise", COLOURS[2], ":", "^")


def plot_landau_zener(dataset):
    """Probabilities of failure (logarithmic) against the duration, a panel for each amplitude of the sweep, and P_gs of every N.

    An exponential law is a straight line. Panels are of the N with most points. Marks of the classical spin with quantum noise carry binomial standard errors. Thin dotted line:
    P_well of the final ground state.
    """
    missed = dataset["lz_p_gs"]
    control = DURATION if DURATION in missed.dims and missed.sizes[DURATION] > 1 else control_axis(dataset, "lz_p_gs")
    if missed.sizes[control] < 2:
        raise ArchiveError("no axis but N has several values: there is nothing to plot against")
    rest = [d for d in missed.dims if d not in ("N", control)]
    own = {"N": _fullest(missed)} if "N" in missed.dims else {}
    sweeps = [dict(zip(rest, map(int, index))) for index in np.ndindex(*[missed.sizes[d] for d in rest])]
    sweeps = [where for where in sweeps if np.isfinite(missed.isel({**where, **own})).any()]
    if not sweeps:
        raise ArchiveError("lz_p_gs has no number at any point")
    if len(sweeps) > MOST_SWEEPS:
        print(f"note: showing {MOST_SWEEPS} of {len(sweeps)} panels of landau-zener", file=sys.stderr)
        sweeps = [sweeps[k] for k in np.linspace(0, len(sweeps) - 1, MOST_SWEEPS).round().astype(int)]
    where, counts = _most_counts(missed, sweeps)
    scales = len(counts) > 1
    columns = len(sweeps) + scales
    figure, panels = plt.subplots(1, columns, figsize=(2.9 * columns + 2.0, 3.3), sharey=True, squeeze=False, layout="constrained")
    for ax, sweep in zip(panels[0], sweeps):
        _draw_sweep(ax, dataset, control, {**sweep, **own})
        ax.set_title(wrapped_title(dataset, {**own, **sweep}, 30), fontsize=9)
    if scales:
        _draw_counts(panels[0, -1], dataset, control, where, counts)
    for ax in panels[0]:
        ax.set(yscale="log", xlabel=axis_label(dataset, control))
    lowest = min(float(dataset[name].where(dataset[name] > 0).min()) for name in ("lz_p_gs", "lz_p_formula", "lz_p_well_floor") if name in dataset)
    panels[0, 0].set_ylim(max(1e-12, 0.6 * lowest), 1.6)
    panels[0, 0].set_ylabel("probability")
    entries = {label: handle for ax in panels[0, :len(sweeps)] for handle, label in zip(*ax.get_legend_handles_labels())}
    figure.legend(entries.values(), entries.keys(), loc="outside right center")
    return figure


def _fullest(missed) -> int:
    """Index of the N with most numbers, of several the greatest."""
    known = np.isfinite(missed).sum([d for d in missed.dims if d != "N"]).values
    return int(np.flatnonzero(known == known.max())[-1])


def _most_counts(missed, sweeps: list[dict]) -> tuple[dict, list[int]]:
    """(the sweep that most N have made, indices of these N, at most so many)."""
    if "N" not in missed.dims:
        return sweeps[0], []
    made = [(where, [n for n in range(missed.sizes["N"]) if np.isfinite(missed.isel(where | {"N": n})).sum() > 1]) for where in sweeps]
    where, counts = max(made, key=lambda pair: len(pair[1]))
    if len(counts) > MOST_COUNTS:
        counts = [counts[k] for k in np.linspace(0, len(counts) - 1, MOST_COUNTS).round().astype(int)]
    return where, counts


def _known(dataset, name: str, control: str, where: dict) -> tuple[np.ndarray, np.ndarray]:
    values = dataset[name].isel(where).values
    known = np.isfinite(values)
    return dataset[control].values[known], values[known]


def _draw_sweep(ax, dataset, control: str, where: dict) -> None:
    for name, label, colour, line, mark in CURVES:
        if name not in dataset:
            continue
        if name == "lz_p_gs" and "lz_p_formula" not in dataset:
            label = r"$P_\mathrm{exc}$, all levels"
        x, y = _known(dataset, name, control, where)
        # The mean field's 0 has no place on the axis.
        ax.plot(x[y > 0], y[y > 0], linestyle=line, marker=mark, color=colour, label=label, zorder=2 + (name == "lz_p_two_level"),
                linewidth=1.6 if name == "lz_p_formula" else 1.1, markersize=4.5 if mark == "x" else 3.5)
    name, label, colour, line, mark = NOISE
    if name in dataset:
        x, y = _known(dataset, name, control, where)
        error = _known(dataset, "lz_p_noise_error", control, where)[1]
        ax.errorbar(x, y, yerr=error, linestyle=line, marker=mark, color=colour, label=label, capsize=2, elinewidth=0.8, linewidth=0.9,
                    markersize=3.5)
    if "lz_p_well_floor" in dataset:
        floor = _known(dataset, "lz_p_well_floor", control, where)[1]
        if floor.size:
            ax.axhline(floor[0], color=COLOURS[1], linestyle=(0, (1, 4)), linewidth=0.9, zorder=1, label="$P_\\mathrm{well}$ of the final\nground state")


def _draw_counts(ax, dataset, control: str, where: dict, counts: list[int]) -> None:
    """P_gs of every N, the formula, and the classical spin with quantum noise (thin), in one colour each."""
    # As far as blue: the palest of viridis could not be told from the paper.
    colours = plt.get_cmap("viridis_r")(np.linspace(0.15, 1, len(counts)))
    marks = "osD^vP"
    for k, (n, colour) in enumerate(zip(counts, colours)):
        here = where | {"N": n}
        x, y = _known(dataset, "lz_p_gs", control, here)
        ax.plot(x, y, linestyle="none", marker=marks[k], color=colour, label=f"$N = {int(dataset['N'][n])}$", markersize=4, zorder=3)
        if "lz_p_noise" in dataset:
            ax.plot(*_known(dataset, "lz_p_noise", control, here), ":", color=colour, linewidth=1)
    if "lz_p_formula" in dataset:
        ax.plot(*_known(dataset, "lz_p_formula", control, where | {"N": counts[-1]}), "-", color="black", linewidth=1.2, zorder=2)
    if "lz_p_noise" in dataset:
        ax.plot([], [], ":", color="0.4", linewidth=1, label="classical, noisy")
    title = wrapped_title(dataset, where, 24)
    ax.set_title("\n".join(filter(None, (r"$P_\mathrm{gs}$ for several $N$", title))), fontsize=9)
    ax.legend(loc="lower left", fontsize=7)
