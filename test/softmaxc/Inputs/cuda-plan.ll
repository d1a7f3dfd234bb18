; What cuda-plan.c launches.
target triple = "nvptx64-nvidia-cuda"

@shared = external addrspace(3) global [0 x float], align 16

; ws[b] = 2 x[b], one block per element.
define ptx_kernel void @first(ptr addrspace(1) %ws, ptr addrspace(1) %x) {
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %i = zext i32 %b to i64
  %p = getelementptr float, ptr addrspace(1) %x, i64 %i
  %v = load float, ptr addrspace(1) %p, align 4
  %w = fmul float %v, 2.0
  %q = getelementptr float, ptr addrspace(1) %ws, i64 %i
  store float %w, ptr addrspace(1) %q, align 4
  ret void
}

; y[r] = ws[2 r] + ws[2 r + 1] + a, through the end of 64 KiB of shared memory.
define ptx_kernel void @second(ptr addrspace(1) %ws, ptr addrspace(1) %y, float %a) {
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %r = zext i32 %b to i64
  %i = mul i64 %r, 2
  %p = getelementptr float, ptr addrspace(1) %ws, i64 %i
  %v = load float, ptr addrspace(1) %p, align 4
  %p1 = getelementptr float, ptr addrspace(1) %p, i64 1
  %v1 = load float, ptr addrspace(1) %p1, align 4
  %s = fadd float %v, %v1
  %place = getelementptr float, ptr addrspace(3) @shared, i64 16383
  store float %s, ptr addrspace(3) %place, align 4
  %t = load float, ptr addrspace(3) %place, align 4
  %u = fadd float %t, %a
  %q = getelementptr float, ptr addrspace(1) %y, i64 %r
  store float %u, ptr addrspace(1) %q, align 4
  ret void
}

; y[r] = columns, by the first of a cluster's 16 blocks.
define ptx_kernel void @cluster(ptr addrspace(1) %y, i64 %columns, i64 %sixteen) #0 {
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %i = zext i32 %b to i64
  %rest = urem i64 %i, %sixteen
  %is = icmp eq i64 %rest, 0
  br i1 %is, label %yes, label %no
yes:
  %r = udiv i64 %i, %sixteen
  %v = uitofp i64 %columns to float
  %q = getelementptr float, ptr addrspace(1) %y, i64 %r
  store float %v, ptr addrspace(1) %q, align 4
  br label %no
no:
  ret void
}

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
attributes #0 = { "nvvm.cluster_dim"="16" }
