// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "IntrinsicRules.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/IntrinsicsAMDGPU.h"
#include "llvm/IR/IntrinsicsNVPTX.h"

using namespace mlir::softmax::emulator;
namespace intrinsic = llvm::Intrinsic;
using ID = llvm::Intrinsic::ID;
using Rule = IntrinsicRule;
using namespace mlir::softmax::emulator::barrier_flags;

using RuleMap = llvm::DenseMap<unsigned, IntrinsicRule>;

static void addRegisters(RuleMap &rules) {
  auto add = [&](ID id, Register which) {
    rules[id] = {Rule::ReadRegister, "emu.register",
                 static_cast<uint32_t>(which)};
  };
  add(intrinsic::nvvm_read_ptx_sreg_tid_x, Register::TidX);
  add(intrinsic::nvvm_read_ptx_sreg_tid_y, Register::TidY);
  add(intrinsic::nvvm_read_ptx_sreg_tid_z, Register::TidZ);
  add(intrinsic::nvvm_read_ptx_sreg_ntid_x, Register::NTidX);
  add(intrinsic::nvvm_read_ptx_sreg_ntid_y, Register::NTidY);
  add(intrinsic::nvvm_read_ptx_sreg_ntid_z, Register::NTidZ);
  add(intrinsic::nvvm_read_ptx_sreg_ctaid_x, Register::CtaIdX);
  add(intrinsic::nvvm_read_ptx_sreg_ctaid_y, Register::CtaIdY);
  add(intrinsic::nvvm_read_ptx_sreg_ctaid_z, Register::CtaIdZ);
  add(intrinsic::nvvm_read_ptx_sreg_nctaid_x, Register::NCtaIdX);
  add(intrinsic::nvvm_read_ptx_sreg_nctaid_y, Register::NCtaIdY);
  add(intrinsic::nvvm_read_ptx_sreg_nctaid_z, Register::NCtaIdZ);
  add(intrinsic::nvvm_read_ptx_sreg_clusterid_x, Register::ClusterIdX);
  add(intrinsic::nvvm_read_ptx_sreg_clusterid_y, Register::ClusterIdY);
  add(intrinsic::nvvm_read_ptx_sreg_clusterid_z, Register::ClusterIdZ);
  add(intrinsic::nvvm_read_ptx_sreg_nclusterid_x, Register::NClusterIdX);
  add(intrinsic::nvvm_read_ptx_sreg_nclusterid_y, Register::NClusterIdY);
  add(intrinsic::nvvm_read_ptx_sreg_nclusterid_z, Register::NClusterIdZ);
  add(intrinsic::nvvm_read_ptx_sreg_cluster_ctaid_x, Register::ClusterCtaIdX);
  add(intrinsic::nvvm_read_ptx_sreg_cluster_ctaid_y, Register::ClusterCtaIdY);
  add(intrinsic::nvvm_read_ptx_sreg_cluster_ctaid_z, Register::ClusterCtaIdZ);
  add(intrinsic::nvvm_read_ptx_sreg_cluster_nctaid_x, Register::ClusterNCtaIdX);
  add(intrinsic::nvvm_read_ptx_sreg_cluster_nctaid_y, Register::ClusterNCtaIdY);
  add(intrinsic::nvvm_read_ptx_sreg_cluster_nctaid_z, Register::ClusterNCtaIdZ);
  add(intrinsic::nvvm_read_ptx_sreg_cluster_ctarank, Register::ClusterCtaRank);
  add(intrinsic::nvvm_read_ptx_sreg_cluster_nctarank,
      Register::ClusterNCtaRank);
  add(intrinsic::nvvm_read_ptx_sreg_laneid, Register::LaneId);
  add(intrinsic::nvvm_read_ptx_sreg_warpid, Register::WarpId);
  add(intrinsic::nvvm_read_ptx_sreg_nwarpid, Register::NWarpId);
  add(intrinsic::nvvm_read_ptx_sreg_warpsize, Register::WarpSize);
  add(intrinsic::nvvm_read_ptx_sreg_lanemask_eq, Register::LaneMaskEq);
  add(intrinsic::nvvm_read_ptx_sreg_lanemask_le, Register::LaneMaskLe);
  add(intrinsic::nvvm_read_ptx_sreg_lanemask_lt, Register::LaneMaskLt);
  add(intrinsic::nvvm_read_ptx_sreg_lanemask_ge, Register::LaneMaskGe);
  add(intrinsic::nvvm_read_ptx_sreg_lanemask_gt, Register::LaneMaskGt);
  add(intrinsic::nvvm_read_ptx_sreg_total_smem_size,
      Register::TotalSharedBytes);
  add(intrinsic::nvvm_read_ptx_sreg_dynamic_smem_size,
      Register::DynamicSharedBytes);
}

static void addCollectives(RuleMap &rules) {
  auto shuffle = [&](Collective collective, std::initializer_list<ID> ids) {
    for (ID id : ids)
      rules[id] = {Rule::Shuffle, "emu.collective",
                   static_cast<uint32_t>(collective)};
  };
  shuffle(Collective::ShuffleIdx,
          {intrinsic::nvvm_shfl_sync_idx_i32, intrinsic::nvvm_shfl_sync_idx_f32,
           intrinsic::nvvm_shfl_sync_idx_i32p,
           intrinsic::nvvm_shfl_sync_idx_f32p});
  shuffle(Collective::ShuffleUp,
          {intrinsic::nvvm_shfl_sync_up_i32, intrinsic::nvvm_shfl_sync_up_f32,
           intrinsic::nvvm_shfl_sync_up_i32p,
           intrinsic::nvvm_shfl_sync_up_f32p});
  shuffle(Collective::ShuffleDown, {intrinsic::nvvm_shfl_sync_down_i32,
                                    intrinsic::nvvm_shfl_sync_down_f32,
                                    intrinsic::nvvm_shfl_sync_down_i32p,
                                    intrinsic::nvvm_shfl_sync_down_f32p});
  shuffle(Collective::ShuffleBfly, {intrinsic::nvvm_shfl_sync_bfly_i32,
                                    intrinsic::nvvm_shfl_sync_bfly_f32,
                                    intrinsic::nvvm_shfl_sync_bfly_i32p,
                                    intrinsic::nvvm_shfl_sync_bfly_f32p});
  auto add = [&](ID id, Collective collective) {
    rules[id] = {Rule::Collective, "emu.collective",
                 static_cast<uint32_t>(collective)};
  };
  add(intrinsic::nvvm_bar_warp_sync, Collective::Barrier);
  add(intrinsic::nvvm_vote_all_sync, Collective::VoteAll);
  add(intrinsic::nvvm_vote_any_sync, Collective::VoteAny);
  add(intrinsic::nvvm_vote_uni_sync, Collective::VoteUni);
  add(intrinsic::nvvm_vote_ballot_sync, Collective::VoteBallot);
  add(intrinsic::nvvm_match_any_sync_i32, Collective::MatchAny);
  add(intrinsic::nvvm_match_any_sync_i64, Collective::MatchAny);
  add(intrinsic::nvvm_match_all_sync_i32p, Collective::MatchAll);
  add(intrinsic::nvvm_match_all_sync_i64p, Collective::MatchAll);
  add(intrinsic::nvvm_elect_sync, Collective::Elect);
  add(intrinsic::nvvm_redux_sync_add, Collective::ReduceAdd);
  add(intrinsic::nvvm_redux_sync_min, Collective::ReduceMin);
  add(intrinsic::nvvm_redux_sync_max, Collective::ReduceMax);
  add(intrinsic::nvvm_redux_sync_umin, Collective::ReduceUMin);
  add(intrinsic::nvvm_redux_sync_umax, Collective::ReduceUMax);
  add(intrinsic::nvvm_redux_sync_and, Collective::ReduceAnd);
  add(intrinsic::nvvm_redux_sync_or, Collective::ReduceOr);
  add(intrinsic::nvvm_redux_sync_xor, Collective::ReduceXor);
  add(intrinsic::nvvm_redux_sync_fmin, Collective::ReduceFMin);
  add(intrinsic::nvvm_redux_sync_fmax, Collective::ReduceFMax);
  add(intrinsic::nvvm_redux_sync_fmin_NaN, Collective::ReduceFMinNaN);
  add(intrinsic::nvvm_redux_sync_fmax_NaN, Collective::ReduceFMaxNaN);
  add(intrinsic::nvvm_redux_sync_fmin_abs, Collective::ReduceFMinAbs);
  add(intrinsic::nvvm_redux_sync_fmax_abs, Collective::ReduceFMaxAbs);
  add(intrinsic::nvvm_redux_sync_fmin_abs_NaN, Collective::ReduceFMinAbsNaN);
  add(intrinsic::nvvm_redux_sync_fmax_abs_NaN, Collective::ReduceFMaxAbsNaN);
}

static void addBarriers(RuleMap &rules) {
  auto add = [&](ID id, uint32_t flags) {
    rules[id] = {Rule::BlockBarrier, "emu.barrier", flags};
  };
  add(intrinsic::nvvm_barrier_cta_sync_all, 0);
  add(intrinsic::nvvm_barrier_cta_sync_count, hasCount);
  add(intrinsic::nvvm_barrier_cta_sync_aligned_all, isAligned);
  add(intrinsic::nvvm_barrier_cta_sync_aligned_count, isAligned | hasCount);
  add(intrinsic::nvvm_barrier_cta_red_popc_all, popc);
  add(intrinsic::nvvm_barrier_cta_red_popc_count, popc | hasCount);
  add(intrinsic::nvvm_barrier_cta_red_popc_aligned_all, popc | isAligned);
  add(intrinsic::nvvm_barrier_cta_red_popc_aligned_count,
      popc | isAligned | hasCount);
  add(intrinsic::nvvm_barrier_cta_red_and_all, all);
  add(intrinsic::nvvm_barrier_cta_red_and_count, all | hasCount);
  add(intrinsic::nvvm_barrier_cta_red_and_aligned_all, all | isAligned);
  add(intrinsic::nvvm_barrier_cta_red_and_aligned_count,
      all | isAligned | hasCount);
  add(intrinsic::nvvm_barrier_cta_red_or_all, any);
  add(intrinsic::nvvm_barrier_cta_red_or_count, any | hasCount);
  add(intrinsic::nvvm_barrier_cta_red_or_aligned_all, any | isAligned);
  add(intrinsic::nvvm_barrier_cta_red_or_aligned_count,
      any | isAligned | hasCount);

  auto arrive = [&](ID id, bool releases) {
    rules[id] = {Rule::ClusterArrive, "emu.cluster.arrive", releases};
  };
  arrive(intrinsic::nvvm_barrier_cluster_arrive, true);
  arrive(intrinsic::nvvm_barrier_cluster_arrive_aligned, true);
  arrive(intrinsic::nvvm_barrier_cluster_arrive_relaxed, false);
  arrive(intrinsic::nvvm_barrier_cluster_arrive_relaxed_aligned, false);
  for (ID id : {intrinsic::nvvm_barrier_cluster_wait,
                intrinsic::nvvm_barrier_cluster_wait_aligned})
    rules[id] = {Rule::ClusterWait, "emu.cluster.wait"};
  for (ID id : {intrinsic::nvvm_mapa, intrinsic::nvvm_mapa_shared_cluster})
    rules[id] = {Rule::MapRank, "emu.mapa"};
  for (ID id :
       {intrinsic::nvvm_getctarank, intrinsic::nvvm_getctarank_shared_cluster})
    rules[id] = {Rule::GetRank, "emu.ctarank"};
  auto space = [&](ID id, MemorySpace which) {
    rules[id] = {Rule::IsSpace, "emu.isspace", static_cast<uint32_t>(which)};
  };
  space(intrinsic::nvvm_isspacep_global, MemorySpace::Global);
  space(intrinsic::nvvm_isspacep_shared, MemorySpace::Shared);
  space(intrinsic::nvvm_isspacep_shared_cluster, MemorySpace::Cluster);
  space(intrinsic::nvvm_isspacep_const, MemorySpace::Constant);
  space(intrinsic::nvvm_isspacep_local, MemorySpace::Local);
  // One thread runs at a time, in order.
  for (ID id : {intrinsic::nvvm_membar_cta, intrinsic::nvvm_membar_gl,
                intrinsic::nvvm_membar_sys, intrinsic::nvvm_fence_sc_cluster,
                intrinsic::nvvm_nanosleep})
    rules[id] = {Rule::Erase};
}

static void addArithmetic(RuleMap &rules) {
  auto call = [&](ID id, llvm::StringLiteral runtime) {
    rules[id] = {Rule::Call, runtime};
  };
  call(intrinsic::nvvm_ex2_approx, "emu.ex2");
  call(intrinsic::nvvm_ex2_approx_ftz, "emu.ex2.ftz");
  call(intrinsic::nvvm_lg2_approx_f, "emu.lg2");
  call(intrinsic::nvvm_lg2_approx_ftz_f, "emu.lg2.ftz");
  call(intrinsic::nvvm_rcp_approx_ftz_f, "emu.rcp.ftz");
  call(intrinsic::nvvm_rsqrt_approx_f, "emu.rsqrt");
  call(intrinsic::nvvm_rsqrt_approx_ftz_f, "emu.rsqrt.ftz");
  call(intrinsic::nvvm_sqrt_approx_f, "emu.sqrt");
  call(intrinsic::nvvm_sqrt_approx_ftz_f, "emu.sqrt.ftz");
  call(intrinsic::nvvm_div_approx_f, "emu.div");
  call(intrinsic::nvvm_div_approx_ftz_f, "emu.div.ftz");
  call(intrinsic::nvvm_div_full, "emu.div.full");
  call(intrinsic::nvvm_div_full_ftz, "emu.div.full.ftz");
  call(intrinsic::nvvm_saturate_f, "emu.saturate");
  call(intrinsic::nvvm_saturate_ftz_f, "emu.saturate.ftz");
  call(intrinsic::nvvm_fma_rn_ftz_f, "emu.fma.rn.ftz");
  call(intrinsic::nvvm_fma_rm_f, "emu.fma.rm");
  call(intrinsic::nvvm_fma_rp_f, "emu.fma.rp");
  call(intrinsic::nvvm_fma_rz_f, "emu.fma.rz");
  call(intrinsic::nvvm_add_rn_ftz_f, "emu.add.rn.ftz");
  call(intrinsic::nvvm_mul_rn_ftz_f, "emu.mul.rn.ftz");
  call(intrinsic::nvvm_fmax_f, "emu.fmax");
  call(intrinsic::nvvm_fmax_ftz_f, "emu.fmax.ftz");
  call(intrinsic::nvvm_fmax_nan_f, "emu.fmax.nan");
  call(intrinsic::nvvm_fmax_ftz_nan_f, "emu.fmax.ftz.nan");
  call(intrinsic::nvvm_fmin_f, "emu.fmin");
  call(intrinsic::nvvm_fmin_ftz_f, "emu.fmin.ftz");
  call(intrinsic::nvvm_fmin_nan_f, "emu.fmin.nan");
  call(intrinsic::nvvm_fmin_ftz_nan_f, "emu.fmin.ftz.nan");

  auto replace = [&](ID id, ID by) {
    rules[id] = {Rule::Replace, "", static_cast<uint32_t>(by)};
  };
  replace(intrinsic::nvvm_fma_rn_f, intrinsic::fma);
  replace(intrinsic::nvvm_fma_rn_d, intrinsic::fma);
  replace(intrinsic::nvvm_sqrt_rn_f, intrinsic::sqrt);
  replace(intrinsic::nvvm_sqrt_rn_d, intrinsic::sqrt);
  replace(intrinsic::nvvm_sqrt_f, intrinsic::sqrt);
  replace(intrinsic::nvvm_fabs, intrinsic::fabs);
  replace(intrinsic::nvvm_ceil_f, intrinsic::ceil);
  replace(intrinsic::nvvm_floor_f, intrinsic::floor);
  replace(intrinsic::nvvm_trunc_f, intrinsic::trunc);
  replace(intrinsic::nvvm_round_f, intrinsic::roundeven);
  replace(intrinsic::nvvm_fmax_d, intrinsic::maxnum);
  replace(intrinsic::nvvm_fmin_d, intrinsic::minnum);
  for (ID id : {intrinsic::nvvm_add_rn_f, intrinsic::nvvm_add_rn_d})
    rules[id] = {Rule::Add};
  for (ID id : {intrinsic::nvvm_mul_rn_f, intrinsic::nvvm_mul_rn_d})
    rules[id] = {Rule::Multiply};
  for (ID id : {intrinsic::nvvm_div_rn_f, intrinsic::nvvm_div_rn_d})
    rules[id] = {Rule::Divide};
  for (ID id : {intrinsic::nvvm_rcp_rn_f, intrinsic::nvvm_rcp_rn_d})
    rules[id] = {Rule::Reciprocal};
  for (ID id : {intrinsic::nvvm_f2bf16_rn, intrinsic::nvvm_f2f16_rn,
                intrinsic::nvvm_d2f_rn})
    rules[id] = {Rule::Truncate};
  rules[intrinsic::nvvm_f2h_rn] = {Rule::TruncateToBits};
  for (ID id : {intrinsic::nvvm_ff2bf16x2_rn, intrinsic::nvvm_ff2f16x2_rn})
    rules[id] = {Rule::TruncatePair};
}

/// LLVM's own intrinsics for which both code generators mean the same.
static void addGeneric(RuleMap &rules) {
  for (ID id : {intrinsic::fma,
                intrinsic::fmuladd,
                intrinsic::fabs,
                intrinsic::copysign,
                intrinsic::floor,
                intrinsic::ceil,
                intrinsic::trunc,
                intrinsic::rint,
                intrinsic::nearbyint,
                intrinsic::roundeven,
                intrinsic::round,
                intrinsic::minnum,
                intrinsic::maxnum,
                intrinsic::minimum,
                intrinsic::maximum,
                intrinsic::minimumnum,
                intrinsic::maximumnum,
                intrinsic::ldexp,
                intrinsic::is_fpclass,
                intrinsic::abs,
                intrinsic::smax,
                intrinsic::smin,
                intrinsic::umax,
                intrinsic::umin,
                intrinsic::ctpop,
                intrinsic::ctlz,
                intrinsic::cttz,
                intrinsic::bswap,
                intrinsic::bitreverse,
                intrinsic::fshl,
                intrinsic::fshr,
                intrinsic::sadd_sat,
                intrinsic::uadd_sat,
                intrinsic::ssub_sat,
                intrinsic::usub_sat,
                intrinsic::sadd_with_overflow,
                intrinsic::uadd_with_overflow,
                intrinsic::ssub_with_overflow,
                intrinsic::usub_with_overflow,
                intrinsic::smul_with_overflow,
                intrinsic::umul_with_overflow,
                intrinsic::fptosi_sat,
                intrinsic::fptoui_sat,
                intrinsic::vector_reduce_add,
                intrinsic::vector_reduce_mul,
                intrinsic::vector_reduce_and,
                intrinsic::vector_reduce_or,
                intrinsic::vector_reduce_xor,
                intrinsic::vector_reduce_smax,
                intrinsic::vector_reduce_smin,
                intrinsic::vector_reduce_umax,
                intrinsic::vector_reduce_umin,
                intrinsic::vector_reduce_fadd,
                intrinsic::vector_reduce_fmul,
                intrinsic::vector_reduce_fmax,
                intrinsic::vector_reduce_fmin,
                intrinsic::vector_reduce_fmaximum,
                intrinsic::vector_reduce_fminimum,
                intrinsic::memcpy,
                intrinsic::memmove,
                intrinsic::memset,
                intrinsic::memcpy_inline,
                intrinsic::memset_inline,
                intrinsic::lifetime_start,
                intrinsic::lifetime_end,
                intrinsic::expect,
                intrinsic::ptrmask,
                intrinsic::masked_load,
                intrinsic::masked_store,
                intrinsic::masked_gather,
                intrinsic::masked_scatter,
                intrinsic::vector_extract,
                intrinsic::vector_insert,
                intrinsic::vector_interleave2,
                intrinsic::vector_deinterleave2,
                intrinsic::donothing,
                intrinsic::dbg_declare,
                intrinsic::dbg_value,
                intrinsic::dbg_assign,
                intrinsic::dbg_label})
    rules[id] = {Rule::Keep};
  // Promises: checked where they matter, not believed.
  for (ID id : {intrinsic::assume, intrinsic::experimental_noalias_scope_decl,
                intrinsic::invariant_start, intrinsic::invariant_end,
                intrinsic::sideeffect})
    rules[id] = {Rule::Erase};
  rules[intrinsic::trap] = {Rule::Call, "emu.trap"};
  rules[intrinsic::exp2] = {Rule::CallIfApproximate, "emu.ex2"};
  rules[intrinsic::log2] = {Rule::CallIfApproximate, "emu.lg2"};
  rules[intrinsic::tanh] = {Rule::CallIfApproximate, "emu.tanh"};
  rules[intrinsic::sqrt] = {Rule::CallOrKeep, "emu.sqrt"};
}

static void addAMD(RuleMap &rules) {
  auto reads = [&](ID id, Register which) {
    rules[id] = {Rule::ReadRegister, "emu.register",
                 static_cast<uint32_t>(which)};
  };
  reads(intrinsic::amdgcn_workitem_id_x, Register::TidX);
  reads(intrinsic::amdgcn_workitem_id_y, Register::TidY);
  reads(intrinsic::amdgcn_workitem_id_z, Register::TidZ);
  reads(intrinsic::amdgcn_workgroup_id_x, Register::CtaIdX);
  reads(intrinsic::amdgcn_workgroup_id_y, Register::CtaIdY);
  reads(intrinsic::amdgcn_workgroup_id_z, Register::CtaIdZ);
  for (ID id : {intrinsic::amdgcn_mbcnt_lo, intrinsic::amdgcn_mbcnt_hi,
                intrinsic::amdgcn_ds_bpermute, intrinsic::amdgcn_ds_swizzle,
                intrinsic::amdgcn_update_dpp, intrinsic::amdgcn_permlanex16})
    rules[id] = {Rule::AMDLanes};
  // A wavefront arrives as a whole.
  rules[intrinsic::amdgcn_s_barrier] = {Rule::BlockBarrier, "emu.barrier",
                                        isAligned};
  // Within 1 ULP on hardware, which the worst case of ex2.approx covers.
  rules[intrinsic::amdgcn_exp2] = {Rule::Call, "emu.ex2.ftz"};
  rules[intrinsic::amdgcn_log] = {Rule::Call, "emu.lg2.ftz"};
  rules[intrinsic::amdgcn_rcp] = {Rule::Call, "emu.rcp.ftz"};
}

static RuleMap makeRules() {
  RuleMap rules;
  addRegisters(rules);
  addCollectives(rules);
  addBarriers(rules);
  addAMD(rules);
  addArithmetic(rules);
  addGeneric(rules);
  return rules;
}

std::optional<IntrinsicRule> mlir::softmax::emulator::getIntrinsicRule(ID id) {
  static const RuleMap rules = makeRules();
  auto found = rules.find(id);
  if (found == rules.end())
    return std::nullopt;
  return found->second;
}
