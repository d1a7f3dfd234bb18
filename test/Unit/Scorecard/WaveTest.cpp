// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Scorecard/WaveScore.h"

#include <gtest/gtest.h>

using namespace mlir::softmax;
using namespace mlir::softmax::scorecard;

static KernelResources makeKernel(unsigned vgprs, unsigned ldsBytes,
                                  unsigned threads = 256) {
  KernelResources kernel;
  kernel.name = "kernel";
  kernel.waveSize = 64;
  kernel.vgprs = vgprs;
  kernel.ldsBytes = ldsBytes;
  kernel.threads = threads;
  return kernel;
}

// "AMD Instinct MI200 Instruction Set Architecture" and "RDNA3": 512 registers
// of a SIMD per thread, given by 8, and 1536 of a wavefront of 32, by 24; LDS
// of 64 KB.
TEST(Waves, EachLimit) {
  GPUDescription cdna = llvm::cantFail(parseGPU("gfx942"));
  EXPECT_EQ(getMostWavesPerSIMD(cdna), 8u);
  EXPECT_EQ(getWavesPerSIMD(makeKernel(64, 0), cdna), 8u);
  EXPECT_EQ(getWavesPerSIMD(makeKernel(65, 0), cdna), 7u);
  EXPECT_EQ(getWavesPerSIMD(makeKernel(256, 0), cdna), 2u);
  EXPECT_EQ(getWavesPerSIMD(makeKernel(512, 0), cdna), 1u);
  // Blocks of four wavefronts, one for each SIMD.
  EXPECT_EQ(getWavesPerSIMD(makeKernel(64, 16384), cdna), 4u);
  EXPECT_EQ(getWavesPerSIMD(makeKernel(64, 40000), cdna), 1u);
  GPUDescription rdna = llvm::cantFail(parseGPU("gfx1100"));
  EXPECT_EQ(getMostWavesPerSIMD(rdna), 16u);
  EXPECT_EQ(getWavesPerSIMD(makeKernel(96, 0), rdna), 16u);
  EXPECT_EQ(getWavesPerSIMD(makeKernel(97, 0), rdna), 12u);
}

TEST(Waves, UnitsOfInstructions) {
  auto unit = [](llvm::StringRef mnemonic) {
    return getWaveUnitName(getWaveUnit(mnemonic));
  };
  EXPECT_EQ(unit("v_pk_fma_f32"), "vector");
  EXPECT_EQ(unit("v_cmp_lt_f32_e64"), "vector");
  EXPECT_EQ(unit("v_exp_f32_e32"), "transcendental");
  EXPECT_EQ(unit("v_rcp_iflag_f32_e32"), "transcendental");
  EXPECT_EQ(unit("global_load_dwordx4"), "global_memory");
  EXPECT_EQ(unit("buffer_store_dword"), "global_memory");
  EXPECT_EQ(unit("buffer_gl0_inv"), "control");
  EXPECT_EQ(unit("scratch_store_dword"), "scratch");
  EXPECT_EQ(unit("ds_bpermute_b32"), "lds");
  EXPECT_EQ(unit("s_load_dwordx2"), "scalar_memory");
  EXPECT_EQ(unit("s_add_u32"), "scalar");
  EXPECT_EQ(unit("s_and_saveexec_b64"), "scalar");
  EXPECT_EQ(unit("s_waitcnt"), "control");
  EXPECT_EQ(unit("s_cbranch_execz"), "control");
}

TEST(Waves, RefusesOtherFiles) {
  auto text = countWaveInstructions("no code object");
  ASSERT_FALSE(bool(text));
  EXPECT_EQ(llvm::StringRef(llvm::toString(text.takeError())).take_front(23),
            "this is no code object:");
  // The header of an ELF file for x86-64.
  std::string header(64, '\0');
  header.replace(0, 7, "\177ELF\2\1\1");
  header[16] = 3;
  header[18] = 62;
  header[20] = 1;
  header[52] = 64;
  auto other = countWaveInstructions(header);
  ASSERT_FALSE(bool(other));
  EXPECT_EQ(llvm::toString(other.takeError()),
            "this is an ELF file, but not for a GPU of AMD's");
}

TEST(Waves, TablesSayWhatTheyAre) {
  GPUDescription chip = llvm::cantFail(parseGPU("gfx942"));
  WaveScore score;
  score.name = "warp_per_row";
  score.rows = 16;
  score.columns = 1024;
  score.bytesRead = score.bytesWritten = 4;
  score.shareOfBound = 1;
  score.resources = makeKernel(65, 0);
  score.resources.scratchBytes = 24;
  score.instructions.byUnit[static_cast<size_t>(WaveUnit::Scratch)] = 3;
  score.instructions.byUnit[static_cast<size_t>(WaveUnit::GlobalMemory)] = 8;
  std::string text;
  llvm::raw_string_ostream stream(text);
  printWaveScores(score, chip, stream);
  llvm::StringRef table(text);
  EXPECT_TRUE(table.starts_with("scorecard for gfx942, modelled: "));
  EXPECT_TRUE(table.contains("nothing is measured"));
  EXPECT_TRUE(table.contains("7/8"));
  llvm::json::Value value = waveScoresToJSON(score, chip);
  const llvm::json::Object &object = *value.getAsObject();
  EXPECT_EQ(object.getBoolean("modelled"), true);
  EXPECT_EQ(object.getString("chip"), "gfx942");
  const llvm::json::Object &first =
      *(*object.getArray("scores"))[0].getAsObject();
  EXPECT_EQ(first.getInteger("waves_per_simd"), 7);
  EXPECT_EQ(first.getInteger("scratch_bytes"), 24);
  EXPECT_EQ(first.getInteger("static_instructions"), 11);
  EXPECT_EQ(
      first.getObject("static_instructions_by_unit")->getInteger("scratch"), 3);
}
