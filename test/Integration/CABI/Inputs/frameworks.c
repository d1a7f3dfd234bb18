/* The entry points for TVM-FFI and for memref descriptors. */
#include "handwritten.h"

#include "tensors.h"

static char kind[64], message[256];

#ifndef WITHOUT_TVM_FFI
void TVMFFIErrorSetRaisedFromCStr(const char *errorKind, const char *text) {
  snprintf(kind, sizeof kind, "%s", errorKind);
  snprintf(message, sizeof message, "%s", text);
}
#endif

enum { AnyNone, AnyInt, AnyBool, AnyFloat, AnyDLTensorPtr = 7, AnyTensor = 70 };

static float input[6] = {1, 2, 3, 4, 5, 6}, output[6], totals[2];
static uint8_t keep[6] = {1, 1, 1, 1, 1, 1};
static Tensor x, k, y, total;

/* struct { TVMFFIObject header; DLTensor tensor; } */
static struct {
  char header[24];
  DLTensor tensor;
} object;

static void reset(Any *any) {
  setTensor(&x, input, Float, 32, 2, 2, 3);
  setTensor(&k, keep, Bool, 8, 2, 2, 3);
  setTensor(&y, output, Float, 32, 2, 2, 3);
  setTensor(&total, totals, Float, 32, 1, 2, 0);
  memset(any, 0, 5 * sizeof *any);
  memset(output, 0, sizeof output);
  kind[0] = message[0] = 0;
  any[0].type_index = any[2].type_index = any[3].type_index =
      any[4].type_index = AnyDLTensorPtr;
  any[0].value.v_ptr = use(&x);
  any[1].type_index = AnyFloat;
  any[1].value.v_float64 = 1.0;
  any[2].value.v_ptr = use(&k);
  any[3].value.v_ptr = use(&y);
  any[4].value.v_ptr = use(&total);
}

/* Higher than all other operands, so that no size makes an overlap. */
static void *highest(void) {
  char here;
  return (void *)((uintptr_t)&here & ~(uintptr_t)3);
}

static void compare(int line, const char *expectedKind,
                    const char *expectedMessage) {
#ifdef WITHOUT_TVM_FFI
  expectedKind = expectedMessage = "";
#endif
  if (strcmp(kind, expectedKind) != 0 ||
      strcmp(message, expectedMessage) != 0) {
    printf("line %d: %s: %s\n", line, kind, message);
    ++failures;
  }
}

static void testTvm(void) {
  Any any[5], result;
  memset(&result, 0xff, sizeof result);
  reset(any);
  CHECK_EQ(__tvm_ffi_shares(NULL, any, 5, &result), 0);
  CHECK_EQ(result.type_index, AnyNone);
  CHECK_EQ(result.padding, 0);
  CHECK_EQ(result.value.v_int64, 0);
  CHECK(output[5] == 0.4f && totals[1] == 15);

  /* A Tensor object, and a whole number for the scalar. */
  reset(any);
  object.tensor = x.t;
  any[0].type_index = AnyTensor;
  any[0].value.v_ptr = &object;
  any[1].type_index = AnyInt;
  any[1].value.v_int64 = 2;
  CHECK_EQ(__tvm_ffi_shares(NULL, any, 5, &result), 0);
  CHECK(output[5] == 0.2f);

#define FAIL(expectedKind, expectedMessage, ...)                               \
  do {                                                                         \
    reset(any);                                                                \
    int count = 5;                                                             \
    __VA_ARGS__;                                                               \
    CHECK_EQ(__tvm_ffi_shares(NULL, any, count, &result), -1);                 \
    CHECK(output[5] == 0);                                                     \
    compare(__LINE__, expectedKind, expectedMessage);                          \
  } while (0)
  FAIL("TypeError", "shares: takes 5 arguments", count = 4);
  FAIL("TypeError", "shares: operand #2 'keep' must be a tensor",
       any[2].type_index = AnyNone);
  FAIL("TypeError", "shares: operand #1 'scale' must be a number",
       any[1].type_index = AnyDLTensorPtr);
  FAIL("TypeError", "shares: operand #0 'x' must have elements of type float32",
       x.t.dtype.bits = 64);
  FAIL("ValueError", "shares: operand #0 'x' is a null pointer",
       any[0].value.v_ptr = NULL);
  FAIL("ValueError", "shares: operand #4 'total' must have 1 dimensions",
       total.t.ndim = 2);
  FAIL("ValueError",
       "shares: operand #3 'y' must be as large along dimension 1 as operand "
       "#0 'x' along dimension 1",
       y.shape[1] = 4);
  FAIL("ValueError",
       "shares: operand #3 'y' overlaps operand #0 'x' without being exactly "
       "in place",
       y.t.data = input + 1);
  FAIL("MemoryError", "shares: cannot allocate its workspace",
       x.shape[0] = k.shape[0] = y.shape[0] = total.shape[0] = 1;
       x.shape[1] = k.shape[1] = y.shape[1] = INT64_C(1) << 54;
       x.strides[1] = k.strides[1] = 0; y.t.data = highest());
}

static void testDescriptors(void) {
  memset(output, 0, sizeof output);
  /* Rows 1 and 2 of x through an offset; y transposed. */
  static float wide[12] = {0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0};
  Descriptor2 xs = {wide, wide, 3, {2, 3}, {3, 1}};
  Descriptor2 ks = {keep, keep, 0, {2, 3}, {3, 1}};
  Descriptor2 ys = {output, output, 0, {2, 3}, {1, 2}};
  Descriptor1 ts = {totals, totals, 0, {2}, {1}};
  CHECK_EQ(_mlir_ciface_shares(&xs, 1.0f, &ks, &ys, &ts), 0);
  CHECK(output[5] == 0.4f && output[4] == 0.5f && totals[0] == 6);
  ys.sizes[1] = 2;
  CHECK_EQ(_mlir_ciface_shares(&xs, 1.0f, &ks, &ys, &ts), 5);
}

int main(void) {
  testTvm();
  testDescriptors();
  return finish();
}
