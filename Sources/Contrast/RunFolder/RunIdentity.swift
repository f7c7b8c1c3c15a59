import Views

/// What a run computes: its settings, images and machine, as its checkpoints state them.
struct RunIdentity {
    let experiment: Experiment
    /// The resolved settings as YAML.
    let configuration: String
    let images: any Source
    let heldOut: (any Source)?
    let data: RunData
    let machine: MachineRecord

    init(_ experiment: Experiment, images: any Source, heldOut: (any Source)?, machine: MachineRecord) throws {
        self.experiment = experiment
        configuration = try ConfigurationWriter.yaml(experiment)
        self.images = images
        self.heldOut = heldOut
        data = RunData(train: images, heldOut: heldOut)
        self.machine = machine
    }

    /// A checkpoint of the run.
    func checkpoint(at position: Checkpoint.Position) -> Checkpoint {
        Checkpoint(position: position, configuration: configuration, data: data, machine: machine)
    }
}
