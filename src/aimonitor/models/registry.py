"""The table of models: what each is, where it comes from in order of preference, and the hashes of the right file."""

from dataclasses import dataclass

from aimonitor.models.coco import COCO80


@dataclass(frozen=True, slots=True)
class Download:
    """A file at a public address."""

    url: str
    sha256: str
    size: int

    @property
    def words(self) -> str:
        """What travels."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a package."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class TfjsInNpm:
    """A TensorFlow.js graph model in an npm package, converted to ONNX after it is fetched. `size` is the tarball's."""

    package: str
    version: str
    topology: Member
    weights: Member
    size: int

    @property
    def words(self) -> str:
        """What travels."""
        return f"npm's {self.package}@{self.version}"


Origin = Download | TfjsInNpm


@dataclass(frozen=True, slots=True)
class Model:
    """One known set of weights. `architecture` names the head that reads its outputs; input in pixels."""

    name: str
    architecture: str
    input_width: int
    input_height: int
    classes: tuple[str, ...]
    licence: str
    origins: tuple[Origin, ...]

    @property
    def size(self) -> int:
        """Bytes to fetch from the first origin."""
        return self.origins[0].size

    @property
    def sha256(self) -> str:
        """Of the weights as the first origin has them."""
        first = self.origins[0]
        return first.sha256 if isinstance(first, Download) else first.weights.sha256


def _yolox(name: str, side: int, size: int, sha256: str) -> Model:
    file = name.replace("-", "_") + ".onnx"
    url = f"https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/{file}"
    return Model(name, "yolox", side, side, COCO80, "Apache-2.0", (Download(url, sha256, size),))


_NANODET_G = TfjsInNpm(
    package="@vladmandic/human",
    version="1.5.1",
    topology=Member(
        path="package/models/nanodet.json",
        sha256="13fd80e63375bc0f825f471faaa22c79a304a9b365b18037513c03cf5e83a4b8",
        size=121_683,
    ),
    weights=Member(
        path="package/models/nanodet.bin",
        sha256="5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
        size=7_574_558,
    ),
    size=59_823_060,
)

_ALL = (
    _yolox("yolox-nano", 416, 3_659_407, "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d"),
    _yolox("yolox-tiny", 416, 20_219_662, "427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7"),
    _yolox("yolox-s", 640, 35_858_002, "c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063"),
    Model("nanodet-g", "nanodet", 416, 416, COCO80, "Apache-2.0 (weights), MIT (package)", (_NANODET_G,)),
)

MODELS: dict[str, Model] = {model.name: model for model in _ALL}
DEFAULT = "yolox-nano"
FALLBACK = "nanodet-g"
"""What `DEFAULT` is replaced by, and said to be, where its address cannot be reached."""
