import Foundation
import Views

/// Says on standard error what a command took for what, and what it leaves out.
package func announce(_ summary: SourceSummary?) {
    guard let summary else { return }
    FileHandle.standardError.write(Data(summary.lines.map { $0 + "\n" }.joined().utf8))
}
