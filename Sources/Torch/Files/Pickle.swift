/// Reads a pickle as data: tensors, containers, numbers and texts. No name in it is looked up or called.
///
/// A pickle is a program for a small stack machine. Values are kept in one array and refer to each other by index, so
/// that neither deep nesting nor a cycle can exhaust the stack of this process.
struct Pickle {
    /// A value.
    enum Value {
        case mark
        case none
        case number(Int)
        case text(String)
        /// A list, a tuple or a set, by the indices of its values.
        case list([Int])
        /// A mapping, by the indices of keys and values in their order.
        case mapping([(key: Int, value: Int)])
        /// A class or a function, as in `collections.OrderedDict`.
        case name(String)
        case storage(Storage)
        case tensor(View)
        /// Any other value without weights, such as a real number or an object of a class that is known to be harmless.
        case other
    }

    /// A block of elements.
    struct Storage {
        /// The elements' type; nil if this module does not support it.
        var dtype: DType?
        /// Bytes of an element.
        var size: Int
        var key: String
        var count: Int
    }

    /// A tensor in a storage.
    struct View {
        var storage: Storage
        var offset: Int
        var shape: [Int]
        var strides: [Int]
    }

    /// The values made so far.
    private(set) var values: [Value] = []
    /// The index of the result.
    private(set) var result = 0
    private var stack: [Int] = []
    private var memo: [Int: Int] = [:]
    private var copied = 0
    /// State dicts of the largest networks have some 100,000 values.
    private static let most = 4_000_000

    /// Runs the program to its end, where the reader then stands.
    /// - Throws: `Refusal` if it is truncated or invalid, or names anything other than data.
    init(_ reader: inout ByteReader) throws(Refusal) {
        while true {
            let code = try reader.integer(UInt8.self)
            if code == UInt8(ascii: ".") { break }
            guard let operation = Operation(rawValue: code) else {
                throw Refusal(
                    "has the pickle operation \(code) at byte \(reader.position - 1), which PyTorch does not write")
            }
            try run(operation, &reader)
        }
        result = try pop()
    }

    /// The value at an index.
    subscript(index: Int) -> Value { values[index] }

    /// A value as a whole number; nil if it is not one.
    func number(_ index: Int) -> Int? {
        if case .number(let number) = values[index] { return number }
        return nil
    }

    /// A value as a list of whole numbers; nil if it is not one.
    func numbers(_ index: Int) -> [Int]? {
        guard case .list(let items) = values[index], items.count <= 64 else { return nil }
        let numbers = items.compactMap { number($0) }
        return numbers.count == items.count ? numbers : nil
    }

    private enum Operation: UInt8 {
        case mark = 0x28, emptyTuple = 0x29, pop = 0x30, popMark = 0x31, dup = 0x32
        case binBytes = 0x42, shortBinBytes = 0x43, binFloat = 0x47, binInt = 0x4A, binInt1 = 0x4B, binInt2 = 0x4D
        case none = 0x4E, persistent = 0x51, reduce = 0x52, binString = 0x54, shortBinString = 0x55, binUnicode = 0x58
        case emptyList = 0x5D, append = 0x61, build = 0x62, global = 0x63, dict = 0x64, appends = 0x65, get = 0x68
        case longGet = 0x6A, list = 0x6C, put = 0x71, longPut = 0x72, setItem = 0x73, tuple = 0x74, setItems = 0x75
        case emptyDict = 0x7D
        case proto = 0x80, newObject = 0x81, tuple1 = 0x85, tuple2 = 0x86, tuple3 = 0x87, yes = 0x88, no = 0x89
        case long1 = 0x8A, long4 = 0x8B, shortUnicode = 0x8C, unicode8 = 0x8D, bytes8 = 0x8E, emptySet = 0x8F
        case addItems = 0x90, frozenSet = 0x91, stackGlobal = 0x93, memoize = 0x94, frame = 0x95, byteArray8 = 0x96
    }

    private mutating func run(_ operation: Operation, _ reader: inout ByteReader) throws(Refusal) {
        switch operation {
        case .proto: _ = try reader.take(1)
        case .frame: _ = try reader.take(8)
        case .mark: try push(.mark)
        case .none: try push(.none)
        case .yes: try push(.number(1))
        case .no: try push(.number(0))
        case .binInt: try push(.number(Int(try reader.integer(Int32.self))))
        case .binInt1: try push(.number(Int(try reader.integer(UInt8.self))))
        case .binInt2: try push(.number(Int(try reader.integer(UInt16.self))))
        case .long1: try push(Pickle.long(try reader.take(try reader.count(UInt8.self))))
        case .long4: try push(Pickle.long(try reader.take(try reader.count(UInt32.self))))
        case .binFloat: try other(skipping: 8, of: &reader)
        case .binUnicode, .binString: try push(.text(try reader.text(try reader.count(UInt32.self))))
        case .shortUnicode, .shortBinString: try push(.text(try reader.text(try reader.count(UInt8.self))))
        case .unicode8: try push(.text(try reader.text(try reader.count(UInt64.self))))
        case .binBytes: try other(skipping: try reader.count(UInt32.self), of: &reader)
        case .shortBinBytes: try other(skipping: try reader.count(UInt8.self), of: &reader)
        case .bytes8, .byteArray8: try other(skipping: try reader.count(UInt64.self), of: &reader)
        case .emptyList, .emptyTuple, .emptySet: try push(.list([]))
        case .emptyDict: try push(.mapping([]))
        case .list, .tuple, .frozenSet: try push(.list(try popToMark()))
        case .dict: try push(.mapping(try Pickle.pairs(try popToMark())))
        case .tuple1: try tuple(1)
        case .tuple2: try tuple(2)
        case .tuple3: try tuple(3)
        case .append: try extend(with: [try pop()])
        case .appends, .addItems: try extend(with: try popToMark())
        case .setItem:
            let value = try pop()
            try set([(key: try pop(), value: value)])
        case .setItems: try set(try Pickle.pairs(try popToMark()))
        case .pop: _ = try pop()
        case .popMark: _ = try popToMark()
        case .dup: stack.append(try top())
        case .put: memo[try reader.count(UInt8.self)] = try top()
        case .longPut: memo[try reader.count(UInt32.self)] = try top()
        case .memoize: memo[memo.count] = try top()
        case .get: try recall(try reader.count(UInt8.self))
        case .longGet: try recall(try reader.count(UInt32.self))
        case .global:
            let module = try reader.line()
            try name("\(module).\(try reader.line())")
        case .stackGlobal:
            let (name, module) = (try pop(), try pop())
            guard case .text(let inner) = values[name], case .text(let outer) = values[module] else { throw .cutShort }
            try self.name("\(outer).\(inner)")
        case .persistent: try push(.storage(try storage(try pop())))
        case .reduce, .newObject:
            let (arguments, callable) = (try pop(), try pop())
            try push(try call(callable, arguments))
        // An object's attributes; those of a state dict are version numbers.
        case .build: _ = try pop()
        }
    }

    private mutating func push(_ value: Value) throws(Refusal) {
        guard values.count < Pickle.most else { throw Refusal("has more than \(Pickle.most) values") }
        values.append(value)
        stack.append(values.count - 1)
    }

    private func top() throws(Refusal) -> Int {
        guard let top = stack.last else { throw .cutShort }
        return top
    }

    private mutating func pop() throws(Refusal) -> Int {
        guard let top = stack.popLast() else { throw .cutShort }
        return top
    }

    private mutating func popToMark() throws(Refusal) -> [Int] {
        var items: [Int] = []
        while let top = stack.popLast() {
            if case .mark = values[top] { return items.reversed() }
            items.append(top)
        }
        throw .cutShort
    }

    private mutating func tuple(_ count: Int) throws(Refusal) {
        guard stack.count >= count else { throw .cutShort }
        let items = Array(stack.suffix(count))
        stack.removeLast(count)
        try push(.list(items))
    }

    private mutating func other(skipping count: Int, of reader: inout ByteReader) throws(Refusal) {
        _ = try reader.take(count)
        try push(.other)
    }

    private mutating func recall(_ key: Int) throws(Refusal) {
        guard let index = memo[key] else { throw .cutShort }
        stack.append(index)
    }

    /// Appends to the list on top. Other containers of items hold no weights.
    private mutating func extend(with items: [Int]) throws(Refusal) {
        let place = try top()
        guard case .list(var list) = values[place] else { return }
        // The array is removed first, so that appending does not copy it.
        values[place] = .none
        list += items
        values[place] = .list(list)
    }

    private mutating func set(_ pairs: [(key: Int, value: Int)]) throws(Refusal) {
        let place = try top()
        guard case .mapping(var mapping) = values[place] else { return }
        values[place] = .none
        mapping += pairs
        values[place] = .mapping(mapping)
    }

    /// Counts the copies of values inside of other values.
    private mutating func count(_ copies: Int) throws(Refusal) {
        copied += copies
        guard copied <= Pickle.most else { throw Refusal("has more than \(Pickle.most) values") }
    }

    private static func pairs(_ items: [Int]) throws(Refusal) -> [(key: Int, value: Int)] {
        guard items.count % 2 == 0 else { throw .cutShort }
        return stride(from: 0, to: items.count, by: 2).map { (key: items[$0], value: items[$0 + 1]) }
    }

    private static func long(_ bytes: UnsafeRawBufferPointer) -> Value {
        guard bytes.count <= 8 else { return .other }
        var number: Int64 = 0
        for (index, byte) in bytes.enumerated() { number |= Int64(byte) << (8 * index) }
        let spare = 64 - 8 * bytes.count
        return .number(bytes.isEmpty ? 0 : Int((number << spare) >> spare))
    }

    private mutating func name(_ name: String) throws(Refusal) {
        guard PickleNames.isData(name) else {
            throw Refusal(
                "names \(name.prefix(80)), which is neither a tensor nor a container; nothing was run; save "
                    + "only the weights, in Python: torch.save(model.state_dict(), \"weights.pth\")")
        }
        try push(.name(name))
    }

    /// The storage of a persistent id: `("storage", type, key, device, count)`.
    private func storage(_ index: Int) throws(Refusal) -> Storage {
        guard case .list(let id) = values[index], id.count >= 5, case .name(let name) = values[id[1]],
            let type = PickleNames.storages[name], case .text(let key) = values[id[2]], let count = number(id[4]),
            count >= 0
        else { throw Refusal("has a reference that is not to a tensor's storage") }
        if id.count > 5, case .list = values[id[5]] {
            throw Refusal(
                "is of a PyTorch before 1.0; load it in Python and save it again: torch.save(torch.load(FILE), FILE)")
        }
        return Storage(dtype: type.dtype, size: type.size, key: key, count: count)
    }

    /// The result of a call, of the few that PyTorch writes.
    private mutating func call(_ callable: Int, _ arguments: Int) throws(Refusal) -> Value {
        guard case .name(let name) = values[callable], case .list(let items) = values[arguments] else { return .other }
        switch name {
        case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
            guard items.count >= 4, case .storage(let storage) = values[items[0]], let offset = number(items[1]),
                let shape = numbers(items[2]), let strides = numbers(items[3])
            else { throw Refusal("has a tensor without storage, shape and strides") }
            return .tensor(View(storage: storage, offset: offset, shape: shape, strides: strides))
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
            guard let first = items.first, case .tensor = values[first] else { return .other }
            return values[first]
        case "torch.Size":
            guard let first = items.first, numbers(first) != nil, case .list(let extents) = values[first] else {
                return .list([])
            }
            try count(extents.count)
            return .list(extents)
        case "torch._tensor._rebuild_from_type_v2":
            // It must name another function, because a call of this one with itself would never end.
            guard items.count >= 3, case .name(let inner) = values[items[0]], inner != name else { return .other }
            return try call(items[0], items[2])
        case "collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict":
            // Python 2 writes an ordered mapping as a list of pairs.
            guard let first = items.first, case .list(let entries) = values[first] else { return .mapping([]) }
            try count(entries.count)
            return .mapping(
                entries.compactMap { entry in
                    guard case .list(let pair) = values[entry], pair.count == 2 else { return nil }
                    return (key: pair[0], value: pair[1])
                })
        default: return .other
        }
    }
}
