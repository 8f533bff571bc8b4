"""What runs on the edge tells its makers nothing."""

import os
import subprocess
import sys

import onnx
from onnx import TensorProto, helper

CODE = """
import sys
from pathlib import Path
from aimonitor.edge.backends.onnx import OnnxRuntime
print(OnnxRuntime(Path(sys.argv[1])).shapes)
"""


def test_onnxruntime_makes_no_identity_of_the_machine(tmp_path):
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 32, 32])
    same = helper.make_tensor_value_info("same", TensorProto.FLOAT, [1, 3, 32, 32])
    graph = helper.make_graph([helper.make_node("Identity", ["image"], ["same"])], "g", [image], [same])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, tmp_path / "same.onnx")
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    command = [sys.executable, "-c", CODE, str(tmp_path / "same.onnx")]
    done = subprocess.run(
        command, env=kept | {"HOME": str(home)}, capture_output=True, text=True, timeout=50, check=False
    )
    assert done.stdout.strip() == "((1, 3, 32, 32),)", done.stderr
    assert list(home.rglob("*")) == []
