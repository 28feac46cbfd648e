import Foundation
@testable import Sweep
import Testing

/// Three hosts on one machine: network namespaces joined by a bridge, with host names of their own. Messages go by TCP, as
/// on a cluster; `ip netns exec` stands for ssh.
private enum Hosts {
    static let tag = "ms\(getpid())"
    static let names = (0..<3).map { "\(tag)h\($0)" }

    static func shell(_ script: String) throws -> (code: Int32, text: String) {
        let outcome = try CommandLineTool.start(["-c", script], program: "/bin/bash").finish()
        return (outcome.code, outcome.out + outcome.error)
    }

    /// nil: they are up; else why they cannot be.
    static func up() throws -> String? {
        guard geteuid() == 0 else { return "network namespaces need root" }
        guard try shell("command -v ip unshare").code == 0 else { return "there is no ip or unshare (packages iproute2, util-linux)" }
        var script = "set -e\nip link add \(tag)br type bridge; ip link set \(tag)br up\n"
        for (k, name) in names.enumerated() {
            script += """
                ip netns add \(name); ip link add \(tag)v\(k) type veth peer name eth0 netns \(name)
                ip link set \(tag)v\(k) master \(tag)br up
                ip -n \(name) addr add 10.77.9.\(10 + k)/24 dev eth0; ip -n \(name) link set eth0 up; ip -n \(name) link set lo up
                mkdir -p /etc/netns/\(name)
                { echo 127.0.0.1 localhost; \(names.enumerated().map { "echo 10.77.9.\(10 + $0) \($1);" }.joined(separator: " ")) } > /etc/netns/\(name)/hosts

                """
        }
        script += "unshare --uts true"
        let outcome = try shell(script)
        return outcome.code == 0 ? nil : "network namespaces are not allowed here: \(outcome.text.split(separator: "\n").first ?? "")"
    }

    static func down() {
        _ = try? shell(names.map { "ip netns del \($0); rm -rf /etc/netns/\($0)" }.joined(separator: "\n") + "\nrmdir /etc/netns; ip link del \(tag)br")
    }
}

extension RankTests {
    /// A run over three hosts, with a worker on another host killed on the way.
    @Test func severalHosts() throws {
        defer { Hosts.down() }
        if let obstacle = try Hosts.up() {
            print("severalHosts skipped: \(obstacle)")
            return
        }
        try CommandLineTool.withFolder { folder in
            try Ranks.write(Ranks.rehearsal(points: 3000, options: "seconds: \"0.01\""), folder)
            let agent = folder.appendingPathComponent("agent")
            try "#!/bin/bash\nh=$1; shift\nexec ip netns exec \"$h\" unshare --uts bash -c \"hostname $h; $*\"\n".write(to: agent, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: agent.path)
            let launcher = ["mpirun", "--mca", "plm", "rsh", "--mca", "plm_rsh_agent", agent.path, "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "eth0",
                            "--mca", "oob_tcp_if_include", "eth0", "--host", Hosts.names.map { "\($0):2" }.joined(separator: ",")].joined(separator: " ")
            let line = "hostname \(Hosts.names[0]); exec \(CommandLineTool.executable.path) run job.yaml --out \(folder.path)/run --ranks 6 --oversubscribe --launcher '\(launcher)'"
            let started = try CommandLineTool.start(["netns", "exec", Hosts.names[0], "unshare", "--uts", "bash", "-c", line], program: "/usr/sbin/ip", in: folder)
            for _ in 0..<500 where RunStatus.durableCount(folder.path + "/run") < 200 { usleep(20_000) }
            // A rank proper on the last host: the child of a guardian there.
            let victim = try Hosts.shell("for p in $(ip netns pids \(Hosts.names[2])); do tr '\\0' '\\n' < /proc/$p/environ 2>/dev/null | grep -q MACROSPIN_GUARDED && kill -9 $p && echo killed && break; done")
            #expect(victim.text.contains("killed"), "\(victim)")
            let outcome = started.finish()
            #expect(outcome.code == 0, "\(outcome)")
            #expect(outcome.error.contains("on \(Hosts.names[2]) died by signal 9") && outcome.error.contains("over 5 workers"), "\(outcome)")
            #expect(try Ranks.rows(folder.appendingPathComponent("run")).count == 3000)
        }
    }
}
