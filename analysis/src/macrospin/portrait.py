"""Figure `phase-portrait`: fixed points, mean-field trajectories and instantons on the sphere and in the stereographic plane."""

from __future__ import annotations

import sys

import matplotlib.pyplot as plt
import numpy as np

from .archive import ArchiveError
from .panels import choose, legend_outside, point_title
from .semiclassical import has, pairs, representation, sweep_axes, tidy

MOST_POINTS = 4
_TYPES = ((0, "attractor", {"marker": "o", "color": "black"}), (1, "saddle", {"marker": "X", "color": "C3"}),
          (2, "repeller", {"marker": "o", "color": "black", "markerfacecolor": "white"}), (3, "marginal", {"marker": "D", "color": "0.5"}))


def plot_portrait(dataset):
    """One row a point: northern and southern hemisphere (equal-area, both seen from the north) and the plane of
    z = tan(θ/2) exp(iφ).

    Instantons n = s + i t are drawn at the direction of s, exact solid, SW dashed; in the plane the exact one also at the
    place z = conj(n_-/(1 + n_z)) that it takes in the Q representation, dotted. Of many points up to four are shown,
    spread over the axis with most values.
    """
    points, axes = _points(dataset)
    chosen = choose(dataset, axes, points, MOST_POINTS)
    if len(chosen) < len(points):
        print(f"note: showing phase portraits of {len(chosen)} of {len(points)} points", file=sys.stderr)
    if not has(dataset, "instanton_path"):
        print("note: the archive has no variable instanton_path (study instanton): phase portraits are drawn without instantons", file=sys.stderr)
    figure, panels = plt.subplots(len(chosen), 3, figsize=(8.2, 2.9 * len(chosen)), squeeze=False, layout="constrained")
    for (north, south, plane), where in zip(panels, chosen):
        fixed = fixed_points(dataset, where)
        for sign, ax in ((1, north), (-1, south)):
            _prepare(ax, sign)
        _draw_trajectories(dataset, where, north, south, plane)
        _draw_instantons(dataset, where, north, south, plane)
        for spin, code in fixed:
            style = next((style for number, _, style in _TYPES if number == code), _TYPES[-1][2])
            ax = north if spin[2] >= 0 else south
            ax.plot(*disc(spin[None]), linestyle="none", markersize=5, zorder=5, **style)
            plane.plot(*stereographic(spin[None]), linestyle="none", markersize=5, zorder=5, **style)
        _limit(plane, [spin for spin, _ in fixed])
        north.set_title("\n".join(part for part in (point_title(dataset, where), north.get_title()) if part))
    for code, label, style in _TYPES:
        if any(code == found for where in chosen for _, found in fixed_points(dataset, where)):
            panels[0, 0].plot([], [], linestyle="none", markersize=5, label=label, **style)
    legend_outside(figure, panels.flat)
    return figure


def _points(dataset) -> tuple[list[dict], list[str]]:
    name = next((name for name in ("instanton_path", "fixed_point", "attractor") if has(dataset, name)), None)
    if name is None:
        raise ArchiveError("there is neither fixed_point, attractor nor instanton_path")
    array = tidy(dataset, name)
    axes = sweep_axes(array)
    if "point" in axes:
        axes = ["point"]
    there = np.isfinite(array).any([d for d in array.dims if d not in axes])
    points = [dict(zip(there.dims, map(int, index))) for index in np.argwhere(there.values)] if axes else [{}]
    if not points:
        raise ArchiveError(f"{name} has no number at any point")
    return points, axes


def fixed_points(dataset, where: dict) -> list[tuple[np.ndarray, int]]:
    """(unit vector, type) of the fixed points at a point of the sweep: those of the mean field, else of the instanton study."""
    names = (("fixed_point", "fixed_point_type"),) if has(dataset, "fixed_point") else (("attractor", None), ("exit_spin", "exit_type"))
    found = []
    for name, kind in names:
        if has(dataset, name):
            spins = _at(tidy(dataset, name), where).values
            types = _at(tidy(dataset, kind), where).values if kind and has(dataset, kind) else np.full(len(spins), 0 if kind is None else 1)
            found += [(spin, int(code)) for spin, code in zip(spins, types) if np.isfinite(spin).all() and np.isfinite(code)]
    return found


def _at(array, where: dict):
    return array.isel({d: i for d, i in where.items() if d in array.dims})


def disc(spin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Equal-area projection about the nearer pole, the equator at radius 1."""
    across = np.hypot(spin[:, 0], spin[:, 1])
    scale = np.sqrt(np.clip(1 - np.abs(spin[:, 2]), 0, None)) / np.where(across > 0, across, 1)
    return spin[:, 0] * scale, spin[:, 1] * scale


def stereographic(spin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Real and imaginary part of z = (n_x + i n_y)/(1 + n_z)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (spin[:, 0] + 1j * spin[:, 1]) / (1 + spin[:, 2])
    return z.real, z.imag


def hemisphere(spin: np.ndarray, sign: int) -> np.ndarray:
    """The part of a line of unit vectors with sign·n_z ≥ 0, NaN elsewhere; it is continued to the equator."""
    rows = []
    for k, here in enumerate(spin):
        if k > 0 and np.isfinite(spin[k - 1 : k + 1]).all() and spin[k - 1, 2] * here[2] < 0:
            middle = spin[k - 1] + (here - spin[k - 1]) * spin[k - 1, 2] / (spin[k - 1, 2] - here[2])
            middle = np.array([middle[0], middle[1], 0]) / np.hypot(middle[0], middle[1])
            rows += [middle, np.full(3, np.nan)] if spin[k - 1, 2] * sign > 0 else [middle]
        rows.append(here if sign * here[2] >= 0 else np.full(3, np.nan))
    return np.array(rows).reshape(-1, 3)


def _draw_line(spin, north, south, plane, **style) -> None:
    label = style.pop("label", None)
    for sign, ax in ((1, north), (-1, south)):
        part = hemisphere(spin, sign)
        if np.isfinite(part).any():
            ax.plot(*disc(part), **style)
    plane.plot(*stereographic(spin), label=label, **style)


def _draw_trajectories(dataset, where, north, south, plane) -> None:
    if has(dataset, "trajectory"):
        for k, line in enumerate(_at(tidy(dataset, "trajectory"), where).values):
            _draw_line(line, north, south, plane, color="0.75", linewidth=0.6, zorder=1, label="mean field" if k == 0 else None)


def _draw_instantons(dataset, where, north, south, plane) -> None:
    if not has(dataset, "instanton_path"):
        return
    paths = tidy(dataset, "instanton_path")
    drawn = representation(paths, "Q")
    lines = {"Q": drawn if drawn is not None else representation(paths, "P"), "SW": representation(paths, "SW")}
    known = pairs(*[np.isfinite(values).all("component").any("path_point").where(lambda there: there) for values in lines.values() if values is not None])
    for name, values in lines.items():
        for k, (start, end) in enumerate(known) if values is not None else ():
            path = _at(values, where).isel(from_state=start, to_state=end).values
            path = path[np.isfinite(path).all(axis=1)]
            if len(path) == 0:
                continue
            base = path.real / np.linalg.norm(path.real, axis=1, keepdims=True)
            style = {"color": f"C{k}", "zorder": 3}
            if name == "SW":
                # Black and thin: in a reflection plane it lies upon the exact one.
                _draw_line(base, north, south, plane, linestyle="--", label="SW", color="black", linewidth=0.7, zorder=4)
            else:
                _draw_line(base, north, south, plane, label=f"{start + 1} → {end + 1}", **style)
                z = np.conj((path[:, 0] - 1j * path[:, 1]) / (1 + path[:, 2]))
                plane.plot(z.real, z.imag, ":", label=f"{start + 1} → {end + 1}, $z_Q$", **style)


def _prepare(ax, sign: int) -> None:
    ax.add_patch(plt.Circle((0, 0), 1, fill=False, color="0.6", linewidth=0.8))
    for nz in (0.5, 0.866025):
        ax.add_patch(plt.Circle((0, 0), np.sqrt(1 - nz), fill=False, color="0.9", linewidth=0.6, zorder=0))
    ax.set(xlim=(-1.06, 1.06), ylim=(-1.06, 1.06), aspect="equal", xticks=[], yticks=[], title=f"$n_z {'>' if sign > 0 else '<'} 0$")
    ax.set_xlabel("$n_x \\rightarrow$")
    ax.text(-0.02, 0.5, "$n_y \\rightarrow$", rotation=90, transform=ax.transAxes, ha="right", va="center")
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def _limit(plane, spins: list[np.ndarray]) -> None:
    """A square that holds the fixed points, those next to the south pole excepted."""
    plane.set(xlabel="Re $z$", ylabel="Im $z$", aspect="equal")
    x, y = stereographic(np.array(spins).reshape(-1, 3))
    good = np.hypot(x, y) < 20
    if good.any():
        x, y = x[good], y[good]
        half = 0.6 * max(np.ptp(x), np.ptp(y), 1)
        plane.set(xlim=((x.min() + x.max()) / 2 - half, (x.min() + x.max()) / 2 + half), ylim=((y.min() + y.max()) / 2 - half, (y.min() + y.max()) / 2 + half))
