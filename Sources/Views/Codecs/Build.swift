/// What this build of Views is made of, for reports on an installation.
public enum Build {
    /// The pixel kernels that run on this processor: `avx2` or `baseline`.
    public static var kernels: String { Processor.isWide ? "avx2" : "baseline" }
}
