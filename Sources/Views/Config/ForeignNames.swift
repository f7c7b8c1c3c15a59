/// What a name of torchvision, Albumentations, timm, lightly or solo-learn is called here.
struct ForeignName: Sendable {
    /// Where the setting is, if none of the names is valid at this position.
    enum Elsewhere: Sendable {
        /// A setting, by its full path.
        case setting(String)
        /// Advice in words.
        case words(String)
    }

    /// Components or settings with that meaning.
    var names: [String] = []
    var elsewhere: Elsewhere?

    /// The name of a component.
    static func component(_ name: String) -> ForeignName { .init(names: [name]) }

    /// The name of a setting, wherever it is valid; `path` is that for the default method and optimizer.
    static func setting(_ path: String) -> ForeignName {
        .init(names: path.split(separator: ".").last.map { [String($0)] } ?? [], elsewhere: .setting(path))
    }

    /// Something that is not a setting here.
    static func words(_ words: String) -> ForeignName { .init(elsewhere: .words(words)) }
}

/// Other libraries' names, in lowercase without `_` and `-`, also without a leading `random` or a final `loss`. Names
/// that differ from ours only in spelling are not listed.
let foreignNames: [String: ForeignName] = {
    var names: [String: ForeignName] = [:]
    for (theirs, ours) in augmentationNames + settingNames {
        for name in theirs.split(separator: " ") { names[String(name)] = ours }
    }
    return names
}()

private let augmentationNames: [(String, ForeignName)] = [
    ("sizedcrop crop sizedbboxsafecrop cropandresize", .component("resized_crop")),
    ("flip hflip fliplr horizontalflip", .component("horizontal_flip")),
    ("vflip flipud", .component("vertical_flip")),
    (
        "hsv huesaturationvalue brightnesscontrast brightness contrast colorjitter jitter rgbshift",
        .component("color_jitter")
    ),
    ("togray gray grey greyscale rgbtograyscale", .component("grayscale")),
    ("blur medianblur motionblur defocus", .component("gaussian_blur")),
    ("gaussnoise isonoise noise multiplicativenoise", .component("gaussian_noise")),
    ("imagecompression jpeg compression", .component("jpeg_compression")),
    ("coarsedropout dropout griddropout", .component("cutout")),
    ("erase erasing xymasking", .component("random_erasing")),
    ("rotate saferotate rotate90", .component("rotation")),
    ("shiftscalerotate translate shear", .component("affine")),
    ("adjustsharpness sharpen unsharpmask", .component("sharpness")),
    ("clahe", .component("equalize")),
    ("gridelasticdeform elastictransform griddistortion opticaldistortion", .component("elastic")),
    ("smallestmaxsize longestmaxsize scale", .component("resize")),
    ("padifneeded", .component("pad")),
    ("trivialaugment trivialaugmentwide autoaugment augmix", .component("rand_augment")),
    ("choice", .component("one_of")),
    ("someof", .component("apply")),
    ("normalize normalise normalization", .setting("views.normalize")),
    ("mixup cutmix", .setting("views.mix")),
    (
        "totensor totensorv2 piltotensor toimage todtype convertimagedtype tofloat",
        .words("views become tensors without a step; remove it")
    ),
    ("compose sequential augmentationsequential", .words("steps is the list itself; remove it")),
    (
        "simclr simclrtransform mocotransform swavtransform dinotransform simclrviewtransform multiviewtransform twocrop",
        .words("write out the steps, as in pipelines/simclr.yaml")
    ),
]

private let settingNames: [(String, ForeignName)] = [
    ("lr learningrate baselr baselearningrate blr", .setting("training.optimizer.sgd.lr")),
    ("weightdecay wd l2", .setting("training.optimizer.sgd.weight_decay")),
    ("momentum sgdmomentum", .setting("training.optimizer.sgd.momentum")),
    ("nesterov", .setting("training.optimizer.sgd.nesterov")),
    ("optimizer optimiser optim opt solver", .setting("training.optimizer")),
    ("schedule scheduler lrscheduler lrschedule sched", .setting("training.schedule")),
    ("warmup warmupepochs numwarmupepochs warmupsteps", .setting("training.schedule.cosine.warmup_epochs")),
    ("minlr etamin finallr", .setting("training.schedule.cosine.floor")),
    ("epoch epochs maxepochs numepochs nepochs trainepochs", .setting("training.epochs")),
    ("maxsteps maxiters iterations iters numsteps", .words("the length of a run is training.epochs")),
    (
        "batch batchsize bs bsz trainbatchsize perdevicetrainbatchsize batchsizeperdevice",
        .setting("training.batch_size")
    ),
    ("gradaccum gradientaccumulation accumulategradbatches accumsteps chunksize", .setting("training.chunk")),
    ("precision amp fp16 bf16 mixedprecision useamp", .setting("training.precision")),
    ("seed randomstate manualseed", .setting("training.seed")),
    ("loginterval logevery logeverynsteps printfreq", .setting("training.log_every")),
    ("savefreq saveevery saveinterval checkpointinterval ckptfreq", .setting("training.checkpoint_epochs")),
    ("backbone arch architecture model network basemodel modelname encodername", .setting("encoder")),
    ("resnet101 resnet152 wideresnet resnext", .component("resnet50")),
    (
        "vitb vits vitl vitti vitb16 vits16 vitsmall vitbase vittiny vittinypatch16224 vitsmallpatch16224 vitbasepatch16224",
        .component("vit")
    ),
    ("framework algorithm objective ssl", .setting("method")),
    ("temperature temp tau t knnt", .setting("method.simclr.loss.nt_xent.temperature")),
    ("criterion lossfn lossfunc lossname", .setting("method.simclr.loss")),
    ("ntx xent nce crossentropy normalizedtemperaturescaledcrossentropy", .component("nt_xent")),
    ("projector projectionhead projhead projection mlphead", .setting("method.simclr.head")),
    (
        "projdim projectiondim projoutputdim outdim outputdim featdim featuredim embeddim embeddingdim",
        .setting("method.simclr.head.mlp.output")
    ),
    ("hiddendim projhiddendim mlpdim projectionhiddendim", .setting("method.simclr.head.mlp.hidden")),
    ("numlayers nlayers", .setting("method.simclr.head.mlp.layers")),
    ("queuesize memorybanksize dictionarysize mocok bank", .setting("method.moco.queue")),
    ("ema emamomentum basemomentum mocom basetaumomentum", .setting("method.moco.momentum")),
    ("identity nohead", .component("none")),
    ("adam", .component("adamw")),
    ("lamb", .component("lars")),
    ("cosineannealing cosinedecay warmupcosine", .component("cosine")),
    (
        "transforms transform augmentations augmentation augs aug traintransform traintransforms steps",
        .setting("views.branches[0].steps")
    ),
    (
        "imagesize imgsize inputsize cropsize resolution imsize size inputshape",
        .setting("views.branches[0].size")
    ),
    ("numcrops ncrops numviews nviews numlargecrops count", .setting("views.branches[0].count")),
    ("crops multicrop viewsnumber branches", .setting("views.branches")),
    ("testtransform valtransform evaltransform valtransforms testtransforms", .setting("views.evaluation")),
    ("mean imagemean datamean", .setting("views.normalize.mean")),
    ("std imagestd datastd deviation", .setting("views.normalize.std")),
    ("cachedataset cachemode", .setting("views.cache")),
    ("probability prob", .component("p")),
    ("alwaysapply", .words("p: 1 is always")),
    ("valfraction valsplit validationsplit testsize holdout", .setting("evaluation.hold_out")),
    ("evalfreq evalevery evalinterval checkvaleverynepoch knneval", .setting("evaluation.knn_every")),
    ("numworkers workers nworkers numthreads threads", .words("threads are an argument, --threads N")),
    ("device gpus gpu accelerator ngpus cuda", .words("the device is an argument, --device auto, cpu or cuda")),
    ("numnodes worldsize strategy ddp devices", .words("several processes are started by torchrun")),
    (
        "data dataset datadir datapath dataroot root traindir trainpath imagefolder images",
        .words("the images are an argument, diptych train IMAGES")
    ),
    (
        "outputdir outdir savedir savepath logdir checkpointdir workdir runname expname",
        .words("where a run is written is an argument, --output RUN")
    ),
    ("resume resumefrom ckptpath", .words("a run is resumed by an argument, --resume")),
    (
        "droplast shuffle pinmemory persistentworkers prefetchfactor",
        .words("there is no such setting: images are shuffled, and an epoch's last, smaller batch is dropped")
    ),
    ("numclasses nclasses classes", .words("classes are the folders' names")),
    ("wandb logger tensorboard", .words("metrics.jsonl and TensorBoard's events are always written")),
]
