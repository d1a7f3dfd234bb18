; y[i] = a * x[i] for i < n: a thread per element.
target triple = "nvptx64-nvidia-cuda"

define ptx_kernel void @scale(ptr addrspace(1) %x, ptr addrspace(1) %y, i64 %n, float %a) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %size = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %o = mul i32 %b, %size
  %s = add i32 %o, %t
  %i = zext i32 %s to i64
  %in = icmp ult i64 %i, %n
  br i1 %in, label %work, label %done
work:
  %p = getelementptr float, ptr addrspace(1) %x, i64 %i
  %v = load float, ptr addrspace(1) %p, align 4
  %w = fmul float %v, %a
  %q = getelementptr float, ptr addrspace(1) %y, i64 %i
  store float %w, ptr addrspace(1) %q, align 4
  br label %done
done:
  ret void
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
