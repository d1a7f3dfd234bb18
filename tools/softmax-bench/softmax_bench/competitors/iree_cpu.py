# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""IREE for the CPU, from linalg.softmax of static shapes."""
import importlib.metadata

import iree.compiler
import iree.runtime
import numpy

from .. import elements
from ..measure import PythonCall
from ..peers import Missing

SOURCE = """
func.func @main(%x: {tensor}, %storage: {tensor} {{iree.abi.output = 0 : index}}) -> {tensor} {{
  %init = tensor.empty() : {tensor}
  %y = linalg.softmax dimension({axis}) ins(%x : {tensor}) outs(%init : {tensor}) -> {tensor}
  return %y : {tensor}
}}
"""
REFUSED = {"f64": "it computes f64 in f32", "bf16": "its Python interface takes no bf16 arrays",
           "f16": "its compiler fails on linalg.softmax of f16"}
FLAGS = ["--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3"]


class Iree:
    interpreted = True

    def __init__(self, context):
        self.timer = context.timer
        self.version = "iree " + importlib.metadata.version("iree-base-compiler")
        flags = ["--task_topology_max_group_count=%d" % context.threads]
        iree.runtime.flags.parse_flags(*flags)
        # In the calling thread, or by a pool of threads of its own.
        drivers = ["local-sync"] + (["local-task"] if context.threads > 1 else [])
        self.configurations = [iree.runtime.Config(driver) for driver in drivers]

    def prepare(self, point, x, y):
        if point.mode in ("producer", "consumer"):
            raise Missing("its buffers are its own: no neighbour can reach their memory")
        if point.type != "f32":
            raise Missing(REFUSED[point.type])
        tensor = "tensor<%sx%s>" % ("x".join(map(str, point.shape)), point.type)
        module = iree.compiler.compile_str(SOURCE.format(tensor=tensor, axis=point.axis),
                                           target_backends=["llvm-cpu"], extra_args=FLAGS)
        ways = []
        for configuration in self.configurations:
            context = iree.runtime.SystemContext(config=configuration)
            context.add_vm_module(iree.runtime.VmModule.copy_buffer(context.instance, module))
            function = context.modules.module["main"]
            source = iree.runtime.asdevicearray(configuration.device, x)
            target = iree.runtime.asdevicearray(configuration.device, numpy.zeros_like(x))
            ways.append(self.way(function, source, target, point, context))
        return ways[self.timer.fastest(ways)]

    @staticmethod
    def way(function, source, target, point, context):
        def call():
            return function(source, target)

        def output():
            return numpy.asarray(call().to_host()).view(elements.STORAGE[point.type])

        return PythonCall(call, output, (source, target, context))
