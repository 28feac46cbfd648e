"""What the tests of figures share."""

import json
import subprocess

import matplotlib.pyplot as plt
import pytest

from macrospin.point import PointError, executable


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def run_job(tmp_path_factory):
    """Runs a job with the executable and gives the archive's path; the test is skipped where there is no executable."""
    def run(job: dict):
        try:
            command = executable()
        except PointError as error:
            pytest.skip(str(error))
        folder = tmp_path_factory.mktemp("job")
        (folder / "job.json").write_text(json.dumps(job))
        done = subprocess.run([command, "run", str(folder / "job.json"), "--out", str(folder / "run")], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return folder / "run" / "archive.h5"

    return run
