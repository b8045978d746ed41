//===- WeightFormat.h - How the weights of products are stored ------------------===//
#ifndef SEQC_CODEGEN_WEIGHTFORMAT_H
#define SEQC_CODEGEN_WEIGHTFORMAT_H

namespace seqc {

/// `full`: as the model computes. The narrow ones are for inference (docs/library.md says what they do to numbers).
enum class WeightFormat { full, bf16, int8 };

} // namespace seqc

#endif // SEQC_CODEGEN_WEIGHTFORMAT_H
