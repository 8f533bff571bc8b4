"""`model.track` of Ultralytics (AGPL), run in an environment of its own by benchmarks/edge.py.

PYTHON ultralytics_track.py export WEIGHTS.pt MODEL.onnx     YOLOv8n of random weights, for both sides
PYTHON ultralytics_track.py track WEIGHTS.pt CLIP.npz        prints {"cpu_ms": ..., "rss_mb": ...} per frame
"""

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch

_WARM_UP = 5


def declare_what_torchvision_misses():
    """A torchvision built for another torch cannot be imported unless these two are declared first."""
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


def export(weights, model):
    from ultralytics import YOLO

    yolo = YOLO("yolov8n.yaml")
    yolo.save(weights)
    Path(YOLO(weights).export(format="onnx", imgsz=(480, 640), simplify=False)).replace(model)


def track(weights, clip):
    from ultralytics import YOLO

    yolo = YOLO(weights)
    torch.set_num_threads(1)
    frames = [frame.tobytes() for frame in np.load(clip, allow_pickle=True)["frames"]]
    times = []
    for data in frames:
        started = time.process_time()
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        yolo.track(picture, persist=True, verbose=False, imgsz=640)  # 640x480 pictures stay 640x480
        times.append(time.process_time() - started)
    spent = times[_WARM_UP:]
    [peak] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    rss_mb = int(peak.split()[1]) / 1024
    print(json.dumps({"cpu_ms": 1e3 * sum(spent) / len(spent), "rss_mb": rss_mb}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        _kept = declare_what_torchvision_misses()
    {"export": export, "track": track}[sys.argv[1]](*sys.argv[2:])
