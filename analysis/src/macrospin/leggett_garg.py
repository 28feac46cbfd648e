"""Figures `leggett-garg`, `leggett-garg-curves` and `leggett-garg-convergence` of the study `leggettGarg`."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from .archive import ArchiveError, axis_label
from .panels import choose, legend_outside, line_axis, point_title, scale_control
from .spectrum_figures import COLOURS

HONEST, STATIONARY, CONTROL = COLOURS[0], COLOURS[1], COLOURS[7]
MOST_CURVES = 5


def _points(array, own: str | None = None) -> list[dict]:
    """Indices of the sweep's points at which a variable has a number."""
    axes = [d for d in array.dims if d != own]
    known = np.isfinite(array).any(own) if own else np.isfinite(array)
    return [dict(zip(axes, index)) for index in np.argwhere(known.transpose(*axes).values)] if axes else [{}]


def _lines(dataset, variable: str, control: str) -> list[dict]:
    """One selection for every combination of the axes other than the control axis, the greatest N and first others where there are many."""
    axes = [d for d in dataset[variable].dims if d != control]
    lines = [dict(zip(axes, index)) for index in np.ndindex(*[dataset.sizes[d] for d in axes])] or [{}]
    lines = [where for where in lines if np.isfinite(dataset[variable].isel(where)).any()]
    if not lines:
        raise ArchiveError(f"{variable} has no numbers")
    return choose(dataset, axes, lines, 3)


def plot_leggett_garg(dataset):
    """K3 against the control axis: honest, stationary, macrorealist control; vertical lines where thresholds are. Below, the levels."""
    control = line_axis(dataset, "k3_honest")
    lines, x = _lines(dataset, "k3_honest", control), dataset[control].values
    has_levels = "dephasing_level_per_second" in dataset
    figure, axes = plt.subplots(2 if has_levels else 1, 1, figsize=(6.6, 5.4 if has_levels else 3.2), squeeze=False, layout="constrained",
                                gridspec_kw={"height_ratios": (3, 2)[: 2 if has_levels else 1]})
    ax = axes[0, 0]
    markers = "os^"
    for k, where in enumerate(lines):
        name = f", {point_title(dataset, {d: i for d, i in where.items() if dataset.sizes[d] > 1})}" if len(lines) > 1 else ""
        for variable, colour, text in (("k3_honest", HONEST, "honest: C23 from ρ(τ)"), ("k3_stationary", STATIONARY, "stationary: C23 := C12"),
                                       ("k3_macrorealist", CONTROL, "macrorealist control")):
            if variable in dataset:
                ax.plot(x, dataset[variable].isel(where), "-" + markers[k], color=colour, label=text + name, markersize=3)
        # Thresholds are in the unit of the control axis only where that axis is the rate.
        if control == "gamma_phi" and k == 0:
            for variable, colour in (("gamma_threshold_honest", HONEST), ("gamma_threshold_stationary", STATIONARY)):
                found = dataset[variable].isel(where).values[np.isfinite(dataset[variable].isel(where).values)] if variable in dataset else []
                if len(found) and x.min() <= found[0] <= x.max():
                    ax.plot([found[0]] * 2, [0, 1], ":", color=colour, linewidth=1, transform=ax.get_xaxis_transform(),
                            label=f"K3 = 1 at {found[0]:.4g}")
    ax.axhline(1, color="0.4", linewidth=0.8, zorder=0)
    ax.axhline(1.5, color="0.8", linewidth=0.8, zorder=0)
    scale_control(ax, x)
    ax.set_xlabel(axis_label(dataset, control))
    ax.set_ylabel("$K_3$")
    ax.set_ylim(top=1.55)
    legend_outside(figure, [ax])
    if has_levels:
        _draw_levels(dataset, axes[1, 0], lines[0], control)
    return figure


def _draw_levels(dataset, ax, where: dict, control: str) -> None:
    """Bars of the rates at which K3 = 1, from the crudest picture to all levels."""
    def value(name):
        array = dataset[name].isel({d: i for d, i in where.items() if d in dataset[name].dims})
        return array.isel({control: int(np.argmax(np.isfinite(array).any([d for d in array.dims if d != control]).values))}) if control in array.dims else array
    levels = value("dephasing_level_per_second")
    axis = next(d for d in levels.dims)
    names = [str(label) for label in dataset[axis].values] if axis in dataset.coords else [str(k) for k in range(levels.size)]
    rows = list(zip(names, levels.values, ["0.6"] * levels.size))
    kept = int(value("k3_levels")) if "k3_levels" in dataset else 0
    for name, text, colour in (("gamma_threshold_stationary_per_second", "stationary", STATIONARY), ("gamma_threshold_honest_per_second", "honest", HONEST)):
        if name in dataset:
            rows.append((f"{kept} levels, {text}", float(value(name)), colour))
    rows = [row for row in rows if np.isfinite(row[1])][::-1]
    places = np.arange(len(rows))
    ax.barh(places, [rate for _, rate, _ in rows], color=[colour for *_, colour in rows], height=0.65)
    ax.set_yticks(places, [name for name, *_ in rows], fontsize=8)
    for place, (_, rate, _) in zip(places, rows):
        ax.annotate(f"{rate:.4f}", (rate, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7.5)
    ax.set_xlim(0, 1.15 * max(rate for _, rate, _ in rows))
    ax.set_xlabel("dephasing rate at which $K_3 = 1$ (1/s)")


def plot_curves(dataset):
    """K3 against the interval, honest solid and stationary dashed, at up to five points of the sweep."""
    curves = dataset["k3_curve_honest"]
    own = curves.dims[-1]
    points = choose(dataset, list(curves.dims[:-1]), _points(curves, own), MOST_CURVES)
    if not points:
        raise ArchiveError("k3_curve_honest has no numbers")
    tau = dataset[own].values if own in dataset.coords else 2 * np.arange(1, curves.sizes[own] + 1) / curves.sizes[own]
    figure, ax = plt.subplots(figsize=(6.6, 3.4), layout="constrained")
    for where, colour in zip(points, COLOURS):
        varied = {d: i for d, i in where.items() if dataset.sizes[d] > 1}
        ax.plot(tau, curves.isel(where), "-", color=colour, label=point_title(dataset, varied) or "honest")
        ax.plot(tau, dataset["k3_curve_stationary"].isel(where), "--", color=colour, linewidth=0.8)
    ax.plot([], [], "-", color="0.3", label="honest")
    ax.plot([], [], "--", color="0.3", linewidth=0.8, label="stationary")
    ax.axhline(1, color="0.4", linewidth=0.8, zorder=0)
    ax.axvline(1, color="0.85", linewidth=0.8, zorder=0)
    ax.set_xlabel(r"$\tau/\tau_0$, $\tau_0 = \pi\hbar/(3\Delta E)$")
    ax.set_ylabel("$K_3$")
    legend_outside(figure, [ax])
    return figure


def plot_convergence(dataset):
    """K3 and its thresholds against the number of levels, at the point of the sweep with the greatest violation that is damped most."""
    values = dataset["k3_convergence_honest"]
    own = values.dims[-1]
    points = _points(values, own)
    if not points:
        raise ArchiveError("k3_convergence_honest has no numbers")
    violating = [where for where in points if float(values.isel(where).max()) > 1.2] or points[:1]
    where, levels = violating[-1], dataset[own].values
    pairs = [("k3_convergence_honest", "k3_convergence_stationary", "$K_3$", "k3")]
    if "gamma_convergence_honest_per_second" in dataset:
        pairs.append(("gamma_convergence_honest_per_second", "gamma_convergence_stationary_per_second", "rate at which $K_3 = 1$ (1/s)", "gamma_threshold"))
    figure, axes = plt.subplots(1, len(pairs), figsize=(3.4 * len(pairs) + 0.6, 3.2), squeeze=False, layout="constrained")
    for ax, (honest, stationary, label, whole) in zip(axes.flat, pairs):
        ending = "_per_second" if whole == "gamma_threshold" else ""
        for name, colour, text in ((honest, HONEST, "honest"), (stationary, STATIONARY, "stationary")):
            ax.semilogx(levels, dataset[name].isel(where), "-o", color=colour, markersize=3, label=text)
            final = f"{whole}_{text}{ending}"
            if final in dataset:
                ax.axhline(float(dataset[final].isel({d: i for d, i in where.items() if d in dataset[final].dims})), color=colour, linewidth=0.7, linestyle="--", zorder=0)
        ax.set_xlabel("number of levels")
        ax.set_ylabel(label)
        ax.set_xticks([n for n in (2, 5, 10, 20, 50, 100, 200) if levels.min() <= n <= levels.max()])
        ax.get_xaxis().set_major_formatter(plt.ScalarFormatter())
        ax.minorticks_off()
    axes[0, 0].legend()
    varied = {d: i for d, i in where.items() if dataset.sizes[d] > 1}
    if varied:
        axes[0, 0].set_title(point_title(dataset, varied))
    return figure
