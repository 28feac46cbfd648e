"""One point from a notebook: `macrospin.point("bistable-pump", N=100, Gamma=0.8)`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


class PointError(Exception):
    """The executable refused or is not to be found."""


@dataclass
class StudyResult:
    """Status and outputs of one study; outputs are attributes: `result.gap.eigenvalue`."""

    status: str
    reason: str
    seconds: float
    outputs: dict[str, np.ndarray] = field(repr=False)

    def __getattr__(self, name):
        try:
            return self.__dict__["outputs"][name]
        except KeyError:
            raise AttributeError(f"no output {name}; there are {', '.join(sorted(self.__dict__.get('outputs', {})))}") from None


@dataclass
class PointResult:
    """All studies of one point: `result["gap"]`, or any output directly: `result.jz`."""

    point: dict[str, float]
    studies: dict[str, StudyResult]

    def __getitem__(self, study: str) -> StudyResult:
        return self.studies[study]

    def __getattr__(self, name):
        for study in self.__dict__.get("studies", {}).values():
            if name in study.outputs:
                return study.outputs[name]
        raise AttributeError(f"no study returned {name}")


def executable() -> str:
    """The macrospin executable: $MACROSPIN, the PATH, or the project's own release build."""
    given = os.environ.get("MACROSPIN")
    if given:
        if not shutil.which(given):
            raise PointError(f"MACROSPIN is {given}, which is no executable: set it to the path of macrospin, or run `make build`")
        return given
    found = shutil.which("macrospin")
    if found:
        return found
    for folder in Path(__file__).resolve().parents:
        candidate = folder / ".build" / "release" / "macrospin"
        if candidate.exists():
            return str(candidate)
    raise PointError("the macrospin executable is not to be found: set MACROSPIN to its path, or run `make build`")


def point(model, N: int, studies=("steadyState", "gap"), timeout: float | None = None, **parameters) -> PointResult:
    """Compute one point.

    model: name of a preset, path of a job file (whose studies are used), or a dict as under `model:` in a job.
    studies: names, or {name: options} dicts. parameters: values of model parameters or of the job's axes.
    """
    values = {"N": int(N), **{name: float(value) for name, value in parameters.items()}}
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(model, (str, Path)) and Path(model).suffix in (".yaml", ".yml", ".json"):
            job = Path(model)
        else:
            body = {"preset": str(model)} if isinstance(model, (str, Path)) else dict(model)
            if "parameters" in body:      # a keyword replaces a constant of the dict
                body["parameters"] = {k: v for k, v in body["parameters"].items() if k not in values}
            listed = [study if isinstance(study, dict) else {study: {}} for study in studies]
            job = Path(folder) / "point.json"
            job.write_text(json.dumps({"title": "point", "model": body, "sweep": {k: [v] for k, v in values.items()}, "studies": listed}))
        command = [executable(), "point", str(job), "--set", *(f"{name}={value!r}" for name, value in values.items())]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    # 4: a study failed at this point; its status says so.
    if done.returncode not in (0, 4):
        raise PointError(done.stderr.strip() or f"macrospin point ended with exit code {done.returncode}")
    document = json.loads(done.stdout)
    return PointResult(point=document["point"], studies={name: _study(entry) for name, entry in document["studies"].items()})


def _study(entry) -> StudyResult:
    return StudyResult(status=entry["status"], reason=entry["reason"], seconds=entry["seconds"],
                       outputs={name: _array(output) for name, output in entry["outputs"].items()})


def _array(output) -> np.ndarray:
    def numbers(key):
        return np.array([np.nan if value is None else value for value in output[key]], dtype=float).reshape(output["shape"])

    return numbers("re") + 1j * numbers("im") if "re" in output else numbers("data")
