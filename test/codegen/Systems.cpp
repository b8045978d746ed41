//===- Systems.cpp - Phases-level systems of any size, as text -------------------===//
#include "Systems.h"

#include "test/TestName.h"

#include <utility>

namespace seqc::test {

std::string nameOf(const SystemRun &run) {
  std::string text;
  for (auto [letter, size] :
       {std::pair('T', run.T), std::pair('B', run.B), std::pair('H', run.H), std::pair('I', run.I)})
    text += letter + std::to_string(size) + " ";
  return testName(text + run.type + " " + run.target);
}

std::string fill(std::string text, const Sizes &sizes) {
  auto number = [](int64_t n) { return std::to_string(n); };
  const std::pair<const char *, std::string> names[] = {
      {"$H", number(sizes.H)},     {"$I", number(sizes.I)},     {"$Z", number(4 * sizes.H)}, {"$1", number(sizes.H)},
      {"$2", number(2 * sizes.H)}, {"$3", number(3 * sizes.H)}, {"$R", sizes.type}};
  for (const auto &[name, value] : names)
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size()))
      text.replace(at, 2, value);
  return text;
}

std::string elementwiseSystem(const std::string &op, const std::string &type, int64_t length) {
  std::string columns = std::to_string(length), tensor = "tensor<" + columns + "x" + type + ">";
  std::string slot = "!recur.slot<" + tensor + ">";
  return "recur.system exported @M {\n  %x = recur.slot input \"x\" batch : " + slot +
         "\n  %y = recur.slot output \"y\" batch : " + slot + "\n  recur.map {\n    recur.phase \"y\" space [" +
         columns + "] {\n      %a = recur.read %x offset 0 strides [1] : (" + slot + ") -> " + tensor +
         "\n      %r = recur." + op + " %a : " + tensor +
         "\n      recur.write %r, %y offset 0 strides [1] : " + tensor + ", " + slot + "\n    }\n  }\n}\n";
}

std::string elmanForward(const Sizes &sizes) {
  return fill(R"(
!x = !recur.slot<tensor<$Ix$R>>
!h = !recur.slot<tensor<$Hx$R>>
recur.system exported @Elman.forward {
  %x = recur.slot input "x" time batch : !x
  %U = recur.slot param "U" : !recur.slot<tensor<$Hx$Hx$R>>
  %W = recur.slot param "W" : !recur.slot<tensor<$Hx$Ix$R>>
  %b = recur.slot param "b" : !h
  %h0 = recur.slot state "h" batch : !h
  %hn = recur.slot final_state "h" batch : !h
  %z = recur.slot workspace "z" time batch : !h
  %h = recur.slot output "h" time batch : !h
  recur.map {
    recur.phase "z" space [$H] {
      %w = recur.read %W offset 0 strides [$I, 1] : (!recur.slot<tensor<$Hx$Ix$R>>) -> tensor<$Hx$Ix$R>
      %xt = recur.read %x offset 0 strides [1] : (!x) -> tensor<$Ix$R>
      %p = recur.matmul %w, %xt : (tensor<$Hx$Ix$R>, tensor<$Ix$R>) -> tensor<$Hx$R>
      %bias = recur.read %b offset 0 strides [1] : (!h) -> tensor<$Hx$R>
      %s = recur.add %p, %bias : tensor<$Hx$R>
      recur.write %s, %z offset 0 strides [1] : tensor<$Hx$R>, !h
    }
  }
  recur.loop forward {
    recur.phase "h" space [$H] {
      %u = recur.read %U offset 0 strides [$H, 1] : (!recur.slot<tensor<$Hx$Hx$R>>) -> tensor<$Hx$Hx$R>
      %hp = recur.read %h shift -1 boundary %h0 offset 0 strides [1] : (!h, !h) -> tensor<$Hx$R>
      %p = recur.matmul %u, %hp : (tensor<$Hx$Hx$R>, tensor<$Hx$R>) -> tensor<$Hx$R>
      %zt = recur.read %z offset 0 strides [1] : (!h) -> tensor<$Hx$R>
      %a = recur.add %p, %zt : tensor<$Hx$R>
      %y = recur.tanh %a : tensor<$Hx$R>
      recur.write %y, %h offset 0 strides [1] : tensor<$Hx$R>, !h
    }
  }
  recur.at end offset 0 {
    recur.phase "h[T]" space [$H] {
      %last = recur.read %h shift -1 boundary %h0 offset 0 strides [1] : (!h, !h) -> tensor<$Hx$R>
      recur.write %last, %hn offset 0 strides [1] : tensor<$Hx$R>, !h
    }
  }
})",
              sizes);
}

static const char *const lstmForwardText = R"(
!x = !recur.slot<tensor<$Ix$R>>
!h = !recur.slot<tensor<$Hx$R>>
!z = !recur.slot<tensor<$Zx$R>>
!u = !recur.slot<tensor<$Zx$Hx$R>>
!w = !recur.slot<tensor<$Zx$Ix$R>>
recur.system exported @LSTM.forward_taped {
  %x = recur.slot input "x" time batch : !x
  %U = recur.slot param "U" : !u
  %W = recur.slot param "W" : !w
  %b = recur.slot param "b" : !z
  %h0 = recur.slot state "h" batch : !h
  %c0 = recur.slot state "c" batch : !h
  %hT = recur.slot final_state "h" batch : !h
  %cT = recur.slot final_state "c" batch : !h
  %z = recur.slot workspace "z" time batch : !z
  %tape_f = recur.slot tape "f" time batch : !h
  %tape_i = recur.slot tape "i" time batch : !h
  %tape_o = recur.slot tape "o" time batch : !h
  %tape_g = recur.slot tape "g" time batch : !h
  %tape_c = recur.slot tape "c" time batch : !h
  %tape_h = recur.slot tape "h" time batch : !h
  recur.map {
    recur.phase "z" space [$Z] {
      %w = recur.read %W offset 0 strides [$I, 1] : (!w) -> tensor<$Zx$Ix$R>
      %xt = recur.read %x offset 0 strides [1] : (!x) -> tensor<$Ix$R>
      %bias = recur.read %b offset 0 strides [1] : (!z) -> tensor<$Zx$R>
      %p = recur.matmul %w, %xt : (tensor<$Zx$Ix$R>, tensor<$Ix$R>) -> tensor<$Zx$R>
      %s = recur.add %p, %bias : tensor<$Zx$R>
      recur.write %s, %z offset 0 strides [1] : tensor<$Zx$R>, !z
    }
  }
  recur.loop forward {
    recur.phase "f_i_o_g_c_h" space [$H] {
      %hp = recur.read %tape_h shift -1 boundary %h0 offset 0 strides [1] : (!h, !h) -> tensor<$Hx$R>
      %uf = recur.read %U offset 0 strides [$H, 1] : (!u) -> tensor<$Hx$Hx$R>
      %ui = recur.read %U offset @1 strides [$H, 1] : (!u) -> tensor<$Hx$Hx$R>
      %uo = recur.read %U offset @2 strides [$H, 1] : (!u) -> tensor<$Hx$Hx$R>
      %ug = recur.read %U offset @3 strides [$H, 1] : (!u) -> tensor<$Hx$Hx$R>
      %pf = recur.matmul %uf, %hp : (tensor<$Hx$Hx$R>, tensor<$Hx$R>) -> tensor<$Hx$R>
      %pi = recur.matmul %ui, %hp : (tensor<$Hx$Hx$R>, tensor<$Hx$R>) -> tensor<$Hx$R>
      %po = recur.matmul %uo, %hp : (tensor<$Hx$Hx$R>, tensor<$Hx$R>) -> tensor<$Hx$R>
      %pg = recur.matmul %ug, %hp : (tensor<$Hx$Hx$R>, tensor<$Hx$R>) -> tensor<$Hx$R>
      %zf = recur.read %z offset 0 strides [1] : (!z) -> tensor<$Hx$R>
      %zi = recur.read %z offset $1 strides [1] : (!z) -> tensor<$Hx$R>
      %zo = recur.read %z offset $2 strides [1] : (!z) -> tensor<$Hx$R>
      %zg = recur.read %z offset $3 strides [1] : (!z) -> tensor<$Hx$R>
      %af = recur.add %pf, %zf : tensor<$Hx$R>
      %ai = recur.add %pi, %zi : tensor<$Hx$R>
      %ao = recur.add %po, %zo : tensor<$Hx$R>
      %ag = recur.add %pg, %zg : tensor<$Hx$R>
      %f = recur.sigmoid %af : tensor<$Hx$R>
      %i = recur.sigmoid %ai : tensor<$Hx$R>
      %o = recur.sigmoid %ao : tensor<$Hx$R>
      %g = recur.tanh %ag : tensor<$Hx$R>
      %cp = recur.read %tape_c shift -1 boundary %c0 offset 0 strides [1] : (!h, !h) -> tensor<$Hx$R>
      %fc = recur.mul %f, %cp : tensor<$Hx$R>
      %ig = recur.mul %i, %g : tensor<$Hx$R>
      %c = recur.add %fc, %ig : tensor<$Hx$R>
      %tc = recur.tanh %c : tensor<$Hx$R>
      %h = recur.mul %o, %tc : tensor<$Hx$R>
      recur.write %f, %tape_f offset 0 strides [1] : tensor<$Hx$R>, !h
      recur.write %i, %tape_i offset 0 strides [1] : tensor<$Hx$R>, !h
      recur.write %o, %tape_o offset 0 strides [1] : tensor<$Hx$R>, !h
      recur.write %g, %tape_g offset 0 strides [1] : tensor<$Hx$R>, !h
      recur.write %c, %tape_c offset 0 strides [1] : tensor<$Hx$R>, !h
      recur.write %h, %tape_h offset 0 strides [1] : tensor<$Hx$R>, !h
    }
  }
  recur.at end offset 0 {
    recur.phase "h[T]" space [$H] {
      %hl = recur.read %tape_h shift -1 boundary %h0 offset 0 strides [1] : (!h, !h) -> tensor<$Hx$R>
      %cl = recur.read %tape_c shift -1 boundary %c0 offset 0 strides [1] : (!h, !h) -> tensor<$Hx$R>
      recur.write %hl, %hT offset 0 strides [1] : tensor<$Hx$R>, !h
      recur.write %cl, %cT offset 0 strides [1] : tensor<$Hx$R>, !h
    }
  }
})";

static const char *const lstmBackwardText = R"(
!x = !recur.slot<tensor<$Ix$R>>
!h = !recur.slot<tensor<$Hx$R>>
!z = !recur.slot<tensor<$Zx$R>>
!u = !recur.slot<tensor<$Zx$Hx$R>>
!w = !recur.slot<tensor<$Zx$Ix$R>>
recur.system exported @LSTM.backward {
  %x = recur.slot input "x" time batch : !x
  %U = recur.slot param "U" : !u
  %W = recur.slot param "W" : !w
  %h0 = recur.slot state "h" batch : !h
  %c0 = recur.slot state "c" batch : !h
  %f = recur.slot tape "f" time batch : !h
  %i = recur.slot tape "i" time batch : !h
  %o = recur.slot tape "o" time batch : !h
  %g = recur.slot tape "g" time batch : !h
  %c = recur.slot tape "c" time batch : !h
  %h = recur.slot tape "h" time batch : !h
  %d_h = recur.slot d_output "h" time batch : !h
  %d_hT = recur.slot d_final_state "h" batch : !h
  %d_x = recur.slot d_input "x" time batch : !x
  %d_h0 = recur.slot d_state "h" batch : !h
  %d_c0 = recur.slot d_state "c" batch : !h
  %d_U = recur.slot d_param "U" zeroed : !u
  %d_W = recur.slot d_param "W" zeroed : !w
  %d_b = recur.slot d_param "b" zeroed : !z
  %zero = recur.slot workspace "zero" zeroed : !h
  %dz = recur.slot workspace "dz" time batch : !z
  %dh_back = recur.slot workspace "dh.back" time batch : !h
  %dc_back = recur.slot workspace "dc.back" time batch : !h
  recur.loop backward {
    recur.phase "dz" space [$H] {
      %one = recur.constant dense<1.0> : tensor<$Hx$R>
      %ft = recur.read %f offset 0 strides [1] : (!h) -> tensor<$Hx$R>
      %it = recur.read %i offset 0 strides [1] : (!h) -> tensor<$Hx$R>
      %ot = recur.read %o offset 0 strides [1] : (!h) -> tensor<$Hx$R>
      %gt = recur.read %g offset 0 strides [1] : (!h) -> tensor<$Hx$R>
      %ct = recur.read %c offset 0 strides [1] : (!h) -> tensor<$Hx$R>
      %cp = recur.read %c shift -1 boundary %c0 offset 0 strides [1] : (!h, !h) -> tensor<$Hx$R>
      %dh_given = recur.read %d_h offset 0 strides [1] : (!h) -> tensor<$Hx$R>
      %dh_last = recur.read %zero shift 1 boundary %d_hT offset 0 strides [1] : (!h, !h) -> tensor<$Hx$R>
      %dh_next = recur.read %dh_back shift 1 offset 0 strides [1] : (!h) -> tensor<$Hx$R>
      %dc_next = recur.read %dc_back shift 1 offset 0 strides [1] : (!h) -> tensor<$Hx$R>
      %dh1 = recur.add %dh_given, %dh_last : tensor<$Hx$R>
      %dh = recur.add %dh1, %dh_next : tensor<$Hx$R>
      %tc = recur.tanh %ct : tensor<$Hx$R>
      %do = recur.mul %dh, %tc : tensor<$Hx$R>
      %dtc = recur.mul %dh, %ot : tensor<$Hx$R>
      %tc2 = recur.mul %tc, %tc : tensor<$Hx$R>
      %tcd = recur.sub %one, %tc2 : tensor<$Hx$R>
      %dc_h = recur.mul %dtc, %tcd : tensor<$Hx$R>
      %dc = recur.add %dc_h, %dc_next : tensor<$Hx$R>
      %df = recur.mul %dc, %cp : tensor<$Hx$R>
      %di = recur.mul %dc, %gt : tensor<$Hx$R>
      %dg = recur.mul %dc, %it : tensor<$Hx$R>
      %dcb = recur.mul %dc, %ft : tensor<$Hx$R>
      %f1 = recur.sub %one, %ft : tensor<$Hx$R>
      %ff = recur.mul %ft, %f1 : tensor<$Hx$R>
      %zf = recur.mul %df, %ff : tensor<$Hx$R>
      %i1 = recur.sub %one, %it : tensor<$Hx$R>
      %ii = recur.mul %it, %i1 : tensor<$Hx$R>
      %zi = recur.mul %di, %ii : tensor<$Hx$R>
      %o1 = recur.sub %one, %ot : tensor<$Hx$R>
      %oo = recur.mul %ot, %o1 : tensor<$Hx$R>
      %zo = recur.mul %do, %oo : tensor<$Hx$R>
      %g2 = recur.mul %gt, %gt : tensor<$Hx$R>
      %g1 = recur.sub %one, %g2 : tensor<$Hx$R>
      %zg = recur.mul %dg, %g1 : tensor<$Hx$R>
      recur.write %dcb, %dc_back offset 0 strides [1] : tensor<$Hx$R>, !h
      recur.write %zf, %dz offset 0 strides [1] : tensor<$Hx$R>, !z
      recur.write %zi, %dz offset $1 strides [1] : tensor<$Hx$R>, !z
      recur.write %zo, %dz offset $2 strides [1] : tensor<$Hx$R>, !z
      recur.write %zg, %dz offset $3 strides [1] : tensor<$Hx$R>, !z
    }
    recur.phase "dh.back" space [$H] {
      %ut = recur.read %U offset 0 strides [1, $H] : (!u) -> tensor<$Hx$Zx$R>
      %zt = recur.read %dz offset 0 strides [1] : (!z) -> tensor<$Zx$R>
      %p = recur.matmul %ut, %zt : (tensor<$Hx$Zx$R>, tensor<$Zx$R>) -> tensor<$Hx$R>
      recur.write %p, %dh_back offset 0 strides [1] : tensor<$Hx$R>, !h
    }
  }
  recur.map {
    recur.phase "dx" space [$I] {
      %wt = recur.read %W offset 0 strides [1, $I] : (!w) -> tensor<$Ix$Zx$R>
      %zt = recur.read %dz offset 0 strides [1] : (!z) -> tensor<$Zx$R>
      %p = recur.matmul %wt, %zt : (tensor<$Ix$Zx$R>, tensor<$Zx$R>) -> tensor<$Ix$R>
      recur.write %p, %d_x offset 0 strides [1] : tensor<$Ix$R>, !x
    }
    recur.phase "d.U" space [$Z, $H] total {
      %zt = recur.read %dz offset 0 strides [1] : (!z) -> tensor<$Zx$R>
      %hp = recur.read %h shift -1 boundary %h0 offset 0 strides [1] : (!h, !h) -> tensor<$Hx$R>
      %p = recur.outer %zt, %hp : (tensor<$Zx$R>, tensor<$Hx$R>) -> tensor<$Zx$Hx$R>
      recur.accumulate %p, %d_U offset 0 strides [$H, 1] : tensor<$Zx$Hx$R>, !u
    }
    recur.phase "d.W" space [$Z, $I] total {
      %zt = recur.read %dz offset 0 strides [1] : (!z) -> tensor<$Zx$R>
      %xt = recur.read %x offset 0 strides [1] : (!x) -> tensor<$Ix$R>
      %p = recur.outer %zt, %xt : (tensor<$Zx$R>, tensor<$Ix$R>) -> tensor<$Zx$Ix$R>
      recur.accumulate %p, %d_W offset 0 strides [$I, 1] : tensor<$Zx$Ix$R>, !w
    }
    recur.phase "d.b" space [$Z] total {
      %zt = recur.read %dz offset 0 strides [1] : (!z) -> tensor<$Zx$R>
      recur.accumulate %zt, %d_b offset 0 strides [1] : tensor<$Zx$R>, !z
    }
  }
  recur.at start offset -1 {
    recur.phase "d.h[0]" space [$H] {
      %dh = recur.read %dh_back shift 1 offset 0 strides [1] : (!h) -> tensor<$Hx$R>
      %dc = recur.read %dc_back shift 1 offset 0 strides [1] : (!h) -> tensor<$Hx$R>
      recur.write %dh, %d_h0 offset 0 strides [1] : tensor<$Hx$R>, !h
      recur.write %dc, %d_c0 offset 0 strides [1] : tensor<$Hx$R>, !h
    }
  }
})";

std::string lstmForward(const Sizes &sizes) {
  std::string text = lstmForwardText;
  // Rows of U come in blocks of H · H elements.
  for (int64_t block = 1; block <= 3; ++block) {
    std::string name = "@" + std::to_string(block);
    text.replace(text.find(name), 2, std::to_string(block * sizes.H * sizes.H));
  }
  return fill(text, sizes);
}

std::string lstmBackward(const Sizes &sizes) { return fill(lstmBackwardText, sizes); }

} // namespace seqc::test
