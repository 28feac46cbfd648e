import Foundation
import Studies
import Sweep

setvbuf(stdout, nil, Int32(_IOLBF), 0)
let arguments = CommandLine.arguments
let isRefined = arguments.count > 2 && arguments[2] == "refined"
guard arguments.count >= 4, let count = isRefined ? 0 : Int(arguments[2]), let microseconds = UInt32(arguments[3]) else {
    FileHandle.standardError.write(Data("usage: sweep-harness DIR POINTS|refined MICROSECONDS [FILE-SIZE-LIMIT]\n".utf8))
    exit(2)
}
if arguments.count > 4, let limit = UInt64(arguments[4]) {
    var most = rlimit(rlim_cur: rlim_t(limit), rlim_max: rlim_t(limit))
    setrlimit(__rlimit_resource_t(1 /* RLIMIT_FSIZE */), &most)
    signal(SIGXFSZ, SIG_IGN)
}
let grid = Grid(productOf: [GridAxis(name: "x", values: (0..<count).map(Double.init))])
let plan = isRefined ? PretendTransition.plan(microseconds: microseconds)
    : RunPlan(title: "pretend", jobText: Array("pretend \(count)\n".utf8), studies: [PretendStudy(microseconds: microseconds)], grids: [grid])
var runner = Runner(plan: plan, directory: arguments[1]) { _, _ in throw InputError(file: arguments[1], "holds the run of another job") }
runner.grace = 2
runner.patience = 0
nonisolated(unsafe) var stored = 0
runner.onCommit = { entries in
    stored += entries.count
    print(entries.map { "stored \($0.point)\n" }.joined(), terminator: "")
}
let start = Date()
do {
    switch try runner.run() {
    case .finished(let failed):
        print("done \(Date().timeIntervalSince(start)) s, \(stored) stored, \(failed) failed")
        exit(failed > 0 ? 4 : 0)
    case .interrupted(let reason):
        print("interrupted \(reason)")
        exit(3)
    }
} catch let error as InputError {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(2)
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
