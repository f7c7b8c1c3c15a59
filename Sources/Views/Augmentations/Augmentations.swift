/// Every augmentation that a pipeline file can name; a new one needs its file and an entry here.
let augmentationTypes: [any Augmentation.Type] = [
    ResizedCrop.self, HorizontalFlip.self, VerticalFlip.self, ColorJitter.self, Grayscale.self, GaussianBlur.self,
    Solarize.self, Posterize.self, Equalize.self, Autocontrast.self, Sharpness.self, Rotation.self, Affine.self,
    Cutout.self, Resize.self, CenterCrop.self, Pad.self, ThreeAugment.self, RandAugment.self, RandomErasing.self,
    JPEGCompression.self, GaussianNoise.self, Perspective.self, Elastic.self,
]
