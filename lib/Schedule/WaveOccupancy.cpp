// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Schedule/WaveOccupancy.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::softmax;

unsigned mlir::softmax::getMostWavesPerSIMD(const GPUDescription &chip) {
  return chip.threads / (chip.simds * chip.warpSize);
}

unsigned mlir::softmax::getWavesPerSIMD(const KernelResources &kernel,
                                        const GPUDescription &chip) {
  unsigned waves = getMostWavesPerSIMD(chip);
  unsigned registers = chip.registers / (chip.simds * chip.warpSize);
  auto taken = static_cast<unsigned>(
      llvm::alignTo(std::max(kernel.vgprs, 1u), chip.registerGranule));
  waves = std::min(waves, registers / taken);
  unsigned wavesOfBlock =
      llvm::divideCeil(std::max(kernel.threads, 1u), chip.warpSize);
  unsigned blocks = waves * chip.simds / wavesOfBlock;
  if (kernel.ldsBytes)
    blocks = std::min(blocks, chip.sharedBytes / kernel.ldsBytes);
  return std::min(waves, blocks * wavesOfBlock / chip.simds);
}

llvm::json::Object mlir::softmax::toJSON(const KernelResources &kernel,
                                         const GPUDescription &chip) {
  return llvm::json::Object{{"wave_size", kernel.waveSize},
                            {"vgprs", kernel.vgprs},
                            {"agprs", kernel.agprs},
                            {"sgprs", kernel.sgprs},
                            {"vgpr_spills", kernel.vgprSpills},
                            {"sgpr_spills", kernel.sgprSpills},
                            {"scratch_bytes", kernel.scratchBytes},
                            {"lds_bytes", kernel.ldsBytes},
                            {"waves_per_simd", getWavesPerSIMD(kernel, chip)}};
}
