# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""ONNX Runtime, its CPU provider, inputs and outputs bound once."""
import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper

from ..measure import PythonCall
from ..peers import Missing

TYPES = {"f16": (TensorProto.FLOAT16, numpy.float16), "f32": (TensorProto.FLOAT, numpy.float32),
         "f64": (TensorProto.DOUBLE, numpy.float64)}


class OnnxRuntime:
    interpreted = True

    def __init__(self, context):
        self.threads = context.threads
        self.version = "onnxruntime " + onnxruntime.__version__
        onnxruntime.set_default_logger_severity(4)

    def prepare(self, point, x, y):
        if point.type not in TYPES:
            raise Missing("its Python interface binds no bf16")
        kind, storage = TYPES[point.type]
        shape = list(point.shape)
        graph = helper.make_graph([helper.make_node("Softmax", ["x"], ["y"], axis=point.axis)], "softmax",
                                  [helper.make_tensor_value_info("x", kind, shape)],
                                  [helper.make_tensor_value_info("y", kind, shape)])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                               providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        binding.bind_input("x", "cpu", 0, storage, shape, x.ctypes.data)
        binding.bind_output("y", "cpu", 0, storage, shape, y.ctypes.data)
        run = session.run_with_iobinding
        return PythonCall(lambda: run(binding), lambda: y, (x, y, session), x.ctypes.data, y.ctypes.data)
