# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""OpenVINO's CPU device, inputs and outputs set once."""
import numpy
import openvino
from openvino import opset13

from ..measure import PythonCall
from ..peers import Missing

TYPES = {"f16": openvino.Type.f16, "f32": openvino.Type.f32, "f64": openvino.Type.f64, "bf16": openvino.Type.bf16}


class OpenVino:
    interpreted = True

    def __init__(self, context):
        self.core = openvino.Core()
        self.version = "openvino " + openvino.__version__.partition("-")[0]
        self.threads = context.threads

    def tensor(self, array, type):
        if type == "bf16":
            return openvino.Tensor(array.view(numpy.uint16), list(array.shape), openvino.Type.bf16)
        return openvino.Tensor(array, shared_memory=True)

    def prepare(self, point, x, y):
        parameter = opset13.parameter(list(point.shape), TYPES[point.type])
        model = openvino.Model([opset13.softmax(parameter, point.axis)], [parameter])
        settings = {"INFERENCE_NUM_THREADS": self.threads, "NUM_STREAMS": "1", "ENABLE_CPU_PINNING": False,
                    "PERFORMANCE_HINT": "LATENCY"}
        if point.type in ("f32", "f64"):
            # Else it computes f32 in bf16 where the processor can.
            settings["INFERENCE_PRECISION_HINT"] = "f32"
        compiled = self.core.compile_model(model, "CPU", settings)
        if compiled.output(0).get_element_type() != TYPES[point.type]:
            raise Missing("it gives " + compiled.output(0).get_element_type().get_type_name())
        request = compiled.create_infer_request()
        request.set_input_tensor(self.tensor(x, point.type))
        request.set_output_tensor(self.tensor(y, point.type))
        start, wait = request.start_async, request.wait

        def call():
            start()
            wait()

        return PythonCall(call, lambda: y, (x, y, request), x.ctypes.data, y.ctypes.data)
