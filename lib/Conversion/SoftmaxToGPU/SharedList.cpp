// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A segment brings candidates to the list, which then takes its place among
// them: each element's rank is the number of those before it.
//
// Candidates are what is before the last one of the list.  To the list that is
// not full, what is not below the largest elements of as many groups of threads
// as elements are selected: of random rows G log(G / (G - k)) of G groups.
// Where there are more than there is room for, as in rows of many equal
// elements, those that have come make the list, before whose last one few are
// left.

#include "SelectedList.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;
using arith::CmpIPredicate;

/// Candidates that there is room for, not fewer than are selected: ranking
/// takes the square of their number.
static constexpr int64_t capacity = 128;

/// Groups of threads of a warp whose largest elements are compared: with twice
/// as many as elements are selected, candidates are 1.4 times as many.
static int64_t countGroups(const SelectionForm &form) {
  int64_t enough = llvm::PowerOf2Ceil(2 * form.count);
  int64_t warps = llvm::divideCeil(form.k.rowThreads, form.k.warpSize);
  return std::min(std::max(enough, warps), form.k.rowThreads);
}
namespace {
/// Elements in shared memory.
struct SharedElements {
  Value keys, columns;
};

class SharedList : public SelectedList {
public:
  using SelectedList::SelectedList;
  SmallVector<Value> begin() override;
  SmallVector<Value> merge(const Segment &segment, Value begin,
                           ValueRange carried) override;
  SmallVector<Ranked> end(ValueRange carried) override;

private:
  Value integer(int64_t value) { return form.math.integer(form.i32, value); }
  Value isBelow(Value x, Value y) {
    return form.math.compareInt(CmpIPredicate::slt, x, y);
  }
  Value toInteger(Value condition) {
    return arith::ExtUIOp::create(k.b, k.loc, form.i32, condition);
  }
  Value load(Value memory, Value number) {
    return memref::LoadOp::create(k.b, k.loc, memory, form.toIndex(number));
  }
  void store(Value value, Value memory, Value number) {
    memref::StoreOp::create(k.b, k.loc, value, memory, form.toIndex(number));
  }
  void store(const Ranked &element, const SharedElements &to, Value number) {
    store(element.key, to.keys, number);
    store(element.column, to.columns, number);
  }
  void emitIf(Value condition, function_ref<void()> body);
  /// `body` for the numbers below `end` that are this thread's.
  void emitForOwn(Value first, Value end, function_ref<void(Value)> body);
  /// How many of `end` numbers `counts` holds for.
  Value countTo(Value end, function_ref<Value(Value)> counts);

  Ranked load(const SharedElements &from, Value number) {
    return {load(from.keys, number), load(from.columns, number)};
  }

  /// What is carried along, all i32: which of the two lists is read, how many
  /// elements it has, and which of the two counters counts.
  struct State {
    Value turn, length, phase;

    explicit State(ValueRange values)
        : turn(values[0]), length(values[1]), phase(values[2]) {}
    static constexpr size_t size = 3;
  };
  Value flip(Value turn) { return k.sub(integer(1), turn); }
  /// Repeats `body`, which returns whether it is to run once more, an i1, and
  /// what it takes then.
  SmallVector<Value> repeat(ValueRange init,
                            function_ref<SmallVector<Value>(ValueRange)> body);
  /// Where the list `turn` has its element `number`.
  Value at(Value turn, Value number) {
    return k.add(k.mul(turn, integer(form.count)), number);
  }
  /// What all candidates of a segment are before, where `largest` is the
  /// largest key of this thread: an element that need not be there.
  Ranked findBound(const State &list, Value largest);
  /// The same for a list that is not full.
  Value findBoundOfGroups(Value largest);
  Ranked loadLast(Value turn) {
    return load(lists, at(turn, integer(form.count - 1)));
  }
  /// Moves elements of this thread that are before `bound` to the candidates,
  /// as long as there is room; returns those that are left.
  SmallVector<Value> push(SelectionRounds &rounds, ValueRange elements,
                          const Ranked &bound, Value begin, Value phase);
  /// The first ones of the list and of the candidates become the other list.
  void rank(const State &list, Value numCandidates);

  /// Two lists in turn: one is read while the other one is written.
  SharedElements lists;
  SharedElements candidates;
  /// The largest keys of groups; one less than the least that counts of these;
  /// numbers of candidates, in turn: one is 0 when the other one is done.
  Value maxima, below, counters;
};
} // namespace

void SharedList::emitIf(Value condition, function_ref<void()> body) {
  scf::IfOp::create(k.b, k.loc, condition, [&](OpBuilder &, Location) {
    body();
    scf::YieldOp::create(k.b, k.loc);
  });
}

void SharedList::emitForOwn(Value first, Value end,
                            function_ref<void(Value)> body) {
  scf::ForOp::create(k.b, k.loc, first, end, integer(k.rowThreads),
                     ValueRange{},
                     [&](OpBuilder &, Location, Value i, ValueRange) {
                       body(i);
                       scf::YieldOp::create(k.b, k.loc);
                     });
}

Value SharedList::countTo(Value end, function_ref<Value(Value)> counts) {
  return scf::ForOp::create(
             k.b, k.loc, integer(0), end, integer(1), ValueRange{integer(0)},
             [&](OpBuilder &, Location, Value i, ValueRange args) {
               scf::YieldOp::create(k.b, k.loc,
                                    k.add(args[0], toInteger(counts(i))));
             })
      .getResult(0);
}

SmallVector<Value> SharedList::begin() {
  lists = {k.shared(form.keys, 2 * form.count),
           k.shared(form.i64, 2 * form.count)};
  candidates = {k.shared(form.keys, capacity), k.shared(form.i64, capacity)};
  maxima = k.shared(form.keys, countGroups(form));
  below = k.shared(form.keys, 1);
  counters = k.shared(form.i32, 2);
  emitIf(form.isSame(form.narrow(k.thread), integer(0)),
         [&]() { store(integer(0), counters, integer(0)); });
  k.barrier();
  return {integer(0), integer(0), integer(0)};
}

Value SharedList::findBoundOfGroups(Value largest) {
  int64_t groups = countGroups(form);
  int64_t threads = k.rowThreads / groups;
  for (int64_t distance = threads / 2; distance > 0; distance /= 2)
    largest = arith::MaxSIOp::create(k.b, k.loc, largest,
                                     k.shuffle(largest, distance));
  Value thread = form.narrow(k.thread);
  emitIf(form.isSame(k.rem(thread, integer(threads)), integer(0)),
         [&]() { store(largest, maxima, k.div(thread, integer(threads))); });
  k.barrier();
  emitIf(isBelow(thread, integer(groups)), [&]() {
    Value own = load(maxima, thread);
    Value before = countTo(integer(groups), [&](Value i) {
      Value other = load(maxima, i);
      return form.math.orInt(
          form.isAbove(other, own),
          form.math.andInt(form.isSame(other, own), isBelow(i, thread)));
    });
    emitIf(form.isSame(before, integer(form.count - 1)), [&]() {
      // Nothing is below the least key.
      Value less = k.sub(own, form.math.integer(form.keys, 1));
      store(k.select(form.isSame(own, form.absent()), own, less), below,
            integer(0));
    });
  });
  k.barrier();
  return load(below, integer(0));
}

Ranked SharedList::findBound(const State &list, Value largest) {
  ValueRange bound =
      scf::IfOp::create(
          k.b, k.loc, isBelow(list.length, integer(form.count)),
          [&](OpBuilder &, Location) {
            Value none = form.math.integer(form.i64, -1);
            scf::YieldOp::create(k.b, k.loc,
                                 ValueRange{findBoundOfGroups(largest), none});
          },
          [&](OpBuilder &, Location) {
            Ranked last = loadLast(list.turn);
            scf::YieldOp::create(k.b, k.loc, ValueRange{last.key, last.column});
          })
          .getResults();
  return {bound[0], bound[1]};
}

SmallVector<Value>
SharedList::repeat(ValueRange init,
                   function_ref<SmallVector<Value>(ValueRange)> body) {
  SmallVector<Value> values = {k.i1(true)};
  llvm::append_range(values, init);
  // SPIR-V has no room for operations with regions where a loop's condition is.
  auto loop = scf::WhileOp::create(
      k.b, k.loc, ValueRange(values).getTypes(), values,
      [&](OpBuilder &, Location, ValueRange args) {
        scf::ConditionOp::create(k.b, k.loc, args.front(), args);
      },
      [&](OpBuilder &, Location, ValueRange args) {
        scf::YieldOp::create(k.b, k.loc, body(args.drop_front()));
      });
  return llvm::to_vector_of<Value>(loop.getResults().drop_front());
}

SmallVector<Value> SharedList::push(SelectionRounds &rounds,
                                    ValueRange elements, const Ranked &bound,
                                    Value begin, Value phase) {
  return repeat(elements, [&](ValueRange left) {
    // In any order: ranks do not depend on it.
    Ranked first = form.inRow(rounds.getFirst(left), begin);
    Value place = scf::IfOp::create(
                      k.b, k.loc, form.isBefore(first, bound),
                      [&](OpBuilder &, Location) {
                        Value next = memref::AtomicRMWOp::create(
                            k.b, k.loc, arith::AtomicRMWKind::addi, integer(1),
                            counters, ValueRange{form.toIndex(phase)});
                        scf::YieldOp::create(k.b, k.loc, next);
                      },
                      [&](OpBuilder &, Location) {
                        scf::YieldOp::create(k.b, k.loc, integer(capacity));
                      })
                      .getResult(0);
    Value fits = isBelow(place, integer(capacity));
    SmallVector<Value> next = {fits};
    llvm::append_range(next, scf::IfOp::create(
                                 k.b, k.loc, fits,
                                 [&](OpBuilder &, Location) {
                                   store(first, candidates, place);
                                   scf::YieldOp::create(k.b, k.loc,
                                                        rounds.dropFirst(left));
                                 },
                                 [&](OpBuilder &, Location) {
                                   scf::YieldOp::create(k.b, k.loc, left);
                                 })
                                 .getResults());
    return next;
  });
}

void SharedList::rank(const State &list, Value numCandidates) {
  Value other = flip(list.turn), thread = form.narrow(k.thread);
  Value count = integer(form.count);
  auto storeRanked = [&](const Ranked &element, Value rank) {
    emitIf(isBelow(rank, count),
           [&]() { store(element, lists, at(other, rank)); });
  };
  auto countBefore = [&](const Ranked &element) {
    return countTo(numCandidates, [&](Value i) {
      return form.isBefore(load(candidates, i), element);
    });
  };
  emitForOwn(thread, numCandidates, [&](Value i) {
    Ranked own = load(candidates, i);
    Value listed = countTo(list.length, [&](Value j) {
      return form.isBefore(load(lists, at(list.turn, j)), own);
    });
    storeRanked(own, k.add(countBefore(own), listed));
  });
  // The other end of the threads has less to do.
  emitForOwn(k.sub(integer(k.rowThreads - 1), thread), list.length,
             [&](Value i) {
               Ranked own = load(lists, at(list.turn, i));
               storeRanked(own, k.add(i, countBefore(own)));
             });
}

SmallVector<Value> SharedList::merge(const Segment &segment, Value begin,
                                     ValueRange carried) {
  SelectionRounds rounds(form, segment, begin);
  SmallVector<Value> elements = rounds.start();
  Ranked bound = findBound(State(carried), rounds.getFirst(elements).key);
  SmallVector<Value> init(carried);
  llvm::append_range(init, ValueRange{bound.key, bound.column});
  llvm::append_range(init, elements);
  SmallVector<Value> results = repeat(init, [&](ValueRange args) {
    State list(args);
    ValueRange rest = args.drop_front(State::size);
    SmallVector<Value> left =
        push(rounds, rest.drop_front(2), {rest[0], rest[1]}, begin, list.phase);
    k.barrier();
    Value asked = load(counters, list.phase);
    Value found =
        k.b.createOrFold<arith::MinSIOp>(k.loc, asked, integer(capacity));
    Value some = isBelow(integer(0), found);
    emitIf(some, [&]() { rank(list, found); });
    Value phase = flip(list.phase);
    emitIf(form.isSame(form.narrow(k.thread), integer(0)),
           [&]() { store(integer(0), counters, phase); });
    k.barrier();
    Value turn = k.select(some, flip(list.turn), list.turn);
    Value length = k.b.createOrFold<arith::MinSIOp>(
        k.loc, k.add(list.length, found), integer(form.count));
    Value more = isBelow(integer(capacity), asked);
    // Then the list is full.
    Ranked last{rest[0], rest[1]};
    ValueRange bound =
        scf::IfOp::create(
            k.b, k.loc, more,
            [&](OpBuilder &, Location) {
              Ranked own = loadLast(turn);
              scf::YieldOp::create(k.b, k.loc, ValueRange{own.key, own.column});
            },
            [&](OpBuilder &, Location) {
              scf::YieldOp::create(k.b, k.loc,
                                   ValueRange{last.key, last.column});
            })
            .getResults();
    SmallVector<Value> next = {more, turn, length, phase, bound[0], bound[1]};
    llvm::append_range(next, left);
    return next;
  });
  return SmallVector<Value>(ArrayRef(results).take_front(State::size));
}

SmallVector<Ranked> SharedList::end(ValueRange carried) {
  State list(carried);
  SmallVector<Ranked> elements;
  for (int64_t i = 0; i < form.own; ++i) {
    Value number = form.numberOf(i);
    ValueRange element =
        scf::IfOp::create(
            k.b, k.loc, isBelow(number, list.length),
            [&](OpBuilder &, Location) {
              Ranked own = load(lists, at(list.turn, number));
              scf::YieldOp::create(k.b, k.loc, ValueRange{own.key, own.column});
            },
            [&](OpBuilder &, Location) {
              Value none = form.math.integer(form.i64, -1);
              scf::YieldOp::create(k.b, k.loc, ValueRange{form.absent(), none});
            })
            .getResults();
    elements.push_back({element[0], element[1]});
  }
  return elements;
}

bool mlir::softmax::takesRounds(const SelectionForm &form) {
  // So few take no longer than finding a bound.
  return form.count <= 4 || form.count > countGroups(form);
}

std::unique_ptr<SelectedList>
mlir::softmax::makeSharedList(const SelectionForm &form) {
  return std::make_unique<SharedList>(form);
}
