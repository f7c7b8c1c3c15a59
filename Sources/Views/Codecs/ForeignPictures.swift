/// Names pictures of formats that are not read, by their contents.
enum ForeignPictures {
    /// The name of a format that has a mark of its own, as in `JPEG 2000`; nil for other data.
    static func marked(_ data: UnsafeRawBufferPointer) -> String? {
        marks.first { data.holds($0.bytes, at: $0.offset) }?.name
    }

    /// The name of a format that has no mark, by numbers that fit together; nil for other data.
    static func unmarked(_ data: UnsafeRawBufferPointer) -> String? {
        if isTGA(data) { return "a Targa picture (TGA)" }
        if isPCX(data) { return "PCX" }
        if isFLI(data) { return "a FLIC animation (FLI, FLC)" }
        return isSPIDER(data.big32) || isSPIDER(data.little32) ? "a SPIDER picture" : nil
    }

    private struct Mark: Sendable {
        let bytes: [UInt8]
        let offset: Int
        let name: String

        init(_ bytes: [UInt8], at offset: Int = 0, _ name: String) {
            (self.bytes, self.offset, self.name) = (bytes, offset, name)
        }

        init(_ text: StaticString, at offset: Int = 0, _ name: String) {
            self.init(
                Array(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)), at: offset, name)
        }
    }

    private static let marks: [Mark] = [
        Mark("jP  ", at: 4, "JPEG 2000"), Mark([0xFF, 0x4F, 0xFF, 0x51], "JPEG 2000"),
        Mark("JXL ", at: 4, "JPEG XL"), Mark([0xFF, 0x0A], "JPEG XL"), Mark([0x49, 0x49, 0xBC], "JPEG XR"),
        Mark([0x00, 0x00, 0x01, 0x00], "an icon (ICO)"), Mark([0x00, 0x00, 0x02, 0x00, 0x01, 0x00], "a cursor (CUR)"),
        Mark("icns", "an icon of macOS (ICNS)"), Mark("8BPS", "a Photoshop document (PSD)"),
        Mark("gimp xcf", "a GIMP document (XCF)"), Mark("GIMP", at: 20, "a GIMP brush (GBR)"), Mark("qoif", "QOI"),
        Mark("DDS ", "a DDS texture"), Mark("BLP1", "a BLP texture"), Mark("BLP2", "a BLP texture"),
        Mark("FTEX", "an FTEX texture"), Mark([0x76, 0x2F, 0x31, 0x01], "OpenEXR"), Mark("#?RADIANCE", "Radiance HDR"),
        Mark("#?RGBE", "Radiance HDR"), Mark("DICM", at: 128, "DICOM"), Mark("SIMPLE  =", "FITS"),
        Mark("%!PS", "PostScript (EPS)"), Mark([0xC5, 0xD0, 0xD3, 0xC6], "PostScript (EPS)"),
        Mark([0x01, 0xDA], "an SGI picture"), Mark([0x59, 0xA6, 0x6A, 0x95], "a Sun raster"),
        Mark([0x3A, 0xDE, 0x68, 0xB1], "DCX"), Mark([0xB1, 0x68, 0xDE, 0x3A], "DCX"),
        Mark([0xD7, 0xCD, 0xC6, 0x9A], "a Windows metafile (WMF)"), Mark(" EMF", at: 40, "a Windows metafile (EMF)"),
        Mark("/* XPM */", "XPM"), Mark("P7 332", "a thumbnail of XV"), Mark("PF\n", "a float picture (PFM)"),
        Mark("Pf\n", "a float picture (PFM)"), Mark("DanM", "a Paint picture (MSP)"),
        Mark("LinS", "a Paint picture (MSP)"),
        Mark("Image type:", "an IM picture"), Mark([0x80, 0xE8, 0x00, 0x00], "a Pixar picture"),
        Mark("PCD_", at: 2048, "a Photo CD picture (PCD)"), Mark("GRIB", "weather data (GRIB)"),
        Mark("BUFR", "weather data (BUFR)"), Mark([0, 0, 0, 0, 0, 0, 0, 4], "a McIDAS area file"),
        Mark([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "a document of Microsoft (FlashPix, Office)"),
        Mark([0x42, 0x50, 0x47, 0xFB], "BPG"), Mark("FLIF", "FLIF"), Mark("AT&TFORM", "DjVu"),
        Mark("ILBM", at: 8, "an Amiga picture (ILBM)"),
        // Other TIFF files are read.
        Mark("II*\0", "a raw picture of a camera (CR2)"), Mark("HEAPCCDR", at: 6, "a raw picture of a camera (CRW)"),
        Mark("FUJIFILMCCD-RAW", "a raw picture of a camera (RAF)"), Mark("IIRO", "a raw picture of a camera (ORF)"),
        Mark("IIRS", "a raw picture of a camera (ORF)"), Mark("MMOR", "a raw picture of a camera (ORF)"),
        Mark([0x49, 0x49, 0x55, 0x00], "a raw picture of a camera (RW2)"),
        Mark("FOVb", "a raw picture of a camera (X3F)"),
        Mark([0x00, 0x4D, 0x52, 0x4D], "a raw picture of a camera (MRW)"),
    ]

    private static func isTGA(_ data: UnsafeRawBufferPointer) -> Bool {
        guard data.count > 18 else { return false }
        let (hasPalette, kind, depth) = (data[1] == 1, data[2], data[16])
        let palette = [1, 9].contains(kind)
        return data[1] <= 1 && (hasPalette ? [15, 16, 24, 32].contains(data[7]) : data[3..<8].allSatisfy { $0 == 0 })
            && (palette ? hasPalette && depth == 8 : [2, 3, 10, 11].contains(kind))
            && [8, 15, 16, 24, 32].contains(depth) && (data[12] != 0 || data[13] != 0)
            && (data[14] != 0 || data[15] != 0) && data[17] & 0xC0 == 0
    }

    private static func isPCX(_ data: UnsafeRawBufferPointer) -> Bool {
        data.count > 128 && data[0] == 0x0A && [0, 2, 3, 4, 5].contains(data[1]) && data[2] <= 1
            && [1, 2, 4, 8].contains(data[3])
    }

    private static func isFLI(_ data: UnsafeRawBufferPointer) -> Bool {
        data.count > 128 && [0x11, 0x12].contains(data[4]) && data[5] == 0xAF && [0, 3].contains(data[14])
    }

    /// Floats that are whole numbers, of which one is the product of two others.
    private static func isSPIDER(_ word: (Int) -> Int?) -> Bool {
        func number(_ place: Int) -> Float? {
            word(4 * (place - 1)).map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
        }
        guard let slices = number(1), let form = number(5), let records = number(13), let bytes = number(22),
            let length = number(23)
        else { return false }
        return slices >= 1 && slices == slices.rounded() && [1, 3, -11, -12, -21, -22].contains(form) && records >= 1
            && length >= 1 && bytes == records * length
    }
}
