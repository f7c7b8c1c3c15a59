import CDiptych
import Views

/// A source and its class names, owned by the caller.
final class SourceHandle {
    let source: any Source
    let classes: [CString]

    init(_ source: any Source) {
        self.source = source
        classes = source.classes.map(CString.init)
    }
}

/// `diptych_source_open` of diptych.h.
@_cdecl("diptych_source_open")
public func sourceOpen(images: UnsafePointer<CChar>?, source: UnsafeMutablePointer<OpaquePointer?>?) -> diptych_status {
    border {
        let target = try required(source, "source")
        let images = try required(text(images, "images"), "images")
        guard !images.isEmpty else { throw BorderError.invalid("images: is empty") }
        var options = SourceOptions()
        // As in training.
        options.readAhead = 8 << 20
        target.pointee = handOut(SourceHandle(try OpenedImages(images, options: options).source))
    }
}

/// `diptych_source_close` of diptych.h.
@_cdecl("diptych_source_close")
public func sourceClose(source: OpaquePointer?) { takeBack(source, SourceHandle.self) }

/// `diptych_source_count` of diptych.h.
@_cdecl("diptych_source_count")
public func sourceCount(
    source: OpaquePointer?, images: UnsafeMutablePointer<Int>?, classes: UnsafeMutablePointer<Int>?
) -> diptych_status {
    border {
        let own = try object(source, SourceHandle.self)
        try required(images, "images").pointee = own.source.count
        try required(classes, "classes").pointee = own.classes.count
    }
}

/// `diptych_source_class` of diptych.h.
@_cdecl("diptych_source_class")
public func sourceClass(
    source: OpaquePointer?, index: Int, name: UnsafeMutablePointer<UnsafePointer<CChar>?>?
) -> diptych_status {
    border {
        let own = try object(source, SourceHandle.self)
        let index = try checked(index, below: own.classes.count, "index")
        try required(name, "name").pointee = UnsafePointer(own.classes[index].pointer)
    }
}

/// `diptych_source_labels` of diptych.h.
@_cdecl("diptych_source_labels")
public func sourceLabels(
    source: OpaquePointer?, labels: UnsafeMutablePointer<Int64>?, count: Int
) -> diptych_status {
    border {
        let source = try object(source, SourceHandle.self).source
        guard count == source.count else {
            throw BorderError.invalid("count: must be \(source.count), is \(UInt(bitPattern: count))")
        }
        let labels = try required(labels, "labels")
        for index in 0..<count { labels[index] = Int64(source.label(index) ?? -1) }
    }
}

/// `diptych_source_path` of diptych.h.
@_cdecl("diptych_source_path")
public func sourcePath(
    source: OpaquePointer?, index: Int, path: UnsafeMutablePointer<CChar>?, capacity: Int,
    length: UnsafeMutablePointer<Int>?
) -> diptych_status {
    border {
        let source = try object(source, SourceHandle.self).source
        let index = try checked(index, below: source.count, "index")
        try copy(source.name(index), to: path, capacity: capacity, length: length)
    }
}
