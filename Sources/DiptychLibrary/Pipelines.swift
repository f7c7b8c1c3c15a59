import CDiptych
import Views

/// A pipeline and the names of its branches, owned by the caller.
final class PipelineHandle {
    let pipeline: ViewPipeline
    let names: [CString]

    init(_ pipeline: ViewPipeline) {
        self.pipeline = pipeline
        names = pipeline.branches.map { CString($0.name) }
    }
}

/// `diptych_pipeline_open` of diptych.h.
@_cdecl("diptych_pipeline_open")
public func pipelineOpen(
    path: UnsafePointer<CChar>?, text yaml: UnsafePointer<CChar>?,
    overrides: UnsafePointer<UnsafePointer<CChar>?>?, overrideCount: Int,
    pipeline: UnsafeMutablePointer<OpaquePointer?>?
) -> diptych_status {
    border {
        let target = try required(pipeline, "pipeline")
        guard (0...4096).contains(overrideCount) else {
            throw BorderError.invalid("override_count: must be in 0...4096")
        }
        let settings = try (0..<overrideCount).map { index in
            try required(text(required(overrides, "overrides")[index], "overrides[\(index)]"), "overrides[\(index)]")
        }
        let reader: ConfigurationReader
        if let path = try text(path, "path") {
            guard yaml == nil else { throw BorderError.invalid("text: give a path or a text, not both") }
            reader = try ConfigurationReader(contentsOf: path, overrides: settings)
        } else {
            reader = try ConfigurationReader(
                file: "pipeline", text: try text(yaml, "text") ?? "{}", overrides: settings)
        }
        target.pointee = handOut(PipelineHandle(try ViewPipeline(reader)))
    }
}

/// `diptych_pipeline_evaluation` of diptych.h.
@_cdecl("diptych_pipeline_evaluation")
public func pipelineEvaluation(
    pipeline: OpaquePointer?, evaluation: UnsafeMutablePointer<OpaquePointer?>?
) -> diptych_status {
    border {
        let own = try object(pipeline, PipelineHandle.self)
        try required(evaluation, "evaluation").pointee = handOut(PipelineHandle(own.pipeline.evaluation))
    }
}

/// `diptych_pipeline_close` of diptych.h.
@_cdecl("diptych_pipeline_close")
public func pipelineClose(pipeline: OpaquePointer?) { takeBack(pipeline, PipelineHandle.self) }

/// `diptych_pipeline_branch_count` of diptych.h.
@_cdecl("diptych_pipeline_branch_count")
public func pipelineBranchCount(pipeline: OpaquePointer?, count: UnsafeMutablePointer<Int>?) -> diptych_status {
    border { try required(count, "count").pointee = try object(pipeline, PipelineHandle.self).names.count }
}

/// `diptych_pipeline_branch` of diptych.h.
@_cdecl("diptych_pipeline_branch")
public func pipelineBranch(
    pipeline: OpaquePointer?, index: Int, branch: UnsafeMutablePointer<diptych_branch>?
) -> diptych_status {
    border {
        let own = try object(pipeline, PipelineHandle.self)
        let index = try checked(index, below: own.names.count, "index")
        let found = own.pipeline.branches[index]
        try required(branch, "branch").pointee = diptych_branch(
            name: own.names[index].pointer, views: Int64(found.count), height: Int64(found.size.height),
            width: Int64(found.size.width))
    }
}

/// `diptych_pipeline_normalization` of diptych.h.
@_cdecl("diptych_pipeline_normalization")
public func pipelineNormalization(
    pipeline: OpaquePointer?, mean: UnsafeMutablePointer<Float>?, std: UnsafeMutablePointer<Float>?
) -> diptych_status {
    border {
        let normalize = try object(pipeline, PipelineHandle.self).pipeline.normalize
        let (mean, std) = (try required(mean, "mean"), try required(std, "std"))
        for channel in 0..<Image.channels {
            mean[channel] = Float(normalize.mean[channel])
            std[channel] = Float(normalize.std[channel])
        }
    }
}
