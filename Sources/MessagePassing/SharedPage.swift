import CProcess
import Glibc

/// Four numbers that outlive the process that writes them: its parent reads there what it was doing when it died.
public final class SharedPage {
    public static let variable = "MACROSPIN_PAGE"
    private let numbers: UnsafeMutablePointer<UInt64>
    private static let size = 4096
    /// To be handed down to the child.
    public let descriptor: Int32

    private init?(descriptor: Int32) {
        guard let base = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED else { return nil }
        numbers = base.bindMemory(to: UInt64.self, capacity: 4)
        self.descriptor = descriptor
    }

    /// A new page; nil where the system has none to give.
    public convenience init?() {
        let descriptor = cprocess_memory_file("macrospin")
        guard descriptor >= 0, ftruncate(descriptor, off_t(Self.size)) == 0 else { return nil }
        self.init(descriptor: descriptor)
    }

    /// The page that the parent has named in the environment; nil: there is none.
    public static func inherited() -> SharedPage? {
        guard let text = getenv(variable).map({ String(cString: $0) }), let descriptor = Int32(text), fcntl(descriptor, F_GETFD) >= 0 else { return nil }
        return SharedPage(descriptor: descriptor)
    }

    public subscript(index: Int) -> UInt64 {
        get { precondition(index < 4); return numbers[index] }
        set { precondition(index < 4); numbers[index] = newValue }
    }
}
