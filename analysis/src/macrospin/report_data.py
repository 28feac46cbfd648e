"""What a report says about an archive: axes, coverage, certificates, failures, timing, findings."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from .archive import ArchiveError, axis_label
from .gap_scaling import FAMILIES, with_error
from .panels import unit_text
from .size_scaling import gap_lines, size_marks

MOST_REASONS, MOST_SOURCES, MOST_PLACES, MOST_RUNS = 40, 40, 3, 6
# Endings of outputs that certify others: the smaller, the better.
CERTIFICATES = ("_residual", "_leak", "_error", "_certificate", "_ambiguity")


def studies(dataset) -> list[str]:
    return [str(name).removeprefix("status_") for name in dataset.data_vars if str(name).startswith("status_")]


def axes(dataset) -> list[dict]:
    """Name, label, number of values, and the values themselves (the first and last of many) of each axis of the sweep."""
    names = dict.fromkeys(d for study in studies(dataset) for d in dataset[f"status_{study}"].dims)
    if "point" in names:
        names = dict.fromkeys([*dataset["status_" + studies(dataset)[0]].coords])
    rows = []
    for name in names:
        if name not in dataset.coords:
            continue
        values = np.unique(dataset[name].values)
        text = [f"{value:g}" for value in values]
        shown = ", ".join(text if len(text) <= 12 else [*text[:4], "…", *text[-3:]])
        rows.append({"name": str(name), "label": axis_label(dataset, name), "count": int(values.size), "values": shown})
    return rows


def words(dataset, study: str) -> dict[int, str]:
    """Meaning of each number in `status_<study>`."""
    attrs = dataset[f"status_{study}"].attrs
    return dict(zip((int(value) for value in np.atleast_1d(attrs.get("flag_values", []))), str(attrs.get("flag_meanings", "")).split()))


def coverage(dataset) -> tuple[list[str], list[dict]]:
    """(statuses that occur, a row a study with its counts)."""
    counted = {}
    for study in studies(dataset):
        values, counts = np.unique(dataset[f"status_{study}"].values, return_counts=True)
        meaning = words(dataset, study)
        counted[study] = Counter({meaning.get(int(value), str(value)): int(count) for value, count in zip(values, counts)})
    order = ["ok", "unresolved", "no_bistability", "saddle_node", "degenerate", "not_converged", "failed", "quarantined", "pending"]
    seen = {word for counts in counted.values() for word in counts}
    columns = [word for word in order if word in seen] + sorted(seen - set(order))
    return columns, [{"study": study, "total": sum(counts.values()), "counts": [counts.get(word, 0) for word in columns]} for study, counts in counted.items()]


def place(dataset, array, index) -> str:
    """Values of the axes at an index into an array: "N = 80, Γ/γ = 0.9"."""
    parts = []
    coordinates = array.isel(dict(zip(array.dims, index)))
    # In the order of the archive's dimensions; of a list of points in that of its coordinates.
    for name in sorted(coordinates.coords, key=lambda name: array.dims.index(name) if name in array.dims else len(array.dims)):
        value = coordinates[name].values
        if value.ndim == 0 and np.issubdtype(value.dtype, np.number):
            parts.append(f"{dataset[name].attrs.get('long_name', name)} = {float(value):g}")
    return ", ".join(parts) or "—"


def model_text(dataset) -> str:
    """Model, parameters, tolerances as the archive has them, without the parameters that are axes: those are defaults that were never computed."""
    lines = str(dataset.attrs.get("model", "")).splitlines()
    return "\n".join(line for line in lines if line.partition(" = ")[0] not in dataset.coords)


def part_of_sweep(dataset, archive: Path) -> tuple[list[str], bool]:
    """(what of their sweeps the runs that the archive comes from lack, as far as it can be told; whether it can be of all of them).

    Told by the status files of the run directories, which are known from the ledgers among the sources: a part of a sweep
    (`run --part K/M`) has the grid of that part, so that its archive by itself looks whole.
    """
    folders = [archive.resolve().parent]
    for source in _listed_sources(dataset):
        ledger = folders[0] / str(source.get("name", ""))
        if ledger.parent.name == "ledger":
            folders.append(ledger.parent.parent)
    states = {folder: run_state(folder) for folder in dict.fromkeys(folders[1:] or folders)}
    said, parts = [], defaultdict(set)
    for folder, state in states.items():
        title = re.fullmatch(r"(.*) \(part (\d+) of (\d+)\)", str((state or {}).get("title", "")))
        if title:
            parts[title[1], int(title[3])].add(int(title[2]))
        # Of the run that the report is on the report speaks itself.
        if not state or folder == folders[0]:
            continue
        if state.get("state") != "finished":
            said.append(f"the run {folder} was not finished: {state.get('done', '?')} of {state.get('total', '?')} records when it last told")
        elif str(state.get("updated", "")) > str(dataset.attrs.get("created", "9")):
            said.append(f"the run {folder} went on after this archive was made: merge it again")
    if len(said) > MOST_RUNS:
        said = [*said[:MOST_RUNS], f"and so of {len(said) - MOST_RUNS} more runs"]
    for (title, count), there in parts.items():
        missing = sorted(set(range(1, count + 1)) - there)
        if missing:
            names = ", ".join(map(str, missing[:12])) + (" …" if len(missing) > 12 else "")
            said.insert(0, f"of the {count} parts that the sweep “{title}” is split over, {len(missing)} {'is' if len(missing) == 1 else 'are'} not in this archive: {names}")
    return said, bool(states) and all(states.values())


def certificates(dataset) -> list[dict]:
    """Greatest residual, leak, error of every kind over the sweep and where; errors also over the value that they belong to."""
    rows = []
    for name, array in dataset.data_vars.items():
        name = str(name)
        if not name.endswith(CERTIFICATES) or not np.issubdtype(array.dtype, np.floating):
            continue
        where = _ok_only(dataset, array)
        rows += _greatest(dataset, name, np.abs(where), array)
        base = name.removesuffix("_error")
        if name.endswith("_error") and base in dataset and dataset[base].dims == array.dims and np.issubdtype(dataset[base].dtype, np.floating):
            with np.errstate(divide="ignore", invalid="ignore"):
                rows += _greatest(dataset, f"{name} / {base}", np.abs(where / dataset[base]), array)
    return rows


def _ok_only(dataset, array):
    """NaN at points that are not ok: there the error is a bound and no certificate."""
    study = array.attrs.get("study")
    status = dataset.get(f"status_{study}")
    if status is None or not set(status.dims) <= set(array.dims):
        return array
    ok = next((number for number, word in words(dataset, study).items() if word == "ok"), 0)
    return array.where(status == ok)


def _greatest(dataset, name: str, values, array) -> list[dict]:
    data = values.transpose(*array.dims).values
    finite = np.isfinite(data)
    if not finite.any():
        return []
    index = np.unravel_index(np.argmax(np.where(finite, data, -np.inf)), data.shape)
    return [{"name": name, "meaning": str(array.attrs.get("long_name", "")) if "/" not in name else "relative", "greatest": f"{data[index]:.2g}",
             "median": f"{np.median(data[finite]):.2g}", "where": place(dataset, array, index)}]


def failures(dataset) -> tuple[list[dict], int]:
    """(why points are not ok, the commonest first: study, status, reason, count, some places; number of further reasons)."""
    rows = []
    for study in studies(dataset):
        status, meaning = dataset[f"status_{study}"], words(dataset, study)
        reasons = dataset[f"reason_{study}"].transpose(*status.dims).values if f"reason_{study}" in dataset else None
        groups: dict[tuple[str, str], list] = defaultdict(list)
        fine = [number for number, word in meaning.items() if word in ("ok", "pending")]
        for index in np.argwhere(~np.isin(status.values, fine)):
            index = tuple(index)
            word = meaning.get(int(status.values[index]), "unknown")
            text = str(reasons[index]) if reasons is not None else ""
            groups[word, _without_numbers(text)].append((index, text))
        for (word, _), members in groups.items():
            places = [place(dataset, status, index) for index, _ in members[:MOST_PLACES]]
            rows.append({"study": study, "status": word, "reason": members[0][1] or "no reason given", "count": len(members),
                         "places": "; ".join(places) + (" …" if len(members) > MOST_PLACES else "")})
    rows.sort(key=lambda row: -row["count"])
    return rows[:MOST_REASONS], max(0, len(rows) - MOST_REASONS)


def _without_numbers(text: str) -> str:
    """Reasons that differ in numbers only are one."""
    return "".join("#" if letter.isdigit() or letter in ".+-" else letter for letter in text).replace("#", "")


def timing(dataset) -> list[dict]:
    """Seconds of each study: sum, mean, greatest and where, and means by N."""
    rows = []
    for study in studies(dataset):
        array = dataset.get(f"seconds_{study}")
        if array is None or not np.isfinite(array.values).any():
            continue
        values = np.where(np.isfinite(array.values), array.values, -np.inf)
        index = np.unravel_index(np.argmax(values), values.shape)
        by_size = ""
        if "N" in array.dims:
            means = array.mean([d for d in array.dims if d != "N"])
            by_size = ", ".join(f"{int(n)}: {float(s):.2g}" for n, s in zip(dataset["N"].values, means.values) if np.isfinite(s))
        rows.append({"study": study, "total": f"{np.nansum(array.values):.3g}", "mean": f"{np.nanmean(array.values):.2g}", "greatest": f"{values[index]:.2g}",
                     "where": place(dataset, array, index), "by_size": by_size})
    return rows


def sources(dataset) -> tuple[list[dict], int]:
    """(ledgers and archives that the numbers come from, with digests; number of further ones)."""
    rows = [{key: str(entry.get(key, "")) for key in ("name", "sha256", "modified", "version")} for entry in _listed_sources(dataset)]
    return rows[:MOST_SOURCES], max(0, len(rows) - MOST_SOURCES)


def _listed_sources(dataset) -> list[dict]:
    try:
        listed = json.loads(dataset.attrs.get("sources", "[]"))
    except (TypeError, json.JSONDecodeError):
        return []
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def run_state(folder: Path) -> dict | None:
    """What `status.json` of a run directory says; None without one."""
    try:
        state = json.loads((folder / "status.json").read_text())
        return state if isinstance(state, dict) else None
    except (OSError, ValueError):
        return None


def findings(dataset) -> tuple[list[dict], list[dict]]:
    """(laws of the gap: line, verdict, weights; limits of gap minimum and steepest slope)."""
    laws, limits = [], []
    try:
        for line in gap_lines(dataset):
            scaling = line.scaling
            if scaling is not None:
                laws.append({"line": line.title or "all", "sizes": len(scaling.x), "verdict": scaling.verdict,
                             **{family: f"{scaling.family_weight(family):.3g}" for family in FAMILIES}})
    except ArchiveError:
        pass
    try:
        control, marks = size_marks(dataset)
        for where, curves in marks:
            title = ", ".join(f"{dataset[d].attrs.get('long_name', d)} = {float(dataset[d][i]):g}" for d, i in where.items())
            for curve in curves:
                limits.append({"line": title or "all", "mark": plain(curve.label), "axis": axis_label(dataset, control), "limit": with_error(curve.limit.value, curve.limit.error),
                               "power": "" if curve.limit.fixed_power else with_error(curve.limit.power, curve.limit.power_error)})
    except ArchiveError:
        pass
    return laws, limits


def plain(text: str) -> str:
    """A label without mathtext."""
    return text.replace(r"$\langle J_z^2\rangle/j^2$", "⟨Jz²⟩/j²")


def units(dataset) -> str:
    energy, time = (unit_text(str(dataset.attrs.get(name, ""))) for name in ("unit_energy", "unit_time"))
    return ", ".join(part for part in (f"energy: {energy}" if energy else "", f"time: {time}" if time else "") if part) or "none given"
