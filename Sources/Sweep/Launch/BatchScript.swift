import Foundation

/// A Slurm batch script: `slurm/*.sbatch` are the same with general settings.
public struct BatchScript: Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// One run of a job.
        case sweep
        /// A job split over the tasks of an array, each a run of its own.
        case array
        /// What joins the runs of an array.
        case merge
    }

    public var kind: Kind
    /// Lines `#SBATCH --…`, without that word.
    public var directives: [String]
    /// Lines of shell before anything else, such as `module load openmpi`.
    public var setup: [String] = []
    /// Lines of shell that settle `macrospin`, `launcher`, `job`, `run`, `options`.
    public var settings: [String]
    /// Lines of shell after a finished run; `$run` is its directory.
    public var after: [String] = []

    public init(kind: Kind, directives: [String], settings: [String]) {
        self.kind = kind
        self.directives = directives
        self.settings = settings
    }

    public var text: String {
        var lines = ["#!/bin/bash"] + directives.map { "#SBATCH \($0)" } + [""]
        if !setup.isEmpty { lines += setup + [""] }
        lines += settings + ["", Self.body(kind)]
        if !after.isEmpty { lines += ["", "if [ $code -eq 0 ] || [ $code -eq 4 ]; then"] + after.map { "  " + $0 } + ["fi"] }
        return (lines + ["exit $code"]).joined(separator: "\n") + "\n"
    }

    /// Without the second word a task whose guardian is lost would leave the others waiting for it.
    public static let defaultLauncher = "srun --mpi=pmix --kill-on-bad-exit=1"

    // MARK: For any job

    /// What `slurm/KIND.sbatch` holds: job and run directory are given on the command line of sbatch.
    public static func template(_ kind: Kind) -> BatchScript {
        let limits = ["--time=04:00:00", "--signal=B:USR1@120", "--requeue", "--open-mode=append"]
        let names = ["macrospin=${MACROSPIN:-macrospin}", "launcher=${MACROSPIN_LAUNCHER:-\(defaultLauncher)}"]
        switch kind {
        case .sweep:
            return BatchScript(kind: kind, directives: ["--job-name=macrospin", "--ntasks=9", "--mem-per-cpu=1G"] + limits + ["--output=macrospin-%j.log"], settings: [
                "# One sweep, as one MPI job of 8 workers and a coordinator:",
                "#     sbatch [--ntasks=P --time=T --partition=… …] slurm/sweep.sbatch JOB [RUN [options of macrospin run]]",
                "# Stops before the time limit, is put back into the queue and goes on; the same command after any failure does too.",
            ] + names + [
                "job=${1:?usage: sbatch slurm/sweep.sbatch JOB [RUN [options]]}",
                "run=${2:-runs/$(basename \"${job%.*}\")}", "options=(\"${@:3}\")",
            ])
        case .array:
            return BatchScript(kind: kind, directives: ["--job-name=macrospin", "--array=1-8", "--ntasks=1", "--mem-per-cpu=1G"] + limits + ["--output=macrospin-%A_%a.log"], settings: [
                "# One sweep, split over the tasks of an array, each a run of its own in RUN/part-K; then join them:",
                "#     id=$(sbatch --parsable [--array=1-M --ntasks=P …] slurm/array.sbatch JOB RUN [options of macrospin run])",
                "#     sbatch --dependency=afterany:$id slurm/merge.sbatch RUN",
                "# A task that failed is repeated by  sbatch --array=K slurm/array.sbatch JOB RUN.",
            ] + names + [
                "job=${1:?usage: sbatch slurm/array.sbatch JOB RUN [options]}", "run=${2:?usage: sbatch slurm/array.sbatch JOB RUN [options]}", "options=(\"${@:3}\")",
            ])
        case .merge:
            return BatchScript(kind: kind, directives: ["--job-name=macrospin-merge", "--ntasks=1", "--mem-per-cpu=2G", "--time=01:00:00", "--output=macrospin-merge-%j.log"], settings: [
                "# Joins the runs of an array:  sbatch --dependency=afterany:ID slurm/merge.sbatch RUN",
                names[0], "run=${1:?usage: sbatch slurm/merge.sbatch RUN}",
            ])
        }
    }

    // MARK: The work

    private static func body(_ kind: Kind) -> String {
        switch kind {
        case .sweep: supervise
        case .array: deal + "\n" + supervise
        case .merge: merge
        }
    }

    private static let deal = """
        if [ "$SLURM_ARRAY_TASK_ID" -lt 1 ]; then echo "macrospin: number the tasks from 1: --array=1-M" >&2; exit 2; fi
        # How many parts there are is written down once: a task that is repeated alone would not know.
        mkdir -p "$run"
        [ -s "$run/parts" ] || echo "$SLURM_ARRAY_TASK_COUNT" > "$run/parts.$SLURM_ARRAY_TASK_ID"
        [ -s "$run/parts" ] || mv "$run/parts.$SLURM_ARRAY_TASK_ID" "$run/parts"
        rm -f "$run/parts.$SLURM_ARRAY_TASK_ID"
        options+=(--part "$SLURM_ARRAY_TASK_ID/$(cat "$run/parts")")
        run=$run/part-$(printf %03d "$SLURM_ARRAY_TASK_ID")
        """

    private static let supervise = #"""
        mkdir -p "$run"
        export OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}
        if [ "${SLURM_NTASKS:-1}" -gt 1 ]; then
          options+=(--ranks "$SLURM_NTASKS" --launcher "$launcher")
        elif command -v mpirun > /dev/null; then
          # One worker, and beside it on the same core a coordinator that sleeps and survives what kills the worker.
          options+=(--ranks 2)
        fi
        # The number of an array's last task is that of the whole array.
        id=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}
        id=${id:-$SLURM_JOB_ID}
        left=$(squeue --noheader --jobs="$id" --format=%L)
        case $left in *[0-9]:[0-9]*) options+=(--time-limit "$left");; esac

        # macrospin starts the ranks, and starts them again when they die. TERM to srun would kill them: they are told by USR1.
        finished() { sed -n 's/^ *"done" *: *\([0-9]*\).*/\1/p' "$run/status.json" 2>/dev/null | head -n 1; }
        before=$(finished)
        [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ] || rm -f "$run/fruitless"
        "$macrospin" run "$job" --out "$run" "${options[@]}" &
        child=$!
        warned=
        trap 'woken=1; warned=1; kill -USR1 $child 2>/dev/null' USR1
        trap 'woken=1; kill -USR1 $child 2>/dev/null' TERM
        while woken=0; wait $child; code=$?; [ $woken -eq 1 ]; do :; done
        trap '' USR1 TERM

        "$macrospin" status "$run" 2>/dev/null
        state=$(squeue --noheader --jobs="$id" --format=%T)
        if [ $code -eq 3 ] && [ -z "$warned" ] && [ "$state" != RUNNING ]; then
          # Cancelled, or preempted: what becomes of it is Slurm's affair.
          echo "macrospin: stopped by Slurm ($state); the same command resumes"
        elif [ $code -eq 3 ]; then
          # Interrupted and resumable: back into the queue, unless nothing is gained by it.
          if [ "$(finished)" = "${before:-0}" ]; then fruitless=$(( $(cat "$run/fruitless" 2>/dev/null || echo 0) + 1 )); else fruitless=0; fi
          echo $fruitless > "$run/fruitless"
          if [ $fruitless -lt 3 ]; then
            echo "macrospin: back into the queue at $(date)"
            scontrol requeue "$id" && sleep 60
          else
            echo "macrospin: three starts in a row brought no new record; not put back into the queue" >&2
          fi
        fi
        """#

    private static let merge = """
        parts=()
        for part in "$run"/part-*; do
          if [ -d "$part/ledger" ]; then parts+=("$part"); else echo "macrospin: nothing was computed in $part" >&2; fi
        done
        "$macrospin" merge "${parts[@]}" -o "$run/archive.h5"
        code=$?
        if [ $code -eq 0 ]; then "$macrospin" show "$run/archive.h5"; fi
        """
}
