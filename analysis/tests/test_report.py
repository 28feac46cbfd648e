"""The command lines macrospin-plot and macrospin-report, maps and spheres, on archives of known content."""

import json
import re
from pathlib import Path

import html5lib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh
from test_analysis import GAMMA, make, sphere_dataset

import macrospin
from macrospin import report_data
from macrospin.globe import camera, camera_behind, look_from, on_disc, plot_globe, project
from macrospin.lines import plot_magnetization
from macrospin.maps import edges, map_axes, plot_map
from macrospin.panels import unit_text
from macrospin.plot import main as plot_main
from macrospin.references import BIBTEX, FIGURES, OUTPUTS, PRESETS, STUDIES, bibliography, methods, presets
from macrospin.report import main as report_main
from macrospin.size_collapse import plot_collapse
from macrospin.size_scaling import plot_crossings, plot_gap_scaling
from macrospin.style import WIDTHS, context, fit_width, width_of


@pytest.fixture
def archive(tmp_path):
    """The archive of test_analysis with what a run adds, in a run directory, with text that HTML must escape."""
    data = macrospin.open(make(tmp_path / "plain.h5"))
    shape = dict(data.gap.sizes)
    data = data.assign_attrs(macrospin_archive=1, title="gap < 1 & \"more\"", job="model: { preset: bistable-pump } # <script>alert(1)</script>", model="Omega*Jx",
                             created="2026-01-01T00:00:00Z", software_version="9.9", unit_energy="hbar*gamma", unit_time="1/gamma",
                             sources='[{"name": "ledger/0000.sqlite", "sha256": "ab12", "modified": "2026", "version": "9.9"}]')
    data["reason_gap"] = (data.gap.dims, np.where(data.status_gap == 1, "gap below 1e-6 of the norm <b>", "").astype(object))
    data["seconds_gap"] = (data.gap.dims, np.arange(data.gap.size, dtype=float).reshape(data.gap.shape), {"study": "gap"})
    data["state_residual"] = (data.gap.dims, np.full(data.gap.shape, 1e-14))
    data["state_residual"][2, 5, 1] = 3e-9
    for name in ("gap", "gap_error", "state_residual"):
        data[name].attrs["study"] = "gap"
    folder = tmp_path / "run"
    folder.mkdir()
    data.to_netcdf(folder / "archive.h5", engine="h5netcdf")
    assert shape == dict(data.gap.sizes)
    return folder


def parsed(path):
    text = path.read_text()
    return text, html5lib.HTMLParser(strict=True).parse(text)


def test_the_report_is_valid_and_says_everything(archive, capsys):
    assert report_main([str(archive)]) == 0
    text, tree = parsed(archive / "report.html")
    words = re.sub(r"\s+", " ", " ".join(tree.itertext()))
    assert "<script>alert" not in text and "<script>alert(1)</script>" in words and 'gap < 1 & "more"' in words
    assert "ab12" in words and "not finished" not in words and "hγ" not in words and "energy: ħγ" in words
    # 3 unresolved of 66, with reason and place; the greatest residual and where it is; the slowest point.
    assert re.search(r"gap 66 63 3", words) and "gap below 1e-6 of the norm <b>" in words and "N = 80, Γ/γ = 0.9, Omega = 0.25" in words
    assert re.search(r"state_residual 3e-09 1e-14 N = 80, Γ/γ = 1, Omega = 0.5", words)
    assert "Towards a Theory of Metastability" in words and "version = {9.9}" in words and "Phase-space functions" not in words
    links = re.findall(r'<a href="(plots/[^"]+\.pdf)"', text)
    assert len(links) == text.count("data:image/png;base64,") >= 3 and all((archive / link).stat().st_size > 3000 for link in links)
    assert not re.findall(r'(?:src|href)="https?:', text)                                   # one file, nothing from elsewhere


def test_the_report_of_an_unfinished_run_says_so(archive, tmp_path, capsys):
    (archive / "archive.h5").rename(archive / "archive.partial.h5")
    (archive / "status.json").write_text('{"state": "running", "done": 40, "total": 66, "elapsed": 12.0, "host": "node"}')
    assert report_main([str(archive), "-o", str(tmp_path / "elsewhere"), "--only", "gap"]) == 0
    words = " ".join(parsed(tmp_path / "elsewhere" / "report.html")[1].itertext())
    assert "This run is not finished : 40 of 66 records." in words.replace("finished:", "finished :") and "The last start took 12 s on node" in words
    assert sorted(path.name for path in (tmp_path / "elsewhere" / "plots").iterdir()) == ["gap.pdf", "gap.png"]


def test_reports_and_archives_of_one_folder_have_figures_of_their_own(archive, tmp_path, capsys):
    both = tmp_path / "both"
    both.mkdir()
    for name, first in (("a", 0), ("b", 1)):
        macrospin.open(archive / "archive.h5").isel(N=slice(first, None)).to_netcdf(both / f"{name}.h5", engine="h5netcdf")
        assert report_main([str(both / f"{name}.h5"), "--only", "gap"]) == 0 and plot_main([str(both / f"{name}.h5"), "--only", "magnetization"]) == 0
        assert report_main([str(both / f"{name}.h5"), "--only", "gap", "-o", str(tmp_path / f"{name}.html")]) == 0
    assert (both / "a.html").exists() and {path.name for path in (both / "a-plots").glob("*.png")} == {path.name for path in (both / "b-plots").glob("*.png")} == {"gap.png", "magnetization.png"}
    for name in "ab":
        link, = re.findall(r'<a href="([^"]+\.pdf)"', (tmp_path / f"{name}.html").read_text())
        assert link == f"{name}-plots/gap.pdf" and (tmp_path / link).stat().st_size > 3000
    assert (tmp_path / "a-plots/gap.png").read_bytes() != (tmp_path / "b-plots/gap.png").read_bytes()


def test_a_part_of_a_sweep_does_not_look_whole(archive, tmp_path, capsys):
    """Parts 1 and 3 of 4, and a run that was killed, merged; told by the status files of their directories."""
    states = {"p1": ("finished", "Pump (part 1 of 4)"), "p3": ("finished", "Pump (part 3 of 4)"), "killed": ("running", "Other"), "whole": ("finished", "Whole")}
    for name, (state, title) in states.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "status.json").write_text(json.dumps({"state": state, "done": 120, "total": 1512, "title": title}))
    data = macrospin.open(archive / "archive.h5")

    def merged(*runs):
        return data.assign_attrs(sources=json.dumps([{"name": str(tmp_path / run / "ledger" / "0000.sqlite")} for run in runs]))

    def part(*runs):
        return report_data.part_of_sweep(merged(*runs), tmp_path / "merged.h5")

    merged("p1", "p3", "killed").to_netcdf(tmp_path / "merged.h5", engine="h5netcdf")
    assert report_main([str(tmp_path / "merged.h5"), "--only", "gap"]) == 0
    words = re.sub(r"\s+", " ", " ".join(parsed(tmp_path / "merged.html")[1].itertext()))
    assert "Only a part of the sweep: of the 4 parts" in words and "Counts are of the grid" in words
    assert "of the 4 parts that the sweep “Pump” is split over, 2 are not in this archive: 2, 4" in words and "killed was not finished: 120 of 1512 records" in words
    assert part("p1")[0][0].endswith("3 are not in this archive: 2, 3, 4") and part("moved away") == ([], False) and part("whole") == ([], True)
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "status.json").write_text('{"state": "finished", "updated": "2026-01-02T00:00:00Z"}')          # the archive: a day before
    assert part("later", "whole")[0][0].endswith("later went on after this archive was made: merge it again")


def test_axes_are_no_parameters():
    data = xr.Dataset(coords={"Omega": [0.1, 0.2]}, attrs={"model": "Omega*Jx\nOmega = 1.2\nkappa = Omega\nleak = 1e-09"})
    assert report_data.model_text(data) == "Omega*Jx\nkappa = Omega\nleak = 1e-09"


def test_only_failed_points_make_no_empty_figure(archive):
    data = macrospin.open(archive / "archive.h5")
    for name in ("jz", "jz_phases"):
        data[name] = data[name] * np.nan
    with pytest.raises(macrospin.ArchiveError, match="jz has no number"):
        plot_magnetization(data)


def test_mistakes_of_the_user(archive, tmp_path, capsys):
    def fails(main, *arguments):
        assert main([str(argument) for argument in arguments]) == 2
        return capsys.readouterr().err

    assert "neither archive.h5 nor archive.partial.h5" in fails(report_main, tmp_path)
    (tmp_path / "killed" / "ledger").mkdir(parents=True)
    assert f"macrospin merge {tmp_path}/killed -o FILE.h5" in fails(report_main, tmp_path / "killed")
    (tmp_path / "array" / "part-1").mkdir(parents=True)
    assert "but the parts part-1: name one of them" in fails(plot_main, tmp_path / "array")
    assert "expected a file that ends in .html" in fails(report_main, archive, "-o", tmp_path / "rep.txt") and not (tmp_path / "rep.txt").exists()
    assert "no such file" in fails(report_main, tmp_path / "none.h5")
    assert "--only gaps: there is no such figure; there are magnetization, gap" in fails(plot_main, archive, "--only", "gaps")
    assert "expected auto, single, double" in fails(plot_main, archive, "--width", "wide")
    assert "Zeta=1: expected AXIS=VALUE with one of the axes N, Gamma, Omega" in fails(plot_main, archive, "--at", "Zeta=1")
    assert plot_main([str(archive), "--at", "Omega=0.49", "N=20", "--only", "gap", "--out", str(tmp_path / "at")]) == 0
    assert "neither a variable of the archive nor an expression" in fails(plot_main, archive, "--only", "collapse", "--variable", "jq")


def test_an_archive_of_nothing_has_a_report(tmp_path, capsys):
    empty = xr.Dataset({"status_gap": (("N",), np.array([-1, -1], "i4"), {"flag_values": np.arange(-1, 2, dtype="i4"), "flag_meanings": "pending ok unresolved"}),
                        "gap": (("N",), [np.nan, np.nan], {"study": "gap"})}, coords={"N": [2, 4]}, attrs={"macrospin_archive": 1})
    empty.to_netcdf(tmp_path / "a.h5", engine="h5netcdf")
    assert report_main([str(tmp_path / "a.h5")]) == 0
    words = " ".join(parsed(tmp_path / "a.html")[1].itertext())
    assert "2 of 2 records of this grid are not there" in words and "The archive gives no figure yet" in words


def test_the_list_tells_what_can_be_drawn(archive, capsys):
    assert plot_main([str(archive), "--list"]) == 0
    can, cannot = capsys.readouterr().out.split("it cannot give")
    assert {"gap", "gap-scaling", "magnetization", "size-limits"} <= {line.split()[0] for line in can.splitlines()[1:] if line}
    assert "needs steadyState with measures: [husimi]" in cannot and "collapse" in cannot and "closes as a power law nowhere" in cannot


def test_figures_have_the_width_of_a_journal(archive, tmp_path, capsys):
    from matplotlib.image import imread

    for width, inches in (("single", 3.375), ("double", 7.0), ("5", 5.0)):
        assert plot_main([str(archive), "--out", str(tmp_path / width), "--only", "gap", "gap-scaling", "--width", width]) == 0
        for name in ("gap", "gap-scaling"):
            assert imread(tmp_path / width / f"{name}.png").shape[1] == pytest.approx(300 * inches, abs=2)
    body = (tmp_path / "single" / "gap.pdf").read_bytes()
    box = [float(number) for number in re.search(rb"/MediaBox \[([^\]]+)\]", body).group(1).split()]
    assert box[2] == pytest.approx(72 * 3.375, abs=0.5)
    assert b"/Type0" in body or b"/TrueType" in body                                         # letters, not their outlines
    assert width_of("auto") is None and width_of("single") == WIDTHS["single"]


def sizes_along_an_axis():
    """A variable whose curves cross, and a gap whose verdicts are of all kinds of length, over N, x and another axis."""
    n, x = np.array([8.0, 16, 32, 64, 128, 256]), np.linspace(-1, 1, 41)
    order = np.tanh((x - 0.1) * np.sqrt(n)[:, None] + 2 / n[:, None])
    least = np.stack([0.3 * np.exp(-0.1 * n), n**-0.5 * (1 + 0.2 * np.cos(3 * n)), np.ones(6) + 3 / n + 0.05 * np.sin(5 * n)], -1)
    gap = least[:, None, :] * (1 + (x[None, :, None] - 0.02) ** 2)
    data = xr.Dataset({"order": (("N", "x"), order), "gap": (("N", "x", "Delta"), gap)}, coords={"N": n.astype(int), "x": x, "Delta": [1.23456, 2.34567, 3.45678]})
    data["Delta"].attrs["long_name"] = "detuning of the drive Δ/κ"
    return data


@pytest.mark.parametrize("width", [WIDTHS["single"], WIDTHS["double"]], ids=["single", "double"])
def test_nothing_of_a_figure_of_sizes_is_cut_off(width):
    data = sizes_along_an_axis()
    with context(width):
        for draw in (lambda: plot_gap_scaling(data), lambda: plot_crossings(data, "order"), lambda: plot_collapse(data, "order")):
            figure = draw()
            fit_width(figure, width)
            figure.draw_without_rendering()
            box = figure.get_tightbbox(figure.canvas.get_renderer())
            assert box.x0 > -0.02 and box.x1 < width + 0.02
            panels = [ax.get_position() for ax in figure.axes]
            assert (panels[0].x0 == pytest.approx(panels[1].x0, abs=0.02)) == (width < 4)                 # stacked in one column
            assert sum(panel.height for panel in panels) > (0.35 if width < 4 else 0.9)


def test_narrow_figures_keep_their_legend():
    with context(3.375):
        figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
        for k in range(5):
            ax.plot([0, 1], [k, k], "o-", label=f"$N = {k}$")
        from macrospin.panels import legend_outside

        legend_outside(figure, [ax])
        fit_width(figure, 3.375)
        figure.draw_without_rendering()
        legend = figure.legends[0]
        box = legend.get_window_extent().transformed(figure.transFigure.inverted())
        assert len(figure.legends) == 1 and len(legend.get_texts()) == 5 and 0 <= box.x0 and box.x1 <= 1 and box.y0 >= -0.01
        assert box.y1 < ax.get_tightbbox().transformed(figure.transFigure.inverted()).y0 + 0.02 and ax.get_position().width > 0.6


# Maps

def test_maps_show_values_hatching_and_the_least_gap(tmp_path):
    data = macrospin.open(make(tmp_path / "a.h5"))
    wide = xr.concat([data.isel(N=[k]).assign_coords(N=[n]) for n, k in ((20, 0), (40, 1), (80, 2), (160, 2))], "N", data_vars="all")
    for name in data:
        wide[name].attrs = data[name].attrs
    wide["gap"].attrs["study"] = "gap"
    assert map_axes(wide, wide.gap) == ["Gamma", "N"]
    figure = plot_map(wide, "gap")
    panel = figure.axes[0]
    mesh, hatched = [c for c in panel.collections if isinstance(c, QuadMesh)], [c for c in panel.collections if c.get_hatch()]
    shown = mesh[0].get_array()
    assert shown.shape == (4, 11) and shown[0, 3] == pytest.approx(float(wide.gap[0, 3, 0])) and shown.mask[2:, 4:7].all() and not shown.mask[:2].any()
    assert len(hatched) == 1 and np.ma.count(hatched[0].get_array()) == 6                     # three unresolved points at two N
    line = next(line for line in panel.lines if line.get_label() == "least gap")
    assert np.asarray(line.get_xdata())[:2] == pytest.approx([1, 1], abs=1e-3)
    assert type(mesh[0].norm).__name__ == "LogNorm"                                          # exp(-25) to 0.05
    with pytest.raises(macrospin.ArchiveError, match="two axes"):
        plot_map(data.isel(Gamma=[0]), "gap")


def test_maps_of_merged_grids_are_no_checkerboard():
    """Rows computed at alternate places: each cell has the nearest of its row, none beyond its ends, and hatching follows."""
    x, n = np.arange(10.0), np.array([10, 20, 30, 40])
    own = (np.arange(10)[None, :] + np.arange(4)[:, None]) % 2 == 0
    own[3, 6:] = False
    status = np.where(own, 0, -1)
    status[0, 4] = 1
    data = xr.Dataset({"gap": (("N", "x"), np.where(status == 0, 1 + x + 0 * n[:, None], np.nan), {"study": "gap"}),
                       "status_gap": (("N", "x"), status.astype("i4"), {"flag_values": np.arange(-1, 2, dtype="i4"), "flag_meanings": "pending ok unresolved"})},
                      coords={"N": n, "x": x}, attrs={"job": "one", "job_2": "two"})
    meshes = [c for c in plot_map(data, "gap").axes[0].collections if isinstance(c, QuadMesh)]
    assert meshes[0].get_array().mask.sum() == 2 + 1 + 1 + 1 + 4 + 1    # the lost point's two cells; ends: of row 0, 1, 2 one, of row 3 one and four
    assert np.allclose(meshes[0].get_array()[1, 1:].compressed(), [2, 2, 4, 4, 6, 6, 8, 8, 10])
    hatched = next(c for c in plot_map(data, "gap").axes[0].collections if c.get_hatch())
    assert np.ma.count(hatched.get_array()) == 2
    del data.attrs["job_2"]                                        # of one job what was not computed stays white
    assert [c for c in plot_map(data, "gap").axes[0].collections if isinstance(c, QuadMesh)][0].get_array().mask.sum() > 20


def test_edges_of_cells():
    assert edges(np.array([1, 2, 4.0])) == pytest.approx([0.5, 1.5, 3, 5])
    assert edges(np.array([1, 10, 100.0])) == pytest.approx(10.0 ** np.array([-0.5, 0.5, 1.5, 2.5]))


# Spheres

def test_the_sphere_is_seen_from_where_the_function_is():
    theta, phi = np.arccos(np.polynomial.legendre.leggauss(31)[0][::-1]), 2 * np.pi * np.arange(60) / 60
    towards = np.array([np.sin(1.2) * np.cos(2.5), np.sin(1.2) * np.sin(2.5), np.cos(1.2)])
    grid = np.stack([np.sin(theta)[:, None] * np.cos(phi), np.sin(theta)[:, None] * np.sin(phi), np.repeat(np.cos(theta)[:, None], 60, 1)], -1)
    q = ((1 + grid @ towards) / 2) ** 20
    view = camera(look_from(q, theta, phi))
    assert view @ view.T == pytest.approx(np.eye(3), abs=1e-12) and np.linalg.det(view) == pytest.approx(1)
    image, shade = on_disc(q, theta, phi, view, 121)
    row, column = np.unravel_index(np.nanargmax(image), image.shape)
    right, up, front = (float(v[0]) for v in project(towards, view))
    assert front > 0.6 and (column + 0.5) / 121 * 2 - 1 == pytest.approx(right, abs=0.03) and (row + 0.5) / 121 * 2 - 1 == pytest.approx(up, abs=0.03)
    assert np.isnan(image[0, 0]) and np.nanmax(image) == pytest.approx(1, abs=0.02) and (shade <= 1).all()


def test_the_two_hemispheres_show_each_direction_once():
    rng = np.random.default_rng(4)
    spins = rng.standard_normal((500, 3))
    for view in map(camera, [*rng.standard_normal((8, 3)), np.array([0, 0, 1.0]), np.array([0.3, 0.2, -1])]):
        front, back = (project(spins, side)[2] > 0 for side in (view, camera_behind(view)))
        assert (front ^ back).all()
        assert camera_behind(view) @ camera_behind(view).T == pytest.approx(np.eye(3), abs=1e-12)


def test_globes_show_both_sides_and_attractors():
    data = sphere_dataset()
    data["fixed_point"] = (("Gamma", "fixed_point_index", "component"), np.array([[[0, 0, 1.0], [0, 0, -1.0]]] * 2), {"study": "meanField"})
    data["fixed_point_type"] = (("Gamma", "fixed_point_index"), np.array([[0, 1]] * 2), {"study": "meanField"})
    data["status_meanField"] = (("Gamma",), np.zeros(2, "i4"))
    figure = plot_globe(data, "husimi")
    discs = [ax for ax in figure.axes if ax.images]
    assert len(discs) == 4 and [next(t.get_text() for t in ax.texts if t.get_text() in ("front", "back")) for ax in discs] == ["front", "back"] * 2
    assert any("mixed equally" in text.get_text() for ax in discs for text in ax.texts)
    # The attractor at one pole and the other fixed point at the other: each on one side, and not on the same.
    shown = [[line.get_label() for line in ax.lines if "mean field" in line.get_label() or "fixed point" in line.get_label()] for ax in discs[:2]]
    assert sorted(shown) == [["attractor (mean field)"], ["other fixed point"]]
    assert figure.legends


# What reports say

def test_references_name_only_what_is_there():
    used = {key for table in (STUDIES, OUTPUTS, FIGURES) for method in table.values() for key in method.keys} | {key for keys in PRESETS.values() for key in keys}
    assert used <= set(BIBTEX) and all(method.keys for method in STUDIES.values())
    for key, entry in BIBTEX.items():
        assert re.match(rf"@\w+{{{re.escape(key)},", entry) and entry.count("{") == entry.count("}")
        # What BibTeX asks of each kind of work.
        kind, = re.findall(r"^@(\w+)", entry)
        needed = {"article": ("author", "title", "journal", "year"), "book": ("author", "title", "publisher", "year"), "misc": ("key", "title"), "software": ("author", "title")}[kind]
        assert all(re.search(rf"\b{field}\s*= \{{", entry) for field in needed), key
    chosen = methods(["rates", "gap"], {"husimi"}, {"collapse"}, "preset: lmg-mesoscopic")
    text = bibliography(chosen, "1.2")
    assert text.count("@article{Macieszczak2016") == 1 and "Houdayer" in text and "Lipkin" in text and "Wineland" not in text


def test_presets_are_those_that_the_job_names():
    assert presets("# compare with driven-lmg\ntitle: not lmg-dephasing\nmodel: { preset: bistable-pump }   # preset: driven-twisting") == ["bistable-pump"]
    assert presets("model:\n  preset: 'driven-lmg'\n") == ["driven-lmg"] and presets('{"model": {"preset": "lmg-mesoscopic"}}') == ["lmg-mesoscopic"]
    assert presets("model:\n  hamiltonian: Jx # bistable-pump\n") == []


def test_studies_cite_what_their_pages_name():
    """Each work that the sources of docs/studies name by journal, volume and page is in the BibTeX of that study."""
    pages = Path(__file__).parents[2] / "docs/studies"
    for name, method in STUDIES.items():
        sources = (pages / f"{name}.md").read_text().partition("## Sources")[2]
        entries = "".join(BIBTEX[key] for key in method.keys + OUTPUTS["spacing_ratio"].keys)
        for volume, number in re.findall(r"[A-Za-z.] (\d+), (\d+) \(\d{4}\)", sources):
            assert f"volume = {{{volume}}}, pages = {{{number}}}" in entries, f"{name}: {volume}, {number}"


def test_reasons_that_differ_in_numbers_are_one(tmp_path):
    data = macrospin.open(make(tmp_path / "a.h5"))
    data["reason_gap"] = (data.gap.dims, np.array([f"bound {k}e-6" if s == 1 else "" for k, s in enumerate(data.status_gap.values.ravel())], object).reshape(data.gap.shape))
    rows, more = report_data.failures(data)
    gap = [row for row in rows if row["study"] == "gap"]
    assert len(gap) == 1 and gap[0]["count"] == 3 and gap[0]["status"] == "unresolved" and more == 0
    assert report_data.coverage(data)[1][0]["total"] == 3 * len(GAMMA) * 2


def test_units_in_letters():
    assert unit_text("hbar*gamma") == "ħγ" and unit_text("1/kappa") == "1/κ" and unit_text("rad/s") == "rad/s" and unit_text("hbar/J") == "ħ/J"
