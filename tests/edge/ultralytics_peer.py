"""Runs in an environment of its own, with Ultralytics (AGPL) in it: its postprocessing of a tensor that we give.

Called as `PYTHON ultralytics_peer.py TENSOR.npy RESULT.npy CONFIDENCE IOU`.
"""

import sys

import numpy as np
import torch


def main():
    try:
        from ultralytics.utils.nms import non_max_suppression
    except RuntimeError:  # a torchvision built for another torch: declare what it misses, Ultralytics has its own
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        for name in [name for name in sys.modules if name.startswith(("torchvision", "ultralytics"))]:
            del sys.modules[name]
        from ultralytics.utils.nms import non_max_suppression

        sys.modules.pop("torchvision", None)
    tensor, result, confidence, iou = sys.argv[1:]
    [rows] = non_max_suppression(torch.from_numpy(np.load(tensor)), float(confidence), float(iou))
    np.save(result, rows.numpy())


if __name__ == "__main__":
    main()
