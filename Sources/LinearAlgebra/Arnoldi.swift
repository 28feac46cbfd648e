import CARPACK
import Numbers

/// Eigenvalues of greatest magnitude of a linear map, by the implicitly restarted Arnoldi method (ARPACK).
///
/// Start vectors are explicit and fixed, so the same map gives the same bits each time.
public enum Arnoldi {
    /// - Parameters:
    ///   - size: dimension n; must exceed `count` + 2.
    ///   - count: eigenvalues wanted. A conjugate pair counts twice and is never cut.
    ///   - tolerance: relative accuracy of the Ritz values.
    ///   - map: x ↦ B x.
    /// - Returns: eigenpairs of B in descending magnitude, of each conjugate pair the member with Im > 0, and how often
    ///   the map was applied.
    /// - Throws: `EigenvalueError` if fewer than `count` converge.
    public static func largest(size: Int, count: Int, tolerance: Double, maximumRestarts: Int = 300,
                               map: ([Double]) throws -> [Double]) throws -> (pairs: [Eigenpair], applications: Int) {
        var n = Int32(size), nev = Int32(min(count, size - 2)), ncv = Int32(min(size, max(2 * Int(nev) + 2, 20)))
        var tol = tolerance, info: Int32 = 1, ido: Int32 = 0, lworkl = 3 * ncv * ncv + 6 * ncv
        var start = startVector(size), basis = [Double](repeating: 0, count: size * Int(ncv))
        var workd = [Double](repeating: 0, count: 3 * size), workl = [Double](repeating: 0, count: Int(lworkl))
        var parameters = [Int32](repeating: 0, count: 11), pointers = [Int32](repeating: 0, count: 14)
        parameters[0] = 1
        parameters[2] = Int32(maximumRestarts)
        parameters[6] = 1
        var applications = 0
        while true {
            dnaupd_(&ido, "I", &n, "LM", &nev, &tol, &start, &ncv, &basis, &n, &parameters, &pointers, &workd, &workl, &lworkl, &info, 1, 2)
            guard ido == 1 || ido == -1 else { break }
            applications += 1
            let from = Int(pointers[0]) - 1, to = Int(pointers[1]) - 1
            let image = try map(Array(workd[from..<from + size]))
            workd.replaceSubrange(to..<to + size, with: image)
        }
        guard info == 0 else { throw EigenvalueError("Arnoldi iteration did not converge (ARPACK INFO = \(info), \(parameters[4]) of \(nev) values)") }
        var wantVectors: Int32 = 1, select = [Int32](repeating: 0, count: Int(ncv))
        var re = [Double](repeating: 0, count: Int(nev) + 1), im = re, workev = [Double](repeating: 0, count: 3 * Int(ncv))
        var vectors = [Double](repeating: 0, count: size * (Int(nev) + 1)), sigmaRe = 0.0, sigmaIm = 0.0
        dneupd_(&wantVectors, "A", &select, &re, &im, &vectors, &n, &sigmaRe, &sigmaIm, &workev, "I", &n, "LM", &nev, &tol,
                &start, &ncv, &basis, &n, &parameters, &pointers, &workd, &workl, &lworkl, &info, 1, 1, 2)
        guard info == 0 else { throw EigenvalueError("Arnoldi vectors could not be formed (ARPACK INFO = \(info))") }
        var pairs: [Eigenpair] = []
        var k = 0
        while k < Int(parameters[4]), k < re.count {
            let isPair = im[k] != 0
            if isPair && k + 1 >= re.count { break }
            let sign = im[k] >= 0 ? 1.0 : -1.0
            let vector = (0..<size).map { Complex(vectors[k * size + $0], isPair ? sign * vectors[(k + 1) * size + $0] : 0) }
            pairs.append(Eigenpair(value: Complex(re[k], abs(im[k])), vector: vector.normalizedEigenvector()))
            k += isPair ? 2 : 1
        }
        pairs.sort { $0.value.magnitude > $1.value.magnitude }
        return (pairs, applications)
    }

    /// The same for a complex map (znaupd); each eigenvalue stands for itself.
    public static func largest(size: Int, count: Int, tolerance: Double, maximumRestarts: Int = 300,
                               complexMap map: ([Complex]) throws -> [Complex]) throws -> (pairs: [Eigenpair], applications: Int) {
        var n = Int32(size), nev = Int32(min(count, size - 2)), ncv = Int32(min(size, max(2 * Int(nev) + 2, 20)))
        var tol = tolerance, info: Int32 = 1, ido: Int32 = 0, lworkl = 3 * ncv * ncv + 5 * ncv
        var start = startVector(size).map { Complex($0) }, basis = [Complex](repeating: .zero, count: size * Int(ncv))
        var workd = [Complex](repeating: .zero, count: 3 * size), workl = [Complex](repeating: .zero, count: Int(lworkl))
        var rwork = [Double](repeating: 0, count: Int(ncv)), parameters = [Int32](repeating: 0, count: 11), pointers = [Int32](repeating: 0, count: 14)
        parameters[0] = 1
        parameters[2] = Int32(maximumRestarts)
        parameters[6] = 1
        var applications = 0
        while true {
            znaupd_(&ido, "I", &n, "LM", &nev, &tol, &start, &ncv, &basis, &n, &parameters, &pointers, &workd, &workl, &lworkl, &rwork, &info, 1, 2)
            guard ido == 1 || ido == -1 else { break }
            applications += 1
            let from = Int(pointers[0]) - 1, to = Int(pointers[1]) - 1
            let image = try map(Array(workd[from..<from + size]))
            workd.replaceSubrange(to..<to + size, with: image)
        }
        guard info == 0 else { throw EigenvalueError("Arnoldi iteration did not converge (ARPACK INFO = \(info), \(parameters[4]) of \(nev) values)") }
        var wantVectors: Int32 = 1, select = [Int32](repeating: 0, count: Int(ncv)), sigma = Complex.zero
        var values = [Complex](repeating: .zero, count: Int(nev) + 1), workev = [Complex](repeating: .zero, count: 2 * Int(ncv))
        var vectors = [Complex](repeating: .zero, count: size * Int(nev))
        zneupd_(&wantVectors, "A", &select, &values, &vectors, &n, &sigma, &workev, "I", &n, "LM", &nev, &tol, &start, &ncv, &basis, &n,
                &parameters, &pointers, &workd, &workl, &lworkl, &rwork, &info, 1, 1, 2)
        guard info == 0 else { throw EigenvalueError("Arnoldi vectors could not be formed (ARPACK INFO = \(info))") }
        let pairs = (0..<min(Int(parameters[4]), Int(nev))).map { k in
            Eigenpair(value: values[k], vector: Array(vectors[k * size..<(k + 1) * size]).normalizedEigenvector())
        }
        return (pairs.sorted { $0.value.magnitude > $1.value.magnitude }, applications)
    }

    /// A fixed, structureless vector (SplitMix64 from a fixed seed).
    static func startVector(_ size: Int, seed: UInt64 = 1) -> [Double] {
        var state: UInt64 = seed &* 0x9E37_79B9_7F4A_7C15
        return (0..<size).map { _ in
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            z ^= z >> 31
            return Double(z >> 11) * 0x1p-52 - 1
        }
    }
}
