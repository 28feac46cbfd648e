import Foundation
import LinearAlgebra
import Testing

/// ScaLAPACK over a group of ranks against LAPACK on one (`group-harness` under mpirun).
///
/// The cases are those in which PDHSEQR 2.2.1 returns wrong values with INFO = 0, hangs or crashes if one of the rules in
/// `DistributedSpectrum` is broken; each names its rule.
@Suite(.serialized) struct DistributedSpectrumTests {
    private func harness(_ ranks: Int, _ arguments: String...) throws -> CommandLineTool.Outcome {
        let program = CommandLineTool.executable.deletingLastPathComponent().appendingPathComponent("group-harness").path
        return try CommandLineTool.start(["--oversubscribe", "-n", "\(ranks)", program] + arguments, program: "/usr/bin/mpirun",
                                         environment: ["OMPI_MCA_btl_vader_single_copy_mechanism": "none"]).finish()
    }

    private func value(_ name: String, _ line: String) -> Double {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard let place = words.firstIndex(of: Substring(name)), place + 1 < words.count else { return .nan }
        return Double(words[place + 1]) ?? .nan
    }

    /// - Parameter kind: `random` has entries of order one, `banded` eigenvalues in crowds of eight between −n/8 and 0.
    @Test(arguments: [
        (1, "random", 300, 32), (2, "random", 300, 32), (4, "random", 300, 32),
        // Rules 1 and 6: the query damages the heap from n ≈ 250 on; reflectors below the subdiagonal.
        (4, "banded", 260, 32),
        // Rule 4: blocks of 6 are the smallest that are right.
        (2, "banded", 150, 6),
        // Rule 5: six ranks as 2 × 3.
        (6, "banded", 200, 32),
        // Rule 7: n a multiple of NB with the last eigenvalue real: WR(N) = 0.
        (1, "banded", 300, 30), (4, "banded", 320, 32), (4, "banded", 300, 12),
        // Blocks that some ranks have none of.
        (4, "banded", 33, 32), (6, "banded", 65, 32),
    ]) func equalsLAPACK(ranks: Int, kind: String, size: Int, block: Int) throws {
        let outcome = try harness(ranks, "spectrum", kind, "\(size)", "1", "\(block)")
        #expect(outcome.code == 0, "\(outcome)")
        #expect(value("distance", outcome.out) < 1e-13 * Double(size), "\(outcome)")
    }

    /// Rules 2 and 3: beyond n ≈ 450 JOB = 'E' is wrong, and the workspace that PDHSEQR asks for too small.
    @Test func longEnoughToGoWrong() throws {
        let outcome = try harness(2, "spectrum", "random", "520", "3", "32")
        #expect(outcome.code == 0 && value("distance", outcome.out) < 1e-12, "\(outcome)")
    }

    /// Rule 4: smaller blocks are refused before ScaLAPACK sees them.
    @Test func smallBlocks() throws {
        let outcome = try harness(1, "spectrum", "banded", "50", "1", "4")
        #expect(outcome.code != 0 && outcome.error.contains("PDHSEQR is wrong with blocks of 4"), "\(outcome)")
    }

    /// Rule 8: matrices within one block are refused by ScaLAPACK's wrapper; a group's leader gives them to LAPACK.
    @Test func withinOneBlock() throws {
        let outcome = try harness(2, "spectrum", "banded", "32", "1", "32")
        #expect(outcome.code != 0 && outcome.error.contains("PDHSEQR is wrong with n = 32"), "\(outcome)")
    }

    /// MUMPS over ranks: real and complex, plain and transposed, against the vector that made the right-hand side; and
    /// eigenvalues as a leader asks its group for them.
    @Test(arguments: [1, 2, 3]) func sharedFactors(ranks: Int) throws {
        let outcome = try harness(ranks, "lu", "300", "1")
        let lines = outcome.out.split(separator: "\n").map(String.init)
        #expect(outcome.code == 0 && lines.count == (ranks == 3 ? 2 : 3), "\(outcome)")
        for line in lines.prefix(2) { #expect(value("error", line) < 1e-12 && value("complex", line) < 1e-12, "\(line)") }
        if ranks < 3 { #expect(value("eigenvalues", lines.last ?? "") < 1e-11, "\(outcome)") }
    }

    /// Rule 5: PDHSEQR hangs on 1 × 3 and 1 × 5; such numbers of ranks never share a matrix.
    @Test func nearSquareGrids() {
        #expect((1...25).filter { ProcessGroup.isUsable($0) } == [1, 2, 4, 6, 8, 9, 12, 15, 16, 18, 20, 24, 25])
    }

    /// No rank has more than half as much again as its share of the matrix, at n = 10⁴ (taken, not computed: PDHSEQR would take an
    /// hour here), and the forecast covers what is taken.
    @Test(arguments: [1, 2, 4, 6]) func memory(ranks: Int) throws {
        let outcome = try harness(ranks, "memory", "10000")
        #expect(outcome.code == 0 && value("bytes", outcome.out) < 1.5, "\(outcome)")
        let ratio = value("forecast", outcome.out) / value("bytes", outcome.out)
        #expect(ratio > 0.98 && ratio < 1.35, "\(outcome)")
    }
}
