"""First-order transitions and branches of fixed points: figures `transition` and `branches`."""

from __future__ import annotations

import numpy as np

from .archive import ArchiveError, axis_label
from .panels import label_below, legend_outside, panel_grid
from .semiclassical import consumed, control_of, has, representation, sweep_axes, tidy

_EXACT = (("transition_weight", "equal weights", "o", "C0"), ("transition_gap", "least gap", "s", "C1"))
_STABILITY = ((0, "attractor", "-", "C0"), (1, "saddle", "--", "C1"), (2, "repeller", "--", "C3"), (3, "marginal", ":", "0.4"))
_BIFURCATIONS = ((0, "saddle-node", "o"), (1, "Hopf", "s"), (2, "branch point", "D"))


def plot_transition(dataset):
    """Parameters of the transition at each N against 1/N with their limits, beside those of the instanton and of the
    semiclassical Wigner function (horizontal); without exact part those two against the axis with most values."""
    if not any(has(dataset, name) for name in ("transition_weight", "transition_gap_minimum")):
        return plot_transition_line(dataset)
    sizes = {"transition_weight": "transition_weight", "transition_gap": "transition_gap_minimum"}
    exact = {name: tidy(dataset, variable) for name, variable in sizes.items() if has(dataset, variable)}
    point = tidy(dataset, "transition_point") if has(dataset, "transition_point") else None
    main = next(iter(exact.values()))
    figure, panels = panel_grid(dataset, sweep_axes(main), "transition", share_y=False)
    for ax, where in panels:
        for name, style, colour, label in (("Q", "-", "0.2", "instanton"), ("SW", "--", "0.2", "semiclassical\nWigner")):
            values = representation(point, name) if point is not None else None
            if values is not None and np.isfinite(values.isel(where)):
                ax.axhline(float(values.isel(where)), linestyle=style, color=colour, linewidth=0.9, label=label, zorder=0)
        for name, label, marker, colour in _EXACT:
            if name in exact:
                _draw_sizes(ax, exact[name].isel(where), marker, colour, label)
                _draw_limit(ax, dataset, name, exact[name].isel(where), where, marker, colour)
        ax.set_xlim(left=0)
        if ax.get_subplotspec().colspan.start == 0:
            ax.set_ylabel(f"{consumed(dataset, point if point is not None else main)} at the transition")
    label_below(panels, "$1/N$")
    legend_outside(figure, [ax for ax, _ in panels])
    return figure


def _draw_sizes(ax, values, marker, colour, label) -> None:
    good = np.isfinite(values.values)
    ax.plot(1 / values["transition_size"].values[good], values.values[good], marker, color=colour, markersize=4, label=f"{label}, $N$")


def _draw_limit(ax, dataset, name, values, where, marker, colour) -> None:
    if not has(dataset, f"{name}_limit"):
        return
    end = float(tidy(dataset, f"{name}_limit").isel(where))
    error = float(tidy(dataset, f"{name}_limit_error").isel(where)) if has(dataset, f"{name}_limit_error") else 0.0
    good = np.flatnonzero(np.isfinite(values.values))
    if not np.isfinite(end):
        return
    if good.size:
        last = good[np.argmax(values["transition_size"].values[good])]
        ax.plot([0, 1 / values["transition_size"].values[last]], [end, values.values[last]], ":", color=colour, linewidth=0.9)
    ax.errorbar([0], [end], yerr=[error if np.isfinite(error) else 0], fmt=marker, color=colour, markerfacecolor="none", markersize=5, capsize=3,
                elinewidth=0.9, label="limits, $N \\to \\infty$" if marker == "o" else None, clip_on=False, zorder=3)


def plot_transition_line(dataset):
    """The transition against the axis with most values: instanton solid, semiclassical Wigner dashed, exact limits as points."""
    main = tidy(dataset, "transition_point")
    control = control_of(main)
    if int(np.isfinite(main).any([d for d in main.dims if d != control]).sum()) < 2:
        raise ArchiveError(f"there is a transition at fewer than two values of {control}: no line to draw")
    figure, panels = panel_grid(dataset, [d for d in sweep_axes(main) if d != control], "transition_point")
    x = dataset[control].values
    for ax, where in panels:
        for name, style, label in (("Q", "-", "instanton"), ("SW", "--", "semiclassical\nWigner")):
            values = representation(main, name)
            if values is not None:
                ax.plot(x, values.isel(where), style, color="0.2", marker="." if len(x) < 12 else None, label=label)
        for name, label, marker, colour in _EXACT:
            if has(dataset, f"{name}_limit"):
                limit = tidy(dataset, f"{name}_limit").isel(where).values
                error = tidy(dataset, f"{name}_limit_error").isel(where).values if has(dataset, f"{name}_limit_error") else np.zeros_like(limit)
                ax.errorbar(x, limit, yerr=np.nan_to_num(error), fmt=marker, color=colour, markerfacecolor="none", capsize=2, label=f"{label},\n$N \\to \\infty$")
        if ax.get_subplotspec().colspan.start == 0:
            ax.set_ylabel(f"{consumed(dataset, main)} at the transition")
    label_below(panels, axis_label(dataset, control))
    legend_outside(figure, [ax for ax, _ in panels])
    return figure


def plot_branches(dataset):
    """n_z of the fixed points along the branches, attractors solid, others dashed; bifurcations marked."""
    parameter, spin, kind = (tidy(dataset, name) for name in ("branch_parameter", "branch_spin", "branch_type"))
    axes = sweep_axes(parameter)
    if "point" in axes:
        raise ArchiveError("the archive lists scattered points, too few of too large a grid to draw branches for each")
    figure, panels = panel_grid(dataset, axes, "branches")
    for ax, where in panels:
        values, height, types = parameter.isel(where).values, spin.isel(where).isel(component=2).values, kind.isel(where).values
        runs = [(branch, *run) for branch in range(values.shape[0]) for run in _runs(types[branch], np.isfinite(values[branch]))]
        for code, label, style, colour in _STABILITY:
            for k, (branch, _, begin, end) in enumerate(run for run in runs if run[1] == code):
                ax.plot(values[branch, begin:end], height[branch, begin:end], style, color=colour, label=label if k == 0 else None)
        if has(dataset, "bifurcation_parameter"):
            _mark_bifurcations(ax, dataset, where)
        ax.set_ylim(-1.05, 1.05)
        if ax.get_subplotspec().colspan.start == 0:
            ax.set_ylabel("$n_z$ of fixed points")
    label_below(panels, consumed(dataset, parameter))
    legend_outside(figure, [ax for ax, _ in panels])
    return figure


def _runs(types: np.ndarray, there: np.ndarray) -> list[tuple[int, int, int]]:
    """(type, begin, end) of neighbouring points of one type; each run ends with the first point of the next, so that lines join."""
    codes = np.where(there & np.isfinite(types), np.nan_to_num(types, nan=-1), -1).astype(int)
    codes[(codes < 0) | (codes > 3)] = -1
    # A single marginal point is the bifurcation, which has a mark of its own; it belongs to the line it lies on.
    for k in np.flatnonzero(codes == 3):
        around = [code for code in (*codes[max(0, k - 1):k], *codes[k + 1:k + 2]) if code >= 0]
        if around and 3 not in around:
            codes[k] = around[-1]
    edges = np.flatnonzero(np.diff(codes)) + 1
    runs = []
    for begin, end in zip([0, *edges], [*edges, codes.size]):
        if codes[begin] >= 0:
            runs.append((int(codes[begin]), int(begin), int(end + 1 if end < codes.size and codes[end] >= 0 else end)))
    return runs


def _mark_bifurcations(ax, dataset, where) -> None:
    parameter, kind, spin = (tidy(dataset, f"bifurcation_{name}").isel(where) for name in ("parameter", "kind", "spin"))
    for code, label, marker in _BIFURCATIONS:
        chosen = (kind.values == code) & np.isfinite(parameter.values)
        if chosen.any():
            ax.plot(parameter.values[chosen], spin.isel(component=2).values[chosen], marker, color="black", markerfacecolor="white", markersize=4.5, label=label, zorder=4)
