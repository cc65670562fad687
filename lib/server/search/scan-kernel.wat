;; The loop over all rows of a search, sixteen int8 at a time. Compiled by scripts/compile-kernel.ts.
(module
  (import "search" "memory" (memory 1 65536 shared))

  ;; scores[row] = offset + factor · scales[row] · (rows[row] · query), for `count` rows of 512 int8 and a query of 512 int16.
  ;; Addresses are in bytes. The query's sum of absolute values is so small that no sum of products overflows.
  (func (export "scan")
    (param $rows i32) (param $count i32) (param $query i32) (param $scales i32)
    (param $factor f32) (param $offset f32) (param $scores i32)
    (local $row i32) (local $rowEnd i32) (local $q i32) (local $end i32)
    (local $x v128) (local $sumA v128) (local $sumB v128)
    (local.set $end (i32.add (local.get $scores) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (br_if $done (i32.eqz (local.get $count)))
      (loop $oneRow
        (local.set $row (local.get $rows))
        (local.set $rowEnd (i32.add (local.get $rows) (i32.const 512)))
        (local.set $q (local.get $query))
        (local.set $sumA (v128.const i32x4 0 0 0 0))
        (local.set $sumB (v128.const i32x4 0 0 0 0))
        (loop $numbers
          (local.set $x (v128.load (local.get $row)))
          (local.set $sumA (i32x4.add (local.get $sumA)
            (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $x)) (v128.load (local.get $q)))))
          (local.set $sumB (i32x4.add (local.get $sumB)
            (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $x)) (v128.load offset=16 (local.get $q)))))
          (local.set $x (v128.load offset=16 (local.get $row)))
          (local.set $sumA (i32x4.add (local.get $sumA)
            (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $x)) (v128.load offset=32 (local.get $q)))))
          (local.set $sumB (i32x4.add (local.get $sumB)
            (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $x)) (v128.load offset=48 (local.get $q)))))
          (local.set $q (i32.add (local.get $q) (i32.const 64)))
          (br_if $numbers
            (i32.lt_u (local.tee $row (i32.add (local.get $row) (i32.const 32))) (local.get $rowEnd))))
        (local.set $sumA (i32x4.add (local.get $sumA) (local.get $sumB)))
        (f32.store (local.get $scores)
          (f32.add (local.get $offset)
            (f32.mul (f32.mul (local.get $factor) (f32.load (local.get $scales)))
              (f32.convert_i32_s
                (i32.add
                  (i32.add (i32x4.extract_lane 0 (local.get $sumA)) (i32x4.extract_lane 1 (local.get $sumA)))
                  (i32.add (i32x4.extract_lane 2 (local.get $sumA)) (i32x4.extract_lane 3 (local.get $sumA))))))))
        (local.set $rows (local.get $rowEnd))
        (local.set $scales (i32.add (local.get $scales) (i32.const 4)))
        (br_if $oneRow
          (i32.lt_u (local.tee $scores (i32.add (local.get $scores) (i32.const 4))) (local.get $end)))))))
