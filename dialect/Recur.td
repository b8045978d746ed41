//===- Recur.td - The whole dialect -----------------------------*- tablegen -*-===//
include "dialect/RecurSystem.td"
include "dialect/RecurTime.td"
include "dialect/RecurPointwise.td"
include "dialect/RecurShape.td"
include "dialect/RecurProduct.td"
include "dialect/RecurAdjoint.td"
include "dialect/RecurSchedule.td"
include "dialect/RecurModel.td"
