import Foundation

/// Elements of a page; text is escaped.
enum HTML {
    /// A table with a header row; numbers are aligned to the right.
    static func table(_ head: [String], _ rows: [[String]]) -> String {
        let cells = { (row: [String], tag: String) in
            row.map { text in
                let isNumber = tag == "td" && text.first.map { "+-0123456789".contains($0) } == true && text.count < 24
                return "<\(tag)\(isNumber ? " class=\"n\"" : "")>\(Markup.escaped(text))</\(tag)>"
            }.joined()
        }
        return "<div class=\"wide\"><table><thead><tr>\(cells(head, "th"))</tr></thead><tbody>"
            + rows.map { "<tr>\(cells($0, "td"))</tr>" }.joined(separator: "\n") + "</tbody></table></div>\n"
    }

    /// A PNG image embedded in the page.
    static func picture(png bytes: [UInt8], _ description: String, className: String = "") -> String {
        "<img class=\"\(className)\" alt=\"\(Markup.escaped(description))\" "
            + "src=\"data:image/png;base64,\(Data(bytes).base64EncodedString())\">"
    }

    /// An SVG drawing embedded as an image, so that its styles and the page's do not mix.
    static func drawing(_ svg: String, _ description: String, className: String = "plot") -> String {
        "<img class=\"\(className)\" alt=\"\(Markup.escaped(description))\" "
            + "src=\"data:image/svg+xml;base64,\(Data(svg.utf8).base64EncodedString())\">\n"
    }

    /// A paragraph of plain text.
    static func paragraph(_ text: String) -> String { "<p>\(Markup.escaped(text))</p>\n" }

    /// A share as a percentage; empty for nil.
    static func percent(_ share: Double?) -> String { share.map { String(format: "%.1f%%", 100 * $0) } ?? "" }

    /// A number with three significant digits; empty for nil.
    static func number(_ value: Double?) -> String {
        guard let value else { return "" }
        guard value.isFinite else { return "\(value)" }
        let size = abs(value)
        return String(
            format: size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : size >= 0.01 || size == 0 ? "%.3f" : "%.2e", value)
    }

    /// The page with its sections.
    static func page(title: String, sections: [(id: String, title: String, body: String)]) -> String {
        let links = sections.map { "<a href=\"#\($0.id)\">\(Markup.escaped($0.title))</a>" }.joined(separator: " ")
        let body = sections.map { section in
            "<section id=\"\(section.id)\"><h2>\(Markup.escaped(section.title))</h2>\n\(section.body)</section>\n"
        }.joined()
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <link rel="icon" href="data:,">
            <title>\(Markup.escaped(title))</title>
            <style>\(style)</style></head>
            <body><main><h1>\(Markup.escaped(title))</h1>
            <nav>\(links)</nav>
            \(body)</main></body></html>

            """
    }

    private static let style = """
        :root{--ink:#1c1e21;--soft:#5c6370;--paper:#fff;--line:#dcdfe4;--shade:#f4f5f7;--accent:#0072b2;--bad:#b3261e;--warn:#9a5b00}
        @media(prefers-color-scheme:dark){:root{--ink:#e4e6ea;--soft:#9aa1ad;--paper:#16181c;--line:#33363c;--shade:#1f2227;\
        --accent:#56b4e9;--bad:#ff8a80;--warn:#f0b35a}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
        main{max-width:1000px;margin:0 auto;padding:1rem}
        h1{font-size:1.6rem;margin:.5rem 0;overflow-wrap:anywhere}
        h2{font-size:1.2rem;margin:2rem 0 .5rem;border-top:1px solid var(--line);padding-top:1rem}
        h3{font-size:1rem;margin:1.2rem 0 .3rem}
        nav{display:flex;flex-wrap:wrap;gap:.2rem .9rem;font-size:.9rem}
        a{color:var(--accent)}
        p{margin:.5rem 0;max-width:46rem}
        .soft{color:var(--soft)}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;font-size:.9rem;margin:.5rem 0}
        th,td{padding:.2rem .7rem .2rem 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
        td.n{font-variant-numeric:tabular-nums;text-align:right}
        img{max-width:100%;height:auto}
        img.plot{display:block;margin:.5rem 0}
        img.thumb{width:64px;height:64px;object-fit:contain;background:var(--shade)}
        .row{display:flex;flex-wrap:wrap;gap:4px;align-items:flex-end;margin:.3rem 0}
        .row figure{margin:0;width:64px;font-size:.65rem;line-height:1.2;overflow-wrap:anywhere;color:var(--soft)}
        .row figure.query{margin-right:12px}
        .row figure.wrong{color:var(--bad)}
        .plots{display:flex;flex-wrap:wrap;gap:.5rem 1rem}
        .maps{display:flex;flex-wrap:wrap;gap:1rem}
        .maps img{flex:1 1 20rem;min-width:0}
        .score{display:flex;flex-wrap:wrap;gap:.5rem 2rem}
        .score div{min-width:7rem}.score b{display:block;font-size:1.6rem;line-height:1.2}
        .finding{border-left:4px solid var(--line);padding:.1rem 0 .1rem 1rem;margin:1rem 0}
        .finding.critical{border-color:var(--bad)}.finding.warning{border-color:var(--warn)}
        pre{background:var(--shade);padding:.7rem;overflow-x:auto;font-size:.85rem}
        summary{cursor:pointer}
        @media print{body{font-size:11pt}nav{display:none}section{break-inside:avoid-page}pre,.wide{overflow:visible;white-space:pre-wrap}}
        """
}
