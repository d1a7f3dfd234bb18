/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

   Loads a file's kernels into contexts and launches them as its plans say.
   Follows CudaDriver.h. */
#ifndef SOFTMAX_CUDA_LAUNCHER_H
#define SOFTMAX_CUDA_LAUNCHER_H

/* Parameters of a kernel, at most. */
#define SOFTMAX_CUDA_MOST_ARGUMENTS 32

#ifndef SOFTMAX_CUDA_LOCAL
#define SOFTMAX_CUDA_LOCAL static
#endif

/* The code for one chip.

   `plan` holds numbers only:

     functions, then per function where its own plan begins;
     a function:     sizes, pairs; row factors, pairs; column factors, pairs;
                     operands, alignments; alternatives, then each of them
     a pair:         0 and a number, or 1 and the position of a size
     an alternative: its length; least columns, most columns, most rows (0: no
                     bound); bytes of workspace for each row and each so many
                     columns, two numbers; launches, then each of them
     a launch:       name, threads, rows per block; blocks per row, columns per
                     block (0: not by columns); blocks per cluster, bytes of
                     dynamic shared memory; arguments, pairs
     an argument:    0 and a number, 1 and a size, 2 and an operand, or 3 and 0
                     for the workspace

   An alignment is that of a tensor's elements; 0 stands for a scalar. */
typedef struct softmax_cuda_image {
  const char *chip;
  /* 90 for sm_90; whether no other chip runs the code (sm_90a). */
  int capability, exact;
  /* PTX, or what else cuModuleLoadData takes. */
  const void *code;
  /* The kernels' names, each with a 0 behind it. */
  const char *names;
  int name_count;
  const int64_t *plan;
} softmax_cuda_image;

typedef struct softmax_cuda_file {
  int image_count;
  const softmax_cuda_image *images;
} softmax_cuda_file;

/* A file's code in one context. */
typedef struct softmax_cuda_loaded {
  struct softmax_cuda_loaded *next;
  void *context;
  unsigned long long id;
  const softmax_cuda_image *image;
  void *module;
  /* By position in the image's names; null until it is looked up. */
  void *functions[1];
} softmax_cuda_loaded;

struct softmax_cuda {
  softmax_cuda_driver driver;
  const softmax_cuda_file *file;
  pthread_mutex_t mutex;
  softmax_cuda_loaded *loaded;
  /* Devices whose primary contexts are held, one bit each. */
  uint64_t held;
};

SOFTMAX_CUDA_LOCAL void softmax_cuda_release(softmax_cuda *kernels) {
  int device, handle;
  if (!kernels)
    return;
  while (kernels->loaded) {
    softmax_cuda_loaded *entry = kernels->loaded;
    kernels->loaded = entry->next;
    /* Fails where the context is gone, and its modules with it. */
    if (!kernels->driver.push(entry->context)) {
      void *context;
      kernels->driver.unload(entry->module);
      kernels->driver.pop(&context);
    }
    free(entry);
  }
  for (device = 0; device < 64; ++device)
    if (kernels->held >> device & 1 &&
        !kernels->driver.device_get(&handle, device))
      kernels->driver.primary_release(handle);
  pthread_mutex_destroy(&kernels->mutex);
  free(kernels);
}

/* Finds the driver and a GPU; null, a status and an error where there is
   none. */
SOFTMAX_CUDA_LOCAL softmax_cuda *
softmax_cuda_create(const softmax_cuda_file *file, int *status,
                    softmax_cuda_error *error) {
  softmax_cuda *kernels = (softmax_cuda *)calloc(1, sizeof(softmax_cuda));
  if (error)
    error->text[0] = 0;
  if (!kernels) {
    *status =
        softmax_cuda_fail(error, SOFTMAX_CUDA_OUT_OF_MEMORY, "out of memory");
    return NULL;
  }
  kernels->file = file;
  pthread_mutex_init(&kernels->mutex, NULL);
  *status = softmax_cuda_open(&kernels->driver, error);
  if (*status) {
    softmax_cuda_release(kernels);
    return NULL;
  }
  return kernels;
}

/* Makes a context of `device` current, of any device where it is negative: the
   current one if it fits, else the primary one, which the CUDA runtime uses.
   `*pushed` tells whether it is to be popped. */
static int softmax_cuda_enter(softmax_cuda *kernels, int device, int *pushed,
                              softmax_cuda_error *error) {
  const softmax_cuda_driver *driver = &kernels->driver;
  void *context = NULL;
  int code, current = -1, count = 0, handle = 0;
  *pushed = 0;
  if (!driver->current(&context) && context &&
      !driver->current_device(&current) && (device < 0 || device == current))
    return SOFTMAX_CUDA_OK;
  if (device < 0)
    device = 0;
  code = driver->device_count(&count);
  if (code || device >= count || device >= 64)
    return softmax_cuda_fail(error, SOFTMAX_CUDA_WRONG_DEVICE,
                             "there is no GPU %d: the driver has %d", device,
                             count);
  code = driver->device_get(&handle, device);
  if (!code && !(kernels->held >> device & 1)) {
    code = driver->primary_retain(&context, handle);
    if (!code)
      kernels->held |= (uint64_t)1 << device;
  } else if (!code) {
    /* Held already: this only asks for it again. */
    code = driver->primary_retain(&context, handle);
    if (!code)
      driver->primary_release(handle);
  }
  if (!code)
    code = driver->push(context);
  if (code)
    return softmax_cuda_driver_fail(driver, error,
                                    "the GPU cannot be taken into use", code,
                                    "see nvidia-smi for who uses it");
  *pushed = 1;
  return SOFTMAX_CUDA_OK;
}

/* The image for the current context's device: the latest that it runs. */
static const softmax_cuda_image *
softmax_cuda_choose(const softmax_cuda *kernels, softmax_cuda_error *error) {
  const softmax_cuda_driver *driver = &kernels->driver;
  const softmax_cuda_image *best = NULL;
  int device = 0, major = 0, minor = 0, capability, i;
  char name[128] = "GPU";
  /* CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR */
  if (driver->current_device(&device) ||
      driver->device_attribute(&major, 75, device) ||
      driver->device_attribute(&minor, 76, device)) {
    softmax_cuda_fail(error, SOFTMAX_CUDA_FAILED,
                      "the driver does not tell which GPU this is; see "
                      "nvidia-smi");
    return NULL;
  }
  capability = 10 * major + minor;
  for (i = 0; i < kernels->file->image_count; ++i) {
    const softmax_cuda_image *image = &kernels->file->images[i];
    if (image->exact ? image->capability == capability
                     : image->capability <= capability)
      if (!best || image->capability > best->capability)
        best = image;
  }
  if (best)
    return best;
  driver->device_name(name, (int)sizeof name, device);
  softmax_cuda_fail(error, SOFTMAX_CUDA_NO_VERSION,
                    "this %.127s is an sm_%d, and the kernels are for %s%s; "
                    "compile them with --target=nvptx:sm_%d",
                    name, capability, kernels->file->images[0].chip,
                    kernels->file->images[0].exact ? " alone" : " and later",
                    capability);
  return NULL;
}

/* The file's code in the current context; null and an error if it cannot be
   loaded.  To be called under the mutex. */
static softmax_cuda_loaded *softmax_cuda_get(softmax_cuda *kernels, int *status,
                                             softmax_cuda_error *error) {
  const softmax_cuda_driver *driver = &kernels->driver;
  softmax_cuda_loaded *entry;
  const softmax_cuda_image *image;
  void *context = NULL, *module = NULL;
  unsigned long long id = 0;
  char log[256] = "";
  /* CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES */
  int options[2] = {5, 6}, code;
  void *values[2];
  char *end;
  *status = SOFTMAX_CUDA_FAILED;
  if (driver->current(&context) || !context) {
    softmax_cuda_fail(error, *status, "no CUDA context is current");
    return NULL;
  }
  /* Another context may get the address of one that is gone. */
  if (driver->context_id && driver->context_id(context, &id))
    id = 0;
  for (entry = kernels->loaded; entry; entry = entry->next)
    if (entry->context == context && entry->id == id)
      return entry;
  image = softmax_cuda_choose(kernels, error);
  if (!image) {
    *status = SOFTMAX_CUDA_NO_VERSION;
    return NULL;
  }
  entry = (softmax_cuda_loaded *)calloc(
      1, sizeof *entry + (size_t)image->name_count * sizeof(void *));
  if (!entry) {
    *status =
        softmax_cuda_fail(error, SOFTMAX_CUDA_OUT_OF_MEMORY, "out of memory");
    return NULL;
  }
  values[0] = log;
  values[1] = (void *)(uintptr_t)(sizeof log - 1);
  code = driver->load(&module, image->code, 2, options, values);
  if (code) {
    free(entry);
    end = strchr(log, '\n');
    if (end)
      *end = 0;
    /* CUDA_ERROR_INVALID_PTX, _UNSUPPORTED_PTX_VERSION, _NO_BINARY_FOR_GPU */
    if (code == 218 || code == 222 || code == 209)
      *status = softmax_cuda_fail(
          error, SOFTMAX_CUDA_NO_VERSION,
          "the driver does not take the code for %s (%d%s%s); update the "
          "driver, or compile with --target for an earlier chip",
          image->chip, code, *log ? ": " : "", log);
    else
      *status = softmax_cuda_driver_fail(
          driver, error, "the kernels cannot be loaded", code, log);
    return NULL;
  }
  entry->context = context;
  entry->id = id;
  entry->image = image;
  entry->module = module;
  entry->next = kernels->loaded;
  kernels->loaded = entry;
  return entry;
}

/* Kernel number `index` of `entry`, able to be launched; under the mutex. */
static void *softmax_cuda_find(const softmax_cuda *kernels,
                               softmax_cuda_loaded *entry, int64_t index,
                               int64_t cluster, int64_t shared_bytes,
                               softmax_cuda_error *error) {
  const softmax_cuda_driver *driver = &kernels->driver;
  const char *name = entry->image->names;
  void *function = entry->functions[index];
  int64_t i;
  int code;
  if (function)
    return function;
  for (i = 0; i < index; ++i)
    name += strlen(name) + 1;
  code = driver->find(&function, entry->module, name);
  /* CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES; without it there are 48
     KiB. */
  if (!code && shared_bytes > 49152)
    code = driver->set_attribute(function, 8, (int)shared_bytes);
  /* CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED */
  if (!code && cluster > 8)
    code = driver->set_attribute(function, 14, 1);
  if (code) {
    char what[192];
    snprintf(what, sizeof what, "kernel %.120s cannot be prepared", name);
    softmax_cuda_driver_fail(driver, error, what, code,
                             "compile it for this chip");
    return NULL;
  }
  entry->functions[index] = function;
  return function;
}

/* A pair of the plan: a number, or one of `sizes`. */
static int64_t softmax_cuda_value(const int64_t *pair, const int64_t *sizes) {
  return pair[0] == 0 ? pair[1] : sizes[pair[1]];
}

/* The product of the pairs behind their number at `*at`, which moves on; -1
   where it does not fit. */
static int64_t softmax_cuda_product(const int64_t **at, const int64_t *sizes) {
  int64_t count = *(*at)++, result = 1, i;
  for (i = 0; i < count; ++i, *at += 2) {
    int64_t value = softmax_cuda_value(*at, sizes);
    if (result > 0 && value > INT64_MAX / result)
      result = -1;
    else if (result >= 0)
      result *= value;
  }
  return result;
}

/* Divides, rounding up. */
static int64_t softmax_cuda_ceiling(int64_t number, int64_t by) {
  return number / by + (number % by != 0);
}

/* One launch of a plan. */
static int softmax_cuda_launch_one(softmax_cuda *kernels,
                                   softmax_cuda_loaded *entry,
                                   const int64_t *launch, int64_t rows,
                                   int64_t columns, const void *const *operands,
                                   const int64_t *sizes,
                                   const unsigned long long *workspace,
                                   void *stream, softmax_cuda_error *error) {
  const softmax_cuda_driver *driver = &kernels->driver;
  int64_t groups = softmax_cuda_ceiling(rows, launch[2]);
  int64_t blocks =
      launch[4] ? softmax_cuda_ceiling(columns, launch[4]) : launch[3];
  int64_t count = launch[7], i;
  const int64_t *arguments = launch + 8;
  const void *values[SOFTMAX_CUDA_MOST_ARGUMENTS];
  void *parameters[SOFTMAX_CUDA_MOST_ARGUMENTS], *function;
  int code;
  if (blocks == 0)
    return SOFTMAX_CUDA_OK;
  if (groups > 2147483647 / blocks)
    return softmax_cuda_fail(
        error, SOFTMAX_CUDA_WRONG_SHAPE,
        "%lld rows are more than one launch takes; split them",
        (long long)rows);
  for (i = 0; i < count; ++i, arguments += 2) {
    values[i] = arguments[0] == 0   ? (const void *)&arguments[1]
                : arguments[0] == 1 ? (const void *)&sizes[arguments[1]]
                : arguments[0] == 2 ? operands[arguments[1]]
                                    : (const void *)workspace;
    /* The driver reads them alone. */
    memcpy(&parameters[i], &values[i], sizeof(void *));
  }
  pthread_mutex_lock(&kernels->mutex);
  function =
      softmax_cuda_find(kernels, entry, launch[0], launch[5], launch[6], error);
  pthread_mutex_unlock(&kernels->mutex);
  if (!function)
    return SOFTMAX_CUDA_FAILED;
  code = driver->launch(function, (unsigned)(groups * blocks), 1, 1,
                        (unsigned)launch[1], 1, 1, (unsigned)launch[6], stream,
                        parameters, NULL);
  if (code)
    return softmax_cuda_driver_fail(
        driver, error, "the kernel cannot be launched", code,
        "an error of earlier work on the GPU may be reported here, too: run "
        "compute-sanitizer");
  return SOFTMAX_CUDA_OK;
}

/* The launches of an alternative, `at`, in order, with their workspace. */
static int softmax_cuda_launch_all(softmax_cuda *kernels,
                                   softmax_cuda_loaded *entry,
                                   const int64_t *at, int64_t rows,
                                   int64_t columns, const void *const *operands,
                                   const int64_t *sizes, void *stream,
                                   softmax_cuda_error *error) {
  const softmax_cuda_driver *driver = &kernels->driver;
  const int64_t *launch = at + 7;
  int64_t bytes = at[4] * softmax_cuda_ceiling(columns, at[5]), i;
  unsigned long long workspace = 0;
  int code, status = SOFTMAX_CUDA_OK;
  if (bytes != 0) {
    if (rows > INT64_MAX / bytes)
      return softmax_cuda_fail(error, SOFTMAX_CUDA_WRONG_SHAPE,
                               "there are more elements than fit into memory");
    if (!driver->allocate || !driver->release)
      return softmax_cuda_fail(error, SOFTMAX_CUDA_NO_VERSION,
                               "the driver has no cuMemAllocAsync, which the "
                               "workspace needs; update "
                               "it to one for CUDA 11.2 or later");
    code = driver->allocate(&workspace, (size_t)(rows * bytes), stream);
    if (code)
      return softmax_cuda_driver_fail(driver, error,
                                      "there is no memory for the workspace",
                                      code, "free some, or split the rows");
  }
  for (i = 0; i < at[6] && !status; ++i, launch += 8 + 2 * launch[7])
    status =
        softmax_cuda_launch_one(kernels, entry, launch, rows, columns, operands,
                                sizes, &workspace, stream, error);
  if (workspace)
    driver->release(workspace, stream);
  return status;
}

/* The launches of function number `function` with `operands`, the addresses of
   the values of its operands in order (device pointers; scalars), and `sizes`,
   those that are not known before. */
static int softmax_cuda_launch_plan(softmax_cuda *kernels, int function,
                                    const void *const *operands,
                                    const int64_t *sizes, void *stream,
                                    softmax_cuda_error *error) {
  softmax_cuda_loaded *entry;
  const int64_t *at;
  int64_t rows, columns, count, i, empty = 0;
  int status;
  pthread_mutex_lock(&kernels->mutex);
  entry = softmax_cuda_get(kernels, &status, error);
  pthread_mutex_unlock(&kernels->mutex);
  if (!entry)
    return status;
  at = entry->image->plan + entry->image->plan[1 + function];
  for (count = *at++, i = 0; i < count; ++i)
    if (sizes[i] < 0)
      return softmax_cuda_fail(error, SOFTMAX_CUDA_WRONG_SHAPE,
                               "size #%d is negative", (int)i);
    else
      empty |= sizes[i] == 0;
  rows = softmax_cuda_product(&at, sizes);
  columns = softmax_cuda_product(&at, sizes);
  if (rows < 0 || columns < 0)
    return softmax_cuda_fail(error, SOFTMAX_CUDA_WRONG_SHAPE,
                             "there are more elements than fit into memory");
  for (count = *at++, i = 0; i < count; ++i) {
    uintptr_t address = 0;
    if (at[i] == 0 || empty)
      continue;
    memcpy(&address, operands[i], sizeof address);
    if (address == 0)
      return softmax_cuda_fail(error, SOFTMAX_CUDA_NULL_ARGUMENT,
                               "operand #%d is a null pointer", (int)i);
    if (address % (uintptr_t)at[i] != 0)
      return softmax_cuda_fail(
          error, SOFTMAX_CUDA_MISALIGNED,
          "operand #%d must be aligned to its elements of %d bytes", (int)i,
          (int)at[i]);
  }
  at += count;
  if (rows == 0)
    return SOFTMAX_CUDA_OK;
  for (count = *at++; count > 0; --count, at += at[0])
    if (columns >= at[1] && (!at[2] || columns <= at[2]) &&
        (!at[3] || rows <= at[3]))
      return softmax_cuda_launch_all(kernels, entry, at, rows, columns,
                                     operands, sizes, stream, error);
  return softmax_cuda_fail(error, SOFTMAX_CUDA_WRONG_SHAPE,
                           "no kernel takes %lld rows of %lld elements",
                           (long long)rows, (long long)columns);
}

/* The same on `device`, the current one where it is negative. */
SOFTMAX_CUDA_LOCAL int softmax_cuda_launch(softmax_cuda *kernels, int function,
                                           int device,
                                           const void *const *operands,
                                           const int64_t *sizes, void *stream,
                                           softmax_cuda_error *error) {
  int pushed = 0, status;
  if (error)
    error->text[0] = 0;
  if (!kernels)
    return softmax_cuda_fail(error, SOFTMAX_CUDA_NULL_ARGUMENT,
                             "the kernels are a null pointer: load them first");
  pthread_mutex_lock(&kernels->mutex);
  status = softmax_cuda_enter(kernels, device, &pushed, error);
  pthread_mutex_unlock(&kernels->mutex);
  if (status)
    return status;
  status = softmax_cuda_launch_plan(kernels, function, operands, sizes, stream,
                                    error);
  if (pushed) {
    void *context;
    kernels->driver.pop(&context);
  }
  return status;
}

#endif /* SOFTMAX_CUDA_LAUNCHER_H */
