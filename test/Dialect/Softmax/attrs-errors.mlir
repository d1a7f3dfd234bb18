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

// expected-error@+1 {{alternative: vectors must be from 1 to 64, not 0}}
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

// expected-error@+1 {{alternative: strategy 'registers' stages nothing: staging must be recompute}}
func.func private @registers_staging() attributes {a = #softmax.alternative<layout = row, max_columns = 32, strategy = registers, lanes = 8, vectors = 4, staging = output, tail = masked>}

// -----

// expected-error@+1 {{schedule: the last alternative must be unconditional (layout = any, and none of min_columns, max_columns, min_rows and min_bytes)}}
func.func private @last_layout() attributes {a = #softmax.schedule<numeric = <exp = plain, fma = true, group = 64, block = 64>,
  alternatives = [<layout = row, strategy = three_pass, lanes = 8, vectors = 4, staging = output, tail = masked>]>}

// -----

// expected-error@+1 {{schedule: the last alternative must be unconditional (layout = any, and none of min_columns, max_columns, min_rows and min_bytes)}}
func.func private @last_columns() attributes {a = #softmax.schedule<numeric = <exp = plain, fma = true, group = 64, block = 64>,
  alternatives = [<layout = any, max_columns = 7, strategy = packed, lanes = 8, vectors = 4, staging = scratch, tail = masked>]>}

// -----

// The parser wants an alternative before the verifier does.
// expected-error@+2 {{expected '<'}}
// expected-error@+1 {{failed to parse Softmax_ScheduleAttr parameter 'alternatives'}}
func.func private @no_alternative() attributes {a = #softmax.schedule<numeric = <exp = plain, fma = true, group = 64, block = 64>, alternatives = []>}

// -----

// expected-error@+2 {{expected one of [nan, zero] for what a fully masked row (every logit -inf) gives, got: one}}
// expected-error@+1 {{failed to parse Softmax_MaxSumExpAttr parameter 'masked_row'}}
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

// expected-error@+1 {{alternative: prefetch must be from 0 to 64, not 65}}
func.func private @prefetch() attributes {a = #softmax.alternative<layout = row, strategy = three_pass, lanes = 8, vectors = 1, staging = scratch, tail = masked, prefetch = 65>}

// -----

// expected-error@+1 {{alternative: strategy 'packed' takes neither prefetch nor nontemporal stores; pipe2, online and panels do}}
func.func private @packed_prefetch() attributes {a = #softmax.alternative<layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked, prefetch = 1>}

// -----

// expected-error@+1 {{schedule: the last alternative must be unconditional (layout = any, and none of min_columns, max_columns, min_rows and min_bytes)}}
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

// -----

// expected-error@+1 {{numeric part: exp = table8 needs fused multiply-add; use exp = scaled}}
func.func private @table_without_fma() attributes {a = #softmax.numeric<exp = table8, fma = false, group = 64, block = 4096>}

// -----

// expected-error@+1 {{numeric part: accuracy = strict has the same bits on every target, so exp must be scaled, not table16}}
func.func private @strict_table() attributes {a = #softmax.numeric<exp = table16, fma = true, group = 64, block = 4096, accuracy = strict>}

// -----

// expected-error@+1 {{numeric part: accuracy = fast has no plain exponential; use exp = scaled or a table}}
func.func private @fast_plain() attributes {a = #softmax.numeric<exp = plain, fma = true, group = 64, block = 4096, accuracy = fast>}

// -----

// expected-error@+1 {{alternative: min_columns must not be negative, not -2}}
func.func private @min_columns() attributes {a = #softmax.alternative<layout = row, min_columns = -2, strategy = three_pass, lanes = 8, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: min_rows must not be negative, not -3}}
func.func private @min_rows() attributes {a = #softmax.alternative<layout = row, min_rows = -3, strategy = three_pass, lanes = 8, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: min_columns = 9 is above max_columns = 8: no row has both}}
func.func private @no_columns() attributes {a = #softmax.alternative<layout = row, min_columns = 9, max_columns = 8, strategy = three_pass, lanes = 8, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: rows must be a power of two from 1 to 64, not 12}}
func.func private @rows() attributes {a = #softmax.alternative<layout = row, max_columns = 64, min_rows = 1, strategy = pipe3, lanes = 8, vectors = 1, rows = 12, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'pipe3' takes rows in batches: say `rows`, how many}}
func.func private @pipe3_rows() attributes {a = #softmax.alternative<layout = row, max_columns = 64, min_rows = 1, strategy = pipe3, lanes = 8, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'pipe2' has one row in flight: drop `rows`; only pipe3 takes it}}
func.func private @pipe2_rows() attributes {a = #softmax.alternative<layout = row, max_columns = 64, min_rows = 1, strategy = pipe2, lanes = 8, vectors = 1, rows = 8, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'pipe3' needs a row to begin with: its guard must say min_rows = 1 or more}}
func.func private @pipe3_no_row() attributes {a = #softmax.alternative<layout = row, max_columns = 64, strategy = pipe3, lanes = 8, vectors = 1, rows = 8, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'pipe2' needs a row to begin with: its guard must say min_rows = 1 or more}}
func.func private @pipe2_no_row() attributes {a = #softmax.alternative<layout = row, max_columns = 64, strategy = pipe2, lanes = 8, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'lanes_rows' needs a row to begin with: its guard must say min_rows = 1 or more}}
func.func private @lanes_rows_no_row() attributes {a = #softmax.alternative<layout = row, max_columns = 64, strategy = lanes_rows, lanes = 8, vectors = 1, staging = recompute, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'pipe3' holds short rows: its guard must say max_columns}}
func.func private @pipe3_unbounded() attributes {a = #softmax.alternative<layout = row, min_rows = 1, strategy = pipe3, lanes = 8, vectors = 1, rows = 8, staging = recompute, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'lanes_rows' holds short rows: its guard must say max_columns}}
func.func private @lanes_rows_unbounded() attributes {a = #softmax.alternative<layout = row, min_rows = 1, strategy = lanes_rows, lanes = 8, vectors = 1, staging = recompute, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'registers' holds short rows: its guard must say max_columns}}
func.func private @registers_unbounded() attributes {a = #softmax.alternative<layout = row, min_rows = 1, strategy = registers, lanes = 8, vectors = 1, staging = recompute, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'lanes_rows' stages nothing: staging must be recompute}}
func.func private @lanes_rows_staging() attributes {a = #softmax.alternative<layout = row, max_columns = 16, min_rows = 1, strategy = lanes_rows, lanes = 8, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'online' stages nothing: staging must be recompute}}
func.func private @online_staging() attributes {a = #softmax.alternative<layout = row, max_columns = 16, min_rows = 1, strategy = online, lanes = 8, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'panels' reads along a contiguous inner dimension: its guard must say layout = inner}}
func.func private @panels_layout() attributes {a = #softmax.alternative<layout = row, strategy = panels, lanes = 8, vectors = 1, staging = scratch, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'panels' packs panels: staging must be scratch}}
func.func private @panels_staging() attributes {a = #softmax.alternative<layout = inner, strategy = panels, lanes = 8, vectors = 1, staging = recompute, tail = masked>}

// -----

// expected-error@+1 {{alternative: strategy 'pipe2' cannot stage in the destination; use staging = scratch or recompute}}
func.func private @pipe2_output() attributes {a = #softmax.alternative<layout = row, min_rows = 1, strategy = pipe2, lanes = 8, vectors = 1, staging = output, tail = masked, stores = nontemporal>}

// -----

// expected-error@+1 {{schedule: strategy 'pipe3' holds rows of up to a block of 4096 elements, but its alternative says max_columns = 5000}}
func.func private @pipe3_columns() attributes {a = #softmax.schedule<numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
  alternatives = [<layout = row, max_columns = 5000, min_rows = 1, strategy = pipe3, lanes = 8, vectors = 1, rows = 8, staging = scratch, tail = masked>,
                  <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>}

// -----

// expected-error@+1 {{schedule: strategy 'lanes_rows' holds rows of up to a group of 64 elements, but its alternative says max_columns = 65}}
func.func private @lanes_rows_columns() attributes {a = #softmax.schedule<numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
  alternatives = [<layout = row, max_columns = 65, min_rows = 1, strategy = lanes_rows, lanes = 8, vectors = 1, staging = recompute, tail = masked>,
                  <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>}

// -----

// expected-error@+1 {{schedule: strategy 'panels' is guarded by min_rows or min_bytes, so an alternative with layout = inner and neither must follow for the same columns: a row's bits do not depend on how many there are}}
func.func private @inner_rows() attributes {a = #softmax.schedule<numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
  alternatives = [<layout = inner, max_columns = 100, min_rows = 64, strategy = panels, lanes = 8, vectors = 1, staging = scratch, tail = masked>,
                  <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>}

// -----

// expected-error@+1 {{schedule: strategy 'panels' is guarded by min_rows or min_bytes, so}}
func.func private @inner_columns() attributes {a = #softmax.schedule<numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
  alternatives = [<layout = inner, max_columns = 100, min_bytes = 64, strategy = panels, lanes = 8, vectors = 1, staging = scratch, tail = masked>,
                  <layout = inner, max_columns = 99, strategy = lanes_inner, lanes = 8, vectors = 1, staging = scratch, tail = masked>,
                  <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>}

// -----

// expected-error@+1 {{schedule: strategy 'scalable' has vectors of any length, but exp = table16 looks its table up in registers of a fixed one; use exp = scaled, or leave scalable out}}
func.func private @scalable_table() attributes {a = #softmax.schedule<numeric = <exp = table16, fma = true, group = 64, block = 4096>,
  alternatives = [<layout = row, strategy = scalable, lanes = 4, vectors = 1, staging = recompute, tail = masked, scalable = true>,
                  <layout = any, strategy = packed, lanes = 8, vectors = 1, staging = scratch, tail = masked>]>}
