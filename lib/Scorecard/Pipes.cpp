// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Which unit an instruction goes to.
#include "softmax/Scorecard/SassWalk.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir::softmax::scorecard;
using llvm::StringRef;

StringRef mlir::softmax::scorecard::getPipeName(Pipe pipe) {
  static const StringRef names[kPipes] = {
      "float",      "integer",         "multiply", "double",  "special",
      "conversion", "wide_conversion", "memory",   "shuffle", "reduction",
      "other"};
  return names[static_cast<size_t>(pipe)];
}

Pipe mlir::softmax::scorecard::getPipe(const SassInstruction &instruction) {
  StringRef base = instruction.base();
  // The uniform unit has registers of its own and takes little.
  if (base.starts_with("U") || base == "S2UR" || base == "R2UR")
    return Pipe::Other;
  auto converts = [&] {
    bool wide = instruction.has("F64") || instruction.has("S64") ||
                instruction.has("U64");
    return wide ? Pipe::WideConversion : Pipe::Conversion;
  };
  return llvm::StringSwitch<Pipe>(base)
      .Cases({"FADD", "FMUL", "FFMA", "FADD2", "FMUL2", "FFMA2"}, Pipe::Float)
      .Cases({"HADD2", "HMUL2", "HFMA2"}, Pipe::Float)
      .Case("IMAD", Pipe::Multiply)
      .Cases({"IADD3", "IADD", "VIADD", "LOP3", "SHF", "LEA", "PRMT", "MOV"},
             Pipe::Integer)
      .Cases({"ISETP", "FSETP", "FSEL", "SEL", "PLOP3", "FSET", "FCHK"},
             Pipe::Integer)
      .Cases({"FMNMX", "FMNMX3", "IMNMX", "VIMNMX", "VIMNMX3", "VIADDMNMX"},
             Pipe::Integer)
      .Cases({"HSETP2", "HMNMX2", "HSET2", "VHMNMX", "IABS", "SGXT", "BMSK"},
             Pipe::Integer)
      .Cases({"P2R", "R2P", "F2FP", "I2FP", "POPC", "FLO"}, Pipe::Integer)
      .Cases({"DADD", "DMUL", "DFMA", "DSETP", "DMNMX"}, Pipe::Double)
      .Case("MUFU", Pipe::Special)
      .Cases({"F2F", "F2I", "I2F", "FRND"}, converts())
      .Cases({"LDG", "STG", "LD", "ST", "LDS", "STS", "LDL", "STL"},
             Pipe::Memory)
      .Cases({"LDGSTS", "LDSM", "STSM", "ATOM", "ATOMG", "ATOMS", "RED"},
             Pipe::Memory)
      .Cases({"REDG", "STAS", "LDC"}, Pipe::Memory)
      .Case("SHFL", Pipe::Shuffle)
      .Case("REDUX", Pipe::Reduction)
      .Default(Pipe::Other);
}
