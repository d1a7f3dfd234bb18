/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
 *
 * oneDNN's softmax through its C interface, version 3.
 */
#include "oneapi/dnnl/dnnl.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct softmax {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  dnnl_memory_desc_t shape;
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  dnnl_memory_t in, out;
  dnnl_exec_arg_t arguments[2];
};

void onednn_release(struct softmax *s) {
  dnnl_memory_destroy(s->in);
  dnnl_memory_destroy(s->out);
  dnnl_primitive_destroy(s->primitive);
  dnnl_primitive_desc_destroy(s->description);
  dnnl_memory_desc_destroy(s->shape);
  dnnl_stream_destroy(s->stream);
  dnnl_engine_destroy(s->engine);
  free(s);
}

/* A primitive for a compact tensor, NULL where oneDNN has none. */
struct softmax *onednn_softmax(int64_t rank, const int64_t *sizes, int64_t type,
                               int64_t axis, void *in, void *out) {
  struct softmax *s = calloc(1, sizeof *s);
  dnnl_dims_t strides;
  if (!s)
    return 0;
  for (int64_t i = rank, stride = 1; i-- > 0; stride *= sizes[i])
    strides[i] = stride;
  if (dnnl_engine_create(&s->engine, dnnl_cpu, 0) ||
      dnnl_stream_create(&s->stream, s->engine, dnnl_stream_default_flags) ||
      dnnl_memory_desc_create_with_strides(&s->shape, (int)rank, sizes,
                                           (dnnl_data_type_t)type, strides) ||
      dnnl_softmax_forward_primitive_desc_create(
          &s->description, s->engine, dnnl_forward_inference,
          dnnl_softmax_accurate, s->shape, s->shape, (int)axis, 0) ||
      dnnl_primitive_create(&s->primitive, s->description) ||
      dnnl_memory_create(&s->in, s->shape, s->engine, in) ||
      dnnl_memory_create(&s->out, s->shape, s->engine, out)) {
    onednn_release(s);
    return 0;
  }
  s->arguments[0].arg = DNNL_ARG_SRC;
  s->arguments[0].memory = s->in;
  s->arguments[1].arg = DNNL_ARG_DST;
  s->arguments[1].memory = s->out;
  return s;
}

int onednn_execute(struct softmax *s) {
  return dnnl_primitive_execute(s->primitive, s->stream, 2, s->arguments) ||
         dnnl_stream_wait(s->stream);
}

const char *onednn_version(void) {
  static char text[32];
  const dnnl_version_t *version = dnnl_version();
  snprintf(text, sizeof text, "%d.%d.%d", version->major, version->minor,
           version->patch);
  return text;
}

const char *onednn_implementation(struct softmax *s) {
  const char *name = "";
  dnnl_primitive_desc_query(s->description, dnnl_query_impl_info_str, 0, &name);
  return name;
}
