import KernelsAVX2

/// How values between pixels are interpolated.
public enum Interpolation: String, Codable, Sendable {
    /// A triangle two pixels wide.
    case bilinear
    /// Keys' cubic with a = -0.5, four pixels wide.
    case bicubic
}

extension PixelOperations {
    /// Resamples a region of `source` to the whole of `target`, antialiased. Pixels outside of the region are not read,
    /// as if the picture had been cropped first. The region is clipped to the pixels that `source` holds; the result is
    /// black if there are none.
    static func resample(
        _ source: Image, region: Region, to target: Image, interpolation: Interpolation, scratch canvas: Canvas,
        wide: Bool = isWide
    ) {
        let region = region.clipped(to: source.size)
        guard region.size.area > 0 else {
            target.plane(0).update(repeating: 0, count: target.size.area * Image.channels)
            return
        }
        guard target.size.area > 0 else { return }
        let cubic = interpolation == .bicubic
        let plan = ResamplePlan(from: region.size, to: target.size, cubic: cubic)
        canvas.withScratch(bytes: plan.bytes) { memory in
            let columnBits = plan.fill(
                plan.columns, from: region.width, to: target.size.width, cubic: cubic, in: memory)
            let rowBits = plan.fill(plan.rows, from: region.height, to: target.size.height, cubic: cubic, in: memory)
            let middle = (memory + plan.middle).assumingMemoryBound(to: UInt8.self)
            let work = (memory + plan.work).assumingMemoryBound(to: UInt8.self)
            let (columns, rows) = (plan.columns.pointers(in: memory), plan.rows.pointers(in: memory))
            for channel in 0..<Image.channels {
                var rowSource = source.plane(channel) + region.y * source.size.width + region.x
                var rowStride = source.size.width
                if region.width != target.size.width {
                    if wide {
                        KernelsAVX2.Kernels.resampleColumns(
                            rowSource, width: region.width, height: region.height, stride: rowStride,
                            target: middle, targetStride: plan.middleStride, count: target.size.width,
                            taps: plan.columns.taps, bits: columnBits,
                            starts: columns.starts, used: columns.used, weights: columns.weights, work: work)
                    } else {
                        Kernels.resampleColumns(
                            rowSource, width: region.width, height: region.height, stride: rowStride,
                            target: middle, targetStride: plan.middleStride, count: target.size.width,
                            taps: plan.columns.taps, bits: columnBits,
                            starts: columns.starts, used: columns.used, weights: columns.weights, work: work)
                    }
                    rowSource = middle
                    rowStride = plan.middleStride
                }
                if region.height == target.size.height {
                    for y in 0..<target.size.height {
                        (target.plane(channel) + y * target.size.width).update(
                            from: rowSource + y * rowStride, count: target.size.width)
                    }
                } else if wide {
                    KernelsAVX2.Kernels.resampleRows(
                        rowSource, width: target.size.width, height: region.height, stride: rowStride,
                        target: target.plane(channel), count: target.size.height,
                        taps: plan.rows.taps, bits: rowBits, starts: rows.starts, used: rows.used, weights: rows.weights
                    )
                } else {
                    Kernels.resampleRows(
                        rowSource, width: target.size.width, height: region.height, stride: rowStride,
                        target: target.plane(channel), count: target.size.height,
                        taps: plan.rows.taps, bits: rowBits, starts: rows.starts, used: rows.used, weights: rows.weights
                    )
                }
            }
        }
    }
}

/// The layout of the tables and of the intermediate plane in scratch memory.
private struct ResamplePlan {
    /// Offsets of one direction's tables.
    struct Table {
        var taps: Int
        var starts: Int
        var used: Int
        var weights: Int

        func pointers(
            in memory: UnsafeMutableRawPointer
        ) -> (
            starts: UnsafeMutablePointer<Int32>, used: UnsafeMutablePointer<Int32>, weights: UnsafeMutablePointer<Int16>
        ) {
            (
                (memory + starts).assumingMemoryBound(to: Int32.self),
                (memory + used).assumingMemoryBound(to: Int32.self),
                (memory + weights).assumingMemoryBound(to: Int16.self)
            )
        }
    }

    var columns: Table
    var rows: Table
    /// The weights of one direction before they are rounded.
    var exact: Int
    /// The intermediate plane, with the new width and the old height.
    var middle: Int
    var middleStride: Int
    var work: Int
    var bytes = 0

    init(from source: Size, to target: Size, cubic: Bool) {
        var used = 0
        func take(_ bytes: Int) -> Int {
            defer { used += (bytes + 63) / 64 * 64 }
            return used
        }
        let columnTaps = Kernels.taps(from: source.width, to: target.width, cubic: cubic)
        let rowTaps = Kernels.taps(from: source.height, to: target.height, cubic: cubic)
        columns = Table(
            taps: columnTaps, starts: take(target.width * 4), used: take(target.width * 4),
            weights: take(target.width * columnTaps * 2))
        rows = Table(
            taps: rowTaps, starts: take(target.height * 4), used: take(target.height * 4),
            weights: take(target.height * rowTaps * 2))
        exact = take(max(target.width * columnTaps, target.height * rowTaps) * 8)
        middleStride = (target.width + 15) / 16 * 16
        middle = take((source.height + 15) / 16 * 16 * middleStride + 16)
        work = take(16 * (source.width + target.width) + 1024)
        bytes = used
    }

    /// Computes one direction's tables; returns the number of fractional bits of the weights.
    func fill(_ table: Table, from length: Int, to count: Int, cubic: Bool, in memory: UnsafeMutableRawPointer) -> Int32
    {
        let (starts, used, weights) = table.pointers(in: memory)
        return Kernels.resampleWeights(
            from: length, to: count, cubic: cubic, taps: table.taps, starts: starts, used: used, weights: weights,
            work: (memory + exact).assumingMemoryBound(to: Double.self))
    }
}

extension Region {
    /// The part of this region that lies in a picture of size `size`.
    func clipped(to size: Size) -> Region {
        let left = min(max(x, 0), size.width)
        let top = min(max(y, 0), size.height)
        return Region(
            x: left, y: top,
            width: max(min(x + width, size.width) - left, 0), height: max(min(y + height, size.height) - top, 0))
    }
}
