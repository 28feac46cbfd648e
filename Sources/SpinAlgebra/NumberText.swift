import Numbers

/// Numbers as users write them in messages: `-1` and not `-1.0`.
extension Double {
    var shortText: String { self == rounded() && magnitude < 1e15 ? "\(Int64(self))" : "\(self)" }
}

extension Complex {
    var shortText: String {
        if im == 0 { return re.shortText }
        let imaginary = im.magnitude == 1 ? "i" : "\(im.magnitude.shortText)*i"
        if re == 0 { return (im < 0 ? "-" : "") + imaginary }
        return "\(re.shortText) \(im < 0 ? "-" : "+") \(imaginary)"
    }
}
