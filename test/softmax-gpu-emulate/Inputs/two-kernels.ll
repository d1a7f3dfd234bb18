target triple = "nvptx64-nvidia-cuda"

define ptx_kernel void @first(ptr %x) {
  store i32 1, ptr %x
  ret void
}

define ptx_kernel void @nothing() {
  ret void
}
