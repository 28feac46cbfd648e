"""Husimi and Wigner functions on the sphere itself: front and back hemisphere in orthographic projection."""

from __future__ import annotations

import sys

import matplotlib.pyplot as plt
import numpy as np
from scipy.interpolate import RegularGridInterpolator

from .panels import choose, narrow, point_title
from .portrait import fixed_points
from .semiclassical import has

MOST_POINTS = 4
PIXELS = 360
# Camera above the equator, degrees.
ELEVATION = 25.0


def camera(direction: np.ndarray) -> np.ndarray:
    """Rows: right, up and towards the viewer, who looks at the sphere from `direction`; up is as near to z as may be."""
    towards = direction / np.linalg.norm(direction)
    pole = np.array([0.0, 0.0, 1.0]) if abs(towards[2]) < 0.999 else np.array([0.0, 1.0, 0.0])
    right = np.cross(pole, towards)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(towards, right), towards])


def look_from(values: np.ndarray, theta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """A direction on the side where the function is greatest in modulus (φ = −60° where that is a pole), 25° above the
    equator, or up to 50° towards a pole about which it is gathered."""
    weight = np.abs(values) ** 2 * np.sin(theta)[:, None]
    weight = weight / max(float(weight.sum()), 1e-300)
    across = weight * np.sin(theta)[:, None]
    x, y = float((across * np.cos(phi)).sum()), float((across * np.sin(phi)).sum())
    # A little to the side, so that the maximum is seen as lying on a ball.
    azimuth = np.arctan2(y, x) + np.radians(20) if np.hypot(x, y) > 1e-3 else np.radians(-60)
    height = float((weight * np.cos(theta)[:, None]).sum())
    lift = np.radians(50 * height if abs(height) > 0.5 else ELEVATION)
    return np.array([np.cos(lift) * np.cos(azimuth), np.cos(lift) * np.sin(azimuth), np.sin(lift)])


def on_disc(values: np.ndarray, theta: np.ndarray, phi: np.ndarray, view: np.ndarray, pixels: int = PIXELS) -> tuple[np.ndarray, np.ndarray]:
    """(values, shading) over a square of pixels, NaN off the disc. `values` is over (theta, phi)."""
    side = (np.arange(pixels) + 0.5) / pixels * 2 - 1
    right, up = np.meshgrid(side, side)
    inside = right**2 + up**2 <= 1
    towards = np.sqrt(np.clip(1 - right**2 - up**2, 0, None))
    spin = np.stack([right, up, towards], axis=-1) @ view
    # Closed in φ and up to the poles, where the function has one value.
    around = np.concatenate([phi, [phi[0] + 2 * np.pi]])
    body = np.concatenate([values, values[:, :1]], axis=1)
    caps = [np.full((1, body.shape[1]), values[k].mean()) for k in (0, -1)]
    table = RegularGridInterpolator((np.concatenate([[0.0], theta, [np.pi]]), around), np.concatenate([caps[0], body, caps[1]]))
    points = np.stack([np.arccos(np.clip(spin[..., 2], -1, 1)), phi[0] + np.mod(np.arctan2(spin[..., 1], spin[..., 0]) - phi[0], 2 * np.pi)], axis=-1)
    light = np.array([-0.45, 0.55, 0.7]) / np.linalg.norm([-0.45, 0.55, 0.7])
    shade = 0.72 + 0.28 * np.clip(np.stack([right, up, towards], axis=-1) @ light, 0, None)
    return np.where(inside, table(points), np.nan), np.where(inside, shade, 1.0)


def project(spin: np.ndarray, view: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(right, up, towards) of unit vectors, shape (n, 3)."""
    return tuple(np.moveaxis(np.atleast_2d(spin) @ view.T, -1, 0))


def plot_globe(dataset, variable: str):
    """One row a point: the sphere from in front and from behind (the viewer having walked round to the opposite side), colours
    shaded as on a ball, parallels and meridians every 30°, mean-field attractors (dots) and other fixed points (crosses)
    where the archive has them. Up to four points; an unresolved point shows the equal mixture of its phases."""
    theta, phi = dataset["theta"].values, dataset["phi"].values
    single, axes, points, mixture = _points(dataset, variable)
    chosen = choose(dataset, axes, points, MOST_POINTS)
    if len(chosen) < len(points):
        print(f"note: showing spheres of {variable} at {len(chosen)} of {len(points)} points", file=sys.stderr)
    columns = 1 if len(chosen) == 1 or narrow() else 2
    rows = -(-len(chosen) // columns)
    figure, panels = plt.subplots(rows, 2 * columns, figsize=(3.4 * columns, 1.95 * rows), squeeze=False, layout="constrained")
    for spare in panels.flat:
        spare.set_axis_off()
    first = {}
    for k, where in enumerate(chosen):
        values = single.isel(where).transpose("theta", "phi").values
        mixed = not np.isfinite(values).all()
        if mixed:
            values = mixture.isel(where).transpose("theta", "phi").values
        view = camera(look_from(values, theta, phi))
        pair = panels[k // columns, 2 * (k % columns):2 * (k % columns) + 2]
        for ax, seen, word in ((pair[0], view, "front"), (pair[1], camera_behind(view), "back")):
            mesh = _draw(ax, values, theta, phi, seen, variable)
            first |= _mark(ax, dataset, where, seen)
            ax.text(0.5, -0.02, word, transform=ax.transAxes, ha="center", va="top", fontsize=7)
        bar = figure.colorbar(mesh, ax=pair, fraction=0.05, pad=0.01, shrink=0.8)
        bar.outline.set_linewidth(0.4)
        bar.ax.tick_params(labelsize=6.5)
        title = "\n".join(filter(None, (point_title(dataset, where), "unresolved: phases mixed equally" if mixed else "")))
        words = pair[0].annotate(title, (1.05, 1.06), xycoords="axes fraction", ha="center", va="bottom", fontsize=7.5, annotation_clip=False)
        # It spans both hemispheres; the layout must not widen one for it.
        words.set_in_layout(False)
        pair[0].set_title("\n" * title.count("\n") + " ", fontsize=7.5, pad=9)
    if first:
        figure.legend(handles=list(first.values()), loc="outside lower center", ncols=3)
    return figure


def camera_behind(view: np.ndarray) -> np.ndarray:
    """The camera of the opposite direction: from the two together every place of the sphere is seen, and only once."""
    return camera(-view[2])


def _points(dataset, variable: str):
    single = dataset[variable]
    axes = [d for d in single.dims if d not in ("theta", "phi")]
    phases = dataset.get(f"{variable}_phases")
    mixture = phases.mean("phase", skipna=False) if phases is not None else None
    there = np.isfinite(single).all(("theta", "phi"))
    if mixture is not None:
        there = there | np.isfinite(mixture).all(("theta", "phi"))
    points = [dict(zip(axes, map(int, index))) for index in np.argwhere(there.values)] if axes else [{}]
    return single, axes, points, mixture


def _draw(ax, values, theta, phi, view, variable: str):
    image, shade = on_disc(values, theta, phi, view)
    if variable == "wigner":
        limit = float(np.abs(values).max())
        cmap, norm = plt.get_cmap("RdBu_r"), plt.Normalize(-limit, limit)
    else:
        cmap, norm = plt.get_cmap("YlGnBu"), plt.Normalize(0, float(values.max()))
    colours = cmap(norm(np.nan_to_num(image)))
    colours[..., :3] *= shade[..., None]
    colours[..., 3] = np.isfinite(image)
    ax.imshow(colours, extent=(-1, 1, -1, 1), origin="lower", interpolation="bilinear", zorder=1)
    _graticule(ax, view)
    ax.add_patch(plt.Circle((0, 0), 1, fill=False, color="0.25", linewidth=0.7, zorder=3))
    ax.set(xlim=(-1.12, 1.12), ylim=(-1.12, 1.12), aspect="equal")
    for axis, label in zip(np.eye(3), ("x", "y", "z")):
        for sign, text in ((1, f"${label}$"), (-1, f"$-{label}$")):
            right, up, towards = (float(v[0]) for v in project(sign * axis, view))
            if towards > 0.05:
                ax.plot([right], [up], "+", color="0.2", markersize=3, markeredgewidth=0.6, zorder=4)
                ax.annotate(text, (right, up), xytext=(3, 3), textcoords="offset points", fontsize=6.5, color="0.2", zorder=4)
    return plt.cm.ScalarMappable(norm, cmap)


def _graticule(ax, view) -> None:
    turn = np.linspace(0, 2 * np.pi, 181)
    for height in np.radians(np.arange(-60, 61, 30)):
        _line(ax, np.stack([np.cos(height) * np.cos(turn), np.cos(height) * np.sin(turn), np.full(turn.shape, np.sin(height))], 1), view, 0.55 if height == 0 else 0.3)
    half = np.linspace(0, np.pi, 91)
    for azimuth in np.radians(np.arange(0, 360, 30)):
        _line(ax, np.stack([np.sin(half) * np.cos(azimuth), np.sin(half) * np.sin(azimuth), np.cos(half)], 1), view, 0.3)


def _line(ax, spin, view, width: float) -> None:
    right, up, towards = project(spin, view)
    ax.plot(np.where(towards > 0, right, np.nan), np.where(towards > 0, up, np.nan), color="0.35", linewidth=width, alpha=0.6, zorder=2)


def _mark(ax, dataset, where: dict, view) -> dict:
    """Fixed points of the mean field on this side; handles for the legend."""
    if not any(has(dataset, name) for name in ("fixed_point", "attractor")):
        return {}
    handles = {}
    for spin, code in fixed_points(dataset, {d: i for d, i in where.items()}):
        right, up, towards = (float(v[0]) for v in project(spin, view))
        if towards <= 0:
            continue
        marker, label = ("o", "attractor (mean field)") if code == 0 else ("X", "other fixed point")
        handles[label], = ax.plot([right], [up], marker, color="#D55E00" if code == 0 else "0.85", markeredgecolor="white" if code == 0 else "black",
                                  markersize=5 if code == 0 else 4, markeredgewidth=0.6, linestyle="none", zorder=5, label=label)
    return handles
