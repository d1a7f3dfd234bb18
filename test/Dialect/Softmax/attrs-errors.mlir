// One case per diagnostic of the attributes' verifiers.
// RUN: softmax-opt %s --split-input-file -verify-diagnostics

// expected-error@+1 {{#softmax.topk takes k from 1 to 64, not 0}}
func.func private @topk_none() attributes {a = #softmax.topk<k = 0>}

// -----

// expected-error@+1 {{#softmax.topk takes k from 1 to 64, not 65}}
func.func private @topk_many() attributes {a = #softmax.topk<k = 65>}

// -----

// C-SUM-1
// expected-error@+1 {{numeric part: group must be 64 (the fixed tree of C-SUM-1), not 32}}
func.func private @group() attributes {a = #softmax.numeric<exp = scaled, fma = true, group = 32, block = 4096>}

// -----

// expected-error@+1 {{numeric part: block must be a positive multiple of group (64), not 100}}
func.func private @block() attributes {a = #softmax.numeric<exp = scaled, fma = true, group = 64, block = 100>}

// -----

// expected-error@+1 {{numeric part: block must be a positive multiple of group (64), not 0}}
func.func private @block_zero() attributes {a = #softmax.numeric<exp = plain, fma = true, group = 64, block = 0>}

// -----

// expected-error@+1 {{alternative: max_columns must not be negative, not -1}}
func.func private @columns() attributes {a = #softmax.alternative<layout = any, max_columns = -1, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: lanes must be a power of two from 1 to 64, not 12}}
func.func private @lanes() attributes {a = #softmax.alternative<layout = any, strategy = packed, lanes = 12, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: lanes must be a power of two from 1 to 64, not 128}}
func.func private @lanes_many() attributes {a = #softmax.alternative<layout = any, strategy = packed, lanes = 128, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: vectors must be positive, not 0}}
func.func private @vectors() attributes {a = #softmax.alternative<layout = any, strategy = packed, lanes = 8, vectors = 0, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'three_pass' reads contiguous rows: its guard must say layout = row}}
func.func private @three_pass() attributes {a = #softmax.alternative<layout = any, strategy = three_pass, lanes = 8, vectors = 1, staging = output, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'registers' reads contiguous rows: its guard must say layout = row}}
func.func private @registers() attributes {a = #softmax.alternative<layout = inner, max_columns = 8, strategy = registers, lanes = 8, vectors = 1, staging = recompute, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'lanes_inner' reads along a contiguous inner dimension: its guard must say layout = inner}}
func.func private @lanes_inner() attributes {a = #softmax.alternative<layout = row, strategy = lanes_inner, lanes = 8, vectors = 1, staging = recompute, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'registers' holds lanes x vectors = 32 elements: max_columns must be between 1 and that}}
func.func private @registers_columns() attributes {a = #softmax.alternative<layout = row, max_columns = 33, strategy = registers, lanes = 8, vectors = 4, staging = recompute, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'registers' holds lanes x vectors = 32 elements: max_columns must be between 1 and that}}
func.func private @registers_unbounded() attributes {a = #softmax.alternative<layout = row, strategy = registers, lanes = 8, vectors = 4, staging = recompute, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'registers' stages nothing: staging must be recompute}}
func.func private @registers_staging() attributes {a = #softmax.alternative<layout = row, max_columns = 32, strategy = registers, lanes = 8, vectors = 4, staging = output, tail = masked>}

// -----

// expected-error@+1 {{schedule: the last alternative must be unconditional (layout = any, neither max_columns nor min_bytes)}}
func.func private @last_layout() attributes {a = #softmax.schedule<numeric = <exp = plain, fma = true, group = 64, block = 64>,
  alternatives = [<layout = row, strategy = three_pass, lanes = 8, vectors = 4, staging = output, tail = masked>]>}

// -----

// expected-error@+1 {{schedule: the last alternative must be unconditional (layout = any, neither max_columns nor min_bytes)}}
func.func private @last_columns() attributes {a = #softmax.schedule<numeric = <exp = plain, fma = true, group = 64, block = 64>,
  alternatives = [<layout = any, max_columns = 7, strategy = packed, lanes = 8, vectors = 4, staging = output, tail = masked>]>}

// -----

// The parser wants an alternative before the verifier does.
// expected-error@+2 {{expected '<'}}
// expected-error@+1 {{failed to parse Softmax_ScheduleAttr parameter 'alternatives'}}
func.func private @no_alternative() attributes {a = #softmax.schedule<numeric = <exp = plain, fma = true, group = 64, block = 64>, alternatives = []>}

// -----

// expected-error@+2 {{expected one of [nan, zero] for what a fully masked row (every logit -inf) gives, got: one}}
// expected-error@+1 {{failed to parse Softmax_MaxSumExpAttr parameter 'maskedRow'}}
func.func private @masked_row() attributes {a = #softmax.max_sumexp<masked_row = one>}

// -----

// expected-error@+2 {{expected one of [registers, three_pass, lanes_inner, packed, pipe3, pipe2, online, lanes_rows, panels, scalable] for how a CPU kernel moves over rows, got: fastest}}
// expected-error@+1 {{failed to parse Softmax_AlternativeAttr parameter 'strategy'}}
func.func private @strategy() attributes {a = #softmax.alternative<layout = any, strategy = fastest, lanes = 8, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{unknown attribute `median` in dialect `softmax`}}
func.func private @unknown() attributes {a = #softmax.median}

// -----

// expected-error@+1 {{alternative: min_bytes must not be negative, not -1}}
func.func private @min_bytes() attributes {a = #softmax.alternative<layout = row, min_bytes = -1, strategy = three_pass, lanes = 8, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: prefetch must be from 0 to 64 rows, not 65}}
func.func private @prefetch() attributes {a = #softmax.alternative<layout = row, strategy = three_pass, lanes = 8, vectors = 1, staging = scratch, tail = masked, prefetch = 65>}

// -----

// expected-error@+1 {{alternative: strategy 'packed' takes neither prefetch nor nontemporal stores; three_pass does}}
func.func private @packed_prefetch() attributes {a = #softmax.alternative<layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked, prefetch = 1>}

// -----

// expected-error@+1 {{alternative: results stored past the caches cannot wait there as exponentials; use staging = scratch or recompute}}
func.func private @staged_past() attributes {a = #softmax.alternative<layout = row, strategy = three_pass, lanes = 8, vectors = 1, staging = output, tail = masked, stores = nontemporal>}

// -----

// expected-error@+1 {{schedule: the last alternative must be unconditional (layout = any, neither max_columns nor min_bytes)}}
func.func private @last_bytes() attributes {a = #softmax.schedule<numeric = <exp = scaled, fma = true, group = 64, block = 4096>, alternatives = [<layout = any, min_bytes = 8, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>}

// -----

// expected-error@+1 {{alternative: strategy 'three_pass' has vectors of a fixed length: leave scalable out or use scalable or lanes_inner}}
func.func private @not_scalable() attributes {a = #softmax.alternative<layout = row, strategy = three_pass, lanes = 8, vectors = 1, staging = scratch, tail = masked, scalable = true>}

// -----

// expected-error@+1 {{alternative: strategy 'scalable' has vectors of any length: add scalable = true or use three_pass}}
func.func private @scalable() attributes {a = #softmax.alternative<layout = row, strategy = scalable, lanes = 8, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: tails of vectors of any length are masked: write tail = masked}}
func.func private @scalable_tail() attributes {a = #softmax.alternative<layout = row, strategy = scalable, lanes = 8, vectors = 1, staging = scratch, tail = pieces, scalable = true>}

// -----

// expected-error@+1 {{alternative: strategy 'scalable' reads contiguous rows: its guard must say layout = row}}
func.func private @scalable_layout() attributes {a = #softmax.alternative<layout = any, strategy = scalable, lanes = 8, vectors = 1, staging = scratch, tail = masked, scalable = true>}
