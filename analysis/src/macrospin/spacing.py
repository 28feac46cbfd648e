"""Figure `spacing-ratios`: complex spacing ratios in the unit disc, and their means along the control axis."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from .archive import ArchiveError, axis_label
from .panels import by_spin_count, chosen_points, legend_outside, line_axis, point_title, scale_control, wrapped_title
from .semiclassical import tidy
from .spectra import REFERENCES, at, spacing_statistics

MOST_POINTS = 4
# From so many ratios on, cells of the disc hold enough for a density.
DENSE = 4000
_STYLES = {"independent levels": ":", "Ginibre": "--"}


def plot_spacing_ratios(dataset):
    """Ratios z of up to four points in the unit disc, with ⟨r⟩ = ⟨|z|⟩ and −⟨cos θ⟩; below, both along the control axis for
    every N, with standard errors. Horizontal: independent levels in the plane (dotted), large Ginibre matrices (dashed).
    """
    ratio = tidy(dataset, "spacing_ratio")
    chosen = chosen_points(dataset, ratio, 1, MOST_POINTS, "spacing ratios")
    statistics = spacing_statistics(dataset)
    try:
        control = line_axis(dataset, "mean_spacing_ratio")
    except ArchiveError:
        control = None                                        # one value: there is nothing to draw means against
    figure = plt.figure(figsize=(max(1.65 * len(chosen), 4.4) + 1.5, 2.6 + (2.3 if control else 0)), layout="constrained")
    rows = figure.add_gridspec(2 if control else 1, 1, height_ratios=[1.05, 1][: 2 if control else 1])
    discs = rows[0].subgridspec(1, len(chosen))
    for k, where in enumerate(chosen):
        _draw_disc(figure.add_subplot(discs[k]), dataset, at(ratio, where), statistics.isel(where), where)
    if control:
        below = rows[1].subgridspec(1, 2)
        panels = [figure.add_subplot(below[k]) for k in range(2)]
        _draw_means(panels, dataset, statistics, control, chosen[-1])
        legend_outside(figure, panels)
    return figure


def _draw_disc(ax, dataset, ratio: np.ndarray, means, where: dict) -> None:
    z = ratio[np.isfinite(ratio)]
    if z.size >= DENSE:
        ax.hexbin(z.real, z.imag, gridsize=24, extent=(-1, 1, -1, 1), cmap="viridis", mincnt=1, linewidths=0.1)
    else:
        ax.plot(z.real, z.imag, "o", color="#0072B2", markersize=1.8 if z.size > 300 else 2.6, markeredgewidth=0, alpha=0.6)
    ax.add_patch(plt.Circle((0, 0), 1, fill=False, color="0.5", linewidth=0.8))
    ax.plot(0, 0, "+", color="0.4", markersize=5, markeredgewidth=0.7)
    ax.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1], xlabel="Re $z$")
    if ax.get_subplotspec().colspan.start == 0:
        ax.set_ylabel("Im $z$")
    else:
        ax.tick_params(labelleft=False)
    numbers = "\n".join((rf"$\langle r\rangle = {_with_error(float(means['mean_ratio']), float(means['ratio_error']))}$",
                         rf"$-\langle\cos\theta\rangle = {_with_error(-float(means['mean_cosine']), float(means['cosine_error']))}$",
                         f"{int(means['count'])} ratios"))
    ax.set_title("\n".join((wrapped_title(dataset, where, 20), numbers)), fontsize=7.5)


def _with_error(value: float, error: float) -> str:
    """Both to the first digit of the error, or to two where that is a one."""
    if not np.isfinite(error) or error <= 0:
        return f"{value:.3g}"
    digits = int(-np.floor(np.log10(error)))
    digits = max(0, digits + (1 if error * 10**digits < 2 else 0))
    return rf"{value:.{digits}f} \pm {error:.{digits}f}"


def _draw_means(panels, dataset, statistics, control: str, where: dict) -> None:
    """⟨r⟩ and −⟨cos θ⟩ against the control axis, the other axes as in `where`."""
    rest = {d: i for d, i in where.items() if d not in ("N", control)}
    x = dataset[control].values
    for ax, name, error, sign, label in ((panels[0], "mean_ratio", "ratio_error", 1, r"$\langle r\rangle$"),
                                         (panels[1], "mean_cosine", "cosine_error", -1, r"$-\langle\cos\theta\rangle$")):
        for n, colour, select in by_spin_count(dataset, "mean_spacing_ratio"):
            here = {**rest, **select}
            ax.errorbar(x, sign * statistics[name].isel(here), yerr=statistics[error].isel(here), fmt="-o", color=colour, markersize=2.5, capsize=1.5,
                        elinewidth=0.7, label=f"$N = {n}$" if n else "means")
        for reference, values in REFERENCES.items():
            ax.axhline(sign * values[0 if sign > 0 else 1] + 0.0, linestyle=_STYLES[reference], color="0.3", linewidth=0.9, zorder=1,
                       label=reference.replace(" ", "\n"))
        scale_control(ax, x)
        ax.set(xlabel=axis_label(dataset, control), ylabel=label)
    if rest and "N" in where:
        panels[0].set_title(point_title(dataset, rest), fontsize=8, loc="left")
