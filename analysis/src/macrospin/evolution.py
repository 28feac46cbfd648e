"""Figures `evolution`, `evolution-measures`, `correlations`, `emission` and `coherence-decay` of the study `evolve`."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from .archive import ArchiveError, join_complex
from .panels import chosen_points, legend_outside, point_title, unit_text
from .semiclassical import has
from .spectrum_figures import COLOURS

MOST_POINTS, MOST_COLUMNS = 8, 3
MEASURES = {
    "purity_t": "purity", "squeezing_wineland_t": r"squeezing $\xi_R^2$", "squeezing_kitagawa_ueda_t": r"squeezing $\xi_S^2$",
    "fisher_information_t": r"Fisher information $F_Q/N$", "entropy_t": "entropy (nats)",
}
CORRELATIONS = ("g2_t", "correlation_t")


def series(dataset, name: str):
    """A variable along time, complex where stored in two parts, with the axes of the sweep first."""
    array = join_complex(dataset, name) if f"{name}_re" in dataset else dataset[name]
    return array.transpose(..., "time")


def observables(dataset) -> list[str]:
    """Names of the observables' outputs, complex ones once."""
    names = [str(name) for name, array in dataset.data_vars.items() if array.dims[-1:] == ("time",) and array.attrs.get("study") == "evolve"]
    names = list(dict.fromkeys(name.removesuffix("_re").removesuffix("_im") if has(dataset, name.removesuffix("_re").removesuffix("_im")) else name for name in names))
    return [name for name in names if name not in MEASURES and name not in CORRELATIONS]


def time_label(dataset, where: dict) -> str:
    """The unit of time differs from point to point where the job gave an expression for it."""
    units = dataset["evolve_time_unit"]
    label = units.attrs.get("units", "1")
    values = np.unique(units.values[np.isfinite(units.values)])
    if values.size == 1 and values[0] == 1:
        return "time" if label in ("", "1") else f"time ({unit_text(label)})"
    return "time in units of its point"


def _points(dataset, name: str) -> list[dict]:
    return chosen_points(dataset, abs(series(dataset, name)), 1, MOST_POINTS, "evolutions")


def _panels(count: int, height: float = 2.4):
    columns = min(MOST_COLUMNS, count)
    rows = -(-count // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(3.1 * columns + 1.4, height * rows), sharex=True, squeeze=False, layout="constrained")
    for spare in panels.flat[count:]:
        spare.set_visible(False)
    return figure, list(panels.flat[:count])


def _draw(dataset, names: list[str], label, scale=lambda name, where: 1.0):
    points = _points(dataset, names[0])
    figure, panels = _panels(len(names))
    time = dataset["time"].values
    for ax, name in zip(panels, names):
        array = series(dataset, name)
        for where, colour in zip(points, COLOURS):
            values = array.isel(where).values * scale(name, where)
            title = point_title(dataset, where)
            ax.plot(time, values.real, color=colour, linewidth=1.1, label=title)
            if np.iscomplexobj(values):
                ax.plot(time, values.imag, color=colour, linewidth=1.1, linestyle="--", label="imaginary part" if where is points[0] else None)
        ax.set_ylabel(label(name))
    for ax in panels[-min(MOST_COLUMNS, len(panels)):]:
        ax.set_xlabel(time_label(dataset, points[0]))
        ax.tick_params(labelbottom=True)
    legend_outside(figure, panels)
    return figure


def plot_evolution(dataset):
    """Expectation values against time, one panel an observable, one line a point."""
    names = observables(dataset)
    if not names:
        raise ArchiveError("the study evolve has no observables")

    def label(name: str) -> str:
        text = str(dataset[name if name in dataset else f"{name}_re"].attrs.get("long_name", name))
        return "⟨" + text.removeprefix("expectation value of ").removesuffix(" (real part)").removesuffix(" at time") + "⟩"

    return _draw(dataset, names, label)


def plot_measures(dataset):
    """Purity, squeezing, Fisher information over N and entropy against time."""
    def scale(name: str, where: dict) -> float:
        return 1 / float(dataset["N"][where["N"]]) if name.startswith("fisher") and "N" in where else 1.0

    names = [name for name in MEASURES if has(dataset, name)]
    return _draw(dataset, names, lambda name: MEASURES[name] if "N" in dataset.dims else MEASURES[name].replace("/N", ""), scale)


def plot_correlations(dataset):
    """g2 and the two-time correlation against time; dashed: its imaginary part."""
    def scale(name: str, where: dict) -> float:
        first = abs(complex(series(dataset, name).isel(where).values[0]))
        return 1 / first if name == "correlation_t" and first > 0 else 1.0

    names = [name for name in CORRELATIONS if has(dataset, name)]
    return _draw(dataset, names, lambda name: "$g_2(t)$" if name == "g2_t" else r"$\langle A(t) B(0)\rangle$ / $|\langle AB\rangle|$", scale)


def plot_emission(dataset):
    """Incoherent emission spectra, each over its greatest value, on a logarithmic scale."""
    array = dataset["emission"].transpose(..., "emission_frequency")
    points = chosen_points(dataset, array, 1, MOST_POINTS, "spectra")
    figure, ax = plt.subplots(figsize=(5.6, 3.0), layout="constrained")
    frequency = dataset["emission_frequency"].values
    for where, colour in zip(points, COLOURS):
        values = array.isel(where).values
        ax.plot(frequency, values / np.nanmax(values), color=colour, linewidth=1.1, label=point_title(dataset, where))
    time = str(dataset["evolve_time_unit"].attrs.get("units", "1"))
    unit = time.removeprefix("1/") if time.startswith("1/") else f"rad per {time}"
    ax.set_xlabel("frequency" if time in ("", "1") else f"frequency ({unit})")
    ax.set_ylabel("emission $S(\\omega)$ over its maximum")
    ax.set_yscale("log")
    legend_outside(figure, [ax])
    return figure


def envelope(time: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Maxima of a signal, each from the parabola through three samples."""
    k = np.flatnonzero((values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])) + 1
    a, b, c = values[k - 1], values[k], values[k + 1]
    curvature = a - 2 * b + c
    shift = np.where(curvature < 0, 0.5 * (a - c) / np.where(curvature < 0, curvature, 1), 0)
    step = time[1] - time[0]
    return time[k] + shift * step, b - 0.25 * (a - c) * shift


def decay_rate(time: np.ndarray, values: np.ndarray) -> float:
    """Rate of an exponential through the maxima of a signal (least squares of the logarithm); NaN with fewer than three."""
    t, height = envelope(time, values)
    return float(-np.polyfit(t, np.log(height), 1)[0]) if t.size >= 3 else np.nan


def plot_coherence_decay(dataset):
    """Decay of the doublet's coherence: maxima of |⟨Jz⟩| and of the Fisher information of rotations about z, and 1 − ξ², over their first.

    Lines: exponentials with the rates γ G01 (of |E0⟩⟨E1|) and γ (G01 + J01²) (of |P⟩⟨R|), twice those for the Fisher information,
    which is quadratic in the coherence.
    """
    if "fisher_components_t" not in dataset or "jz_t" not in dataset:
        raise ArchiveError("it needs the observable jz: Jz/j and the measure fisher of evolve beside coherenceRates")
    spin = abs(dataset["jz_t"].transpose(..., "time"))
    fisher = dataset["fisher_components_t"].isel({d: 2 for d in dataset["fisher_components_t"].dims if str(d).startswith("component")}).transpose(..., "time")
    time = dataset["time"].values
    points = [where for where in chosen_points(dataset, spin, 1, 9, "decays") if np.isfinite(decay_rate(time, spin.isel(where).values))]
    if not points:
        raise ArchiveError("the coherence has fewer than three maxima at every point: follow it for longer")
    figure, panels = _panels(len(points), 2.3)
    squeezing = dataset["squeezing_kitagawa_ueda_t"].transpose(..., "time") if "squeezing_kitagawa_ueda_t" in dataset else None
    for ax, where in zip(panels, points):
        here = {d: i for d, i in where.items() if d in dataset["eigenstate_rate"].dims}
        eigenstate, pointer = (float(dataset[name].isel(here)) for name in ("eigenstate_rate", "pointer_rate"))
        for array, power, colour, name in ((spin, 1, COLOURS[0], "⟨Jz⟩"), (fisher, 2, COLOURS[1], "$F_z$")):
            t, height = envelope(time, array.isel(where).values)
            rate = decay_rate(time, array.isel(where).values)
            ax.semilogy(t, height / height[0], linestyle="none", marker="o" if power == 1 else "s", markersize=3, color=colour, label=f"maxima of {name}")
            for value, style, text in ((eigenstate, "-", r"$\gamma G_{01}$"), (pointer, ":", r"$\gamma(G_{01}+J_{01}^2)$")):
                ax.semilogy(t, np.exp(-power * value * (t - t[0])), linestyle=style, color=colour, linewidth=1,
                            label=f"{text}" if power == 1 else f"2 × {text}")
            ax.text(0.03, 0.16 - 0.1 * (power - 1), f"{name}: {rate / (power * eigenstate):.3f} × {'2' if power == 2 else ''}$\\gamma G_{{01}}$", transform=ax.transAxes, fontsize=6.5, color=colour)
        if squeezing is not None:
            t = envelope(time, spin.isel(where).values)[0]
            values = 1 - np.interp(t, time, squeezing.isel(where).values)
            if np.all(values > 0):
                rate = -np.polyfit(t, np.log(values), 1)[0]
                ax.semilogy(t, values / values[0], linestyle="none", marker="^", markersize=3, color=COLOURS[2], label=r"$1-\xi_S^2$ at the maxima of ⟨Jz⟩")
                ax.text(0.03, 0.26, f"$1-\\xi_S^2$: {rate / eigenstate:.3f} × $\\gamma G_{{01}}$", transform=ax.transAxes, fontsize=6.5, color=COLOURS[2])
        ax.set_title(point_title(dataset, where), fontsize=8)
        ax.set_ylabel("over the first value")
    for ax in panels[-min(MOST_COLUMNS, len(panels)):]:
        ax.set_xlabel(time_label(dataset, points[0]))
        ax.tick_params(labelbottom=True)
    legend_outside(figure, panels)
    return figure


EVOLUTION = (
    ("evolution", ("purity_t",), plot_evolution, "evolve"),
    ("evolution-measures", ("purity_t",), plot_measures, "evolve"),
    ("correlations", CORRELATIONS, plot_correlations, "evolve"),
    ("emission", ("emission",), plot_emission, "evolve"),
    ("coherence-decay", ("eigenstate_rate",), plot_coherence_decay, "coherenceRates, evolve"),
)
