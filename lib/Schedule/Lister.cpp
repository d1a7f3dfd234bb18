// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Lister.h"

using namespace mlir::softmax;
using llvm::SmallVector;

SmallVector<Candidate> Lister::list(LayoutKind layout) const {
  SmallVector<Candidate> all;
  if (layout == LayoutKind::Any) {
    all.push_back(packed());
  } else if (layout == LayoutKind::Row && shape.rowPossible) {
    if (!shape.selects)
      all.push_back(lanesRows());
    if (shape.reduces) {
      // What is read, or what is written past the caches, gains; several
      // results are not aligned together.
      if (shape.streamable || shape.bytesWritten == 0) {
        if (!asksAhead(kSumBlock))
          all.push_back(pipe2(kSumBlock / 2, true));
        all.push_back(pipe2(kSumBlock, true));
        all.push_back(pipe2(mostInPipe2(), true));
      }
      all.push_back(pipe3());
      all.push_back(pipe2(mostInPipe2(), false));
    }
    all.push_back(registers());
    if (shape.streamable)
      all.push_back(online(true));
    SmallVector<StagingKind> ways = {StagingKind::Recompute};
    if (staged && shape.stagesInOutput)
      ways = {StagingKind::Output};
    else if (staged)
      ways.insert(ways.begin(), StagingKind::Scratch);
    for (StagingKind way : ways)
      all.push_back(threePass(way));
    if (target.scalable)
      for (StagingKind way : ways)
        all.push_back(scalable(way));
    all.push_back(online(false));
  } else if (layout == LayoutKind::Inner && shape.innerPossible &&
             !shape.selects) {
    if (shape.packsPanels && staged) {
      if (shape.streamable)
        all.push_back(panels(true));
      all.push_back(panels(false));
    }
    if (staged)
      all.push_back(lanesInner(StagingKind::Scratch));
    all.push_back(lanesInner(StagingKind::Recompute));
  }
  // Those whose rows cannot occur.
  llvm::erase_if(all, [&](const Candidate &c) {
    if (shape.columns && c.maxColumns && *shape.columns > c.maxColumns)
      return true;
    if (shape.columns == 0 && c.strategy == StrategyKind::Registers)
      return true;
    if (shape.rows && *shape.rows < c.minRows)
      return true;
    return shape.rows && shape.columns &&
           bytesOf(shape, {*shape.columns, *shape.rows}) < c.minBytes;
  });
  return all;
}

SmallVector<Candidate>
mlir::softmax::listCandidates(const KernelShape &shape,
                              const TargetDescription &target) {
  Lister lister(shape, target);
  SmallVector<Candidate> all;
  for (LayoutKind layout :
       {LayoutKind::Row, LayoutKind::Inner, LayoutKind::Any})
    llvm::append_range(all, lister.list(layout));
  return all;
}
