/// The classes and functions that a pickle may name. None is ever called: the results of a few are known, and objects
/// of the others are ignored.
enum PickleNames {
    /// The type of the elements, nil if this module does not support it, and their size in bytes, by the class of a
    /// storage.
    static let storages: [String: (dtype: DType?, size: Int)] = [
        "torch.FloatStorage": (.float32, 4), "torch.DoubleStorage": (.float64, 8), "torch.HalfStorage": (.float16, 2),
        "torch.BFloat16Storage": (.bfloat16, 2), "torch.LongStorage": (.int64, 8), "torch.IntStorage": (.int32, 4),
        "torch.ByteStorage": (.uint8, 1), "torch.BoolStorage": (.bool, 1), "torch.ShortStorage": (nil, 2),
        "torch.CharStorage": (nil, 1), "torch.ComplexFloatStorage": (nil, 8), "torch.ComplexDoubleStorage": (nil, 16),
    ]

    private static let known: Set = [
        "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_parameter_with_state", "torch._tensor._rebuild_from_type_v2", "torch.Size",
        "torch.Tensor",
        "torch.nn.parameter.Parameter", "torch.device", "torch.serialization._get_layout", "collections.OrderedDict",
        "collections.defaultdict", "collections.Counter", "argparse.Namespace", "_codecs.encode", "builtins.set",
        "builtins.frozenset", "builtins.dict", "builtins.list", "builtins.tuple", "builtins.int", "builtins.float",
        "builtins.complex", "builtins.bytearray", "__builtin__.set", "__builtin__.dict", "__builtin__.list",
        "__builtin__.long", "__builtin__.bytearray", "builtins.bool", "builtins.str", "builtins.object", "typing.Any",
        "copyreg._reconstructor", "copy_reg._reconstructor", "datetime.datetime", "datetime.timedelta",
        "pathlib.PosixPath", "pathlib.Path", "pathlib.PurePosixPath",
    ]

    /// Settings and records of trainers that published files contain.
    private static let harmless = [
        "omegaconf.", "numpy.dtype", "numpy.ndarray", "numpy.core.multiarray.", "numpy._core.multiarray.",
        "pytorch_lightning.callbacks.", "lightning.pytorch.callbacks.", "pytorch_lightning.utilities.parsing.",
        "lightning_fabric.utilities.data.", "torch.torch_version.",
    ]

    private static let types: Set = [
        "torch.float32", "torch.float64", "torch.float16", "torch.bfloat16", "torch.int64", "torch.int32",
        "torch.uint8",
        "torch.bool", "torch.int16", "torch.int8", "torch.strided",
    ]

    /// Whether a name is that of a data type.
    static func isData(_ name: String) -> Bool {
        known.contains(name) || storages[name] != nil || types.contains(name)
            || harmless.contains { name.hasPrefix($0) }
    }
}
