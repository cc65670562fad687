;; A frame's planes to the model's input: lib/pixels/pixel-kernel.ts says how memory is laid out.
;; Compiled by scripts/compile-kernel.ts. All addresses and strides are in bytes.
;;
;; Between its functions a colour is a 16-bit number less 128, -128…127: so i32x4.dot_i16x8_s takes it. The planes of a
;; row lie 16,448 bytes apart, which PLANE_BYTES repeats. Sums are those of Pillow modulo 2^32, whatever their order: a
;; weight is (high << 15) + low, low in 0…32767, and both parts are summed apart.
(module
  (memory (export "memory") 1)

  ;; One row of Cb or Cr as quarters of a unit, counted from neutral: three times the near row and once the far one.
  ;; One number after the last repeats it. Samples of 8 bits, or of 16 where $isWide.
  (func (export "mixChroma")
    (param $near i32) (param $far i32) (param $count i32) (param $isWide i32) (param $neutral i32) (param $to i32)
    (local $end i32) (local $zero v128) (local $a v128) (local $b v128)
    (local.set $zero (i16x8.splat (local.get $neutral)))
    (local.set $end (i32.add (local.get $to) (i32.shl (local.get $count) (i32.const 1))))
    (loop $eightSamples
      (if (local.get $isWide)
        (then
          (local.set $a (v128.load (local.get $near)))
          (local.set $b (v128.load (local.get $far)))
          (local.set $near (i32.add (local.get $near) (i32.const 16)))
          (local.set $far (i32.add (local.get $far) (i32.const 16))))
        (else
          (local.set $a (v128.load8x8_u (local.get $near)))
          (local.set $b (v128.load8x8_u (local.get $far)))
          (local.set $near (i32.add (local.get $near) (i32.const 8)))
          (local.set $far (i32.add (local.get $far) (i32.const 8)))))
      (v128.store (local.get $to)
        (i16x8.sub
          (i16x8.add
            (i16x8.add (i16x8.shl (local.get $a) (i32.const 1)) (local.get $a))
            (local.get $b))
          (local.get $zero)))
      (br_if $eightSamples
        (i32.lt_u (local.tee $to (i32.add (local.get $to) (i32.const 16))) (local.get $end))))
    (i32.store16 (local.get $end) (i32.load16_u (i32.sub (local.get $end) (i32.const 2)))))

  ;; The same for Cb and Cr side by side in rows of 8-bit pairs; $count pairs.
  (func (export "mixChromaPairs")
    (param $near i32) (param $far i32) (param $count i32) (param $neutral i32) (param $toCb i32) (param $toCr i32)
    (local $end i32) (local $zero v128) (local $low v128) (local $a v128) (local $b v128) (local $x v128) (local $y v128)
    (local.set $zero (i16x8.splat (local.get $neutral)))
    (local.set $low (i16x8.splat (i32.const 255)))
    (local.set $end (i32.add (local.get $toCb) (i32.shl (local.get $count) (i32.const 1))))
    (loop $eightPairs
      (local.set $a (v128.load (local.get $near)))
      (local.set $b (v128.load (local.get $far)))
      (local.set $x (v128.and (local.get $a) (local.get $low)))
      (local.set $y (v128.and (local.get $b) (local.get $low)))
      (v128.store (local.get $toCb)
        (i16x8.sub
          (i16x8.add (i16x8.add (i16x8.shl (local.get $x) (i32.const 1)) (local.get $x)) (local.get $y))
          (local.get $zero)))
      (local.set $x (i16x8.shr_u (local.get $a) (i32.const 8)))
      (local.set $y (i16x8.shr_u (local.get $b) (i32.const 8)))
      (v128.store (local.get $toCr)
        (i16x8.sub
          (i16x8.add (i16x8.add (i16x8.shl (local.get $x) (i32.const 1)) (local.get $x)) (local.get $y))
          (local.get $zero)))
      (local.set $near (i32.add (local.get $near) (i32.const 16)))
      (local.set $far (i32.add (local.get $far) (i32.const 16)))
      (local.set $toCr (i32.add (local.get $toCr) (i32.const 16)))
      (br_if $eightPairs
        (i32.lt_u (local.tee $toCb (i32.add (local.get $toCb) (i32.const 16))) (local.get $end))))
    (local.set $toCr (i32.add (local.get $toCr) (i32.sub (local.get $end) (local.get $toCb))))
    (i32.store16 (local.get $end) (i32.load16_u (i32.sub (local.get $end) (i32.const 2))))
    (i32.store16 (local.get $toCr) (i32.load16_u (i32.sub (local.get $toCr) (i32.const 2)))))

  ;; A row of red, green and blue of a row of luma and of what mixChroma made of its chroma: a sample
  ;; for each pixel, or for each second one where $isPaired. Sixteen pixels at a time.
  ;; $equations: luma, offset, crToRed, crToGreen, cbToGreen, cbToBlue as 32-bit numbers of 21 fractional bits, those of
  ;; chroma for eighths of a unit; the offset with half a unit for rounding and less 128 units.
  (func (export "convertRow")
    (param $luma i32) (param $cb i32) (param $cr i32) (param $count i32) (param $isWide i32) (param $isPaired i32)
    (param $equations i32) (param $to i32)
    (local $end i32)
    (local $scale v128) (local $offset v128) (local $crToRed v128) (local $crToGreen v128) (local $cbToGreen v128)
    (local $cbToBlue v128) (local $smallest v128) (local $largest v128)
    (local $b0 v128) (local $b1 v128) (local $r0 v128) (local $r1 v128) (local $y0 v128) (local $y1 v128)
    (local $y v128) (local $b v128) (local $r v128)
    (local $redLow v128) (local $greenLow v128) (local $blueLow v128)
    (local $odd v128)

    (local.set $scale (v128.load32_splat (local.get $equations)))
    (local.set $offset (v128.load32_splat offset=4 (local.get $equations)))
    (local.set $crToRed (v128.load32_splat offset=8 (local.get $equations)))
    (local.set $crToGreen (v128.load32_splat offset=12 (local.get $equations)))
    (local.set $cbToGreen (v128.load32_splat offset=16 (local.get $equations)))
    (local.set $cbToBlue (v128.load32_splat offset=20 (local.get $equations)))
    (local.set $smallest (i16x8.splat (i32.const -128)))
    (local.set $largest (i16x8.splat (i32.const 127)))
    (local.set $end (i32.add (local.get $to) (i32.shl (local.get $count) (i32.const 1))))
    (loop $sixteenPixels
      (if (local.get $isPaired)
        (then
          ;; At an even pixel twice its own sample, at an odd one its neighbours' sum.
          (local.set $b (v128.load (local.get $cb)))
          (local.set $odd (i16x8.add (local.get $b) (v128.load offset=2 (local.get $cb))))
          (local.set $b (i16x8.shl (local.get $b) (i32.const 1)))
          (local.set $b0 (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $b) (local.get $odd)))
          (local.set $b1 (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $b) (local.get $odd)))
          (local.set $r (v128.load (local.get $cr)))
          (local.set $odd (i16x8.add (local.get $r) (v128.load offset=2 (local.get $cr))))
          (local.set $r (i16x8.shl (local.get $r) (i32.const 1)))
          (local.set $r0 (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $r) (local.get $odd)))
          (local.set $r1 (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $r) (local.get $odd)))
          (local.set $cb (i32.add (local.get $cb) (i32.const 16)))
          (local.set $cr (i32.add (local.get $cr) (i32.const 16))))
        (else
          (local.set $b0 (i16x8.shl (v128.load (local.get $cb)) (i32.const 1)))
          (local.set $b1 (i16x8.shl (v128.load offset=16 (local.get $cb)) (i32.const 1)))
          (local.set $r0 (i16x8.shl (v128.load (local.get $cr)) (i32.const 1)))
          (local.set $r1 (i16x8.shl (v128.load offset=16 (local.get $cr)) (i32.const 1)))
          (local.set $cb (i32.add (local.get $cb) (i32.const 32)))
          (local.set $cr (i32.add (local.get $cr) (i32.const 32)))))
      (if (local.get $isWide)
        (then
          (local.set $y0 (v128.load (local.get $luma)))
          (local.set $y1 (v128.load offset=16 (local.get $luma)))
          (local.set $luma (i32.add (local.get $luma) (i32.const 32))))
        (else
          (local.set $y (v128.load (local.get $luma)))
          (local.set $y0 (i16x8.extend_low_i8x16_u (local.get $y)))
          (local.set $y1 (i16x8.extend_high_i8x16_u (local.get $y)))
          (local.set $luma (i32.add (local.get $luma) (i32.const 16)))))
      ;; Pixels 0 to 7.
      (local.set $y (i32x4.add (i32x4.mul (i32x4.extend_low_i16x8_u (local.get $y0)) (local.get $scale)) (local.get $offset)))
      (local.set $b (i32x4.extend_low_i16x8_s (local.get $b0)))
      (local.set $r (i32x4.extend_low_i16x8_s (local.get $r0)))
      (local.set $redLow (i32x4.shr_s (i32x4.add (local.get $y) (i32x4.mul (local.get $r) (local.get $crToRed))) (i32.const 21)))
      (local.set $greenLow
        (i32x4.shr_s
          (i32x4.sub
            (i32x4.sub (local.get $y) (i32x4.mul (local.get $r) (local.get $crToGreen)))
            (i32x4.mul (local.get $b) (local.get $cbToGreen)))
          (i32.const 21)))
      (local.set $blueLow (i32x4.shr_s (i32x4.add (local.get $y) (i32x4.mul (local.get $b) (local.get $cbToBlue))) (i32.const 21)))
      (local.set $y (i32x4.add (i32x4.mul (i32x4.extend_high_i16x8_u (local.get $y0)) (local.get $scale)) (local.get $offset)))
      (local.set $b (i32x4.extend_high_i16x8_s (local.get $b0)))
      (local.set $r (i32x4.extend_high_i16x8_s (local.get $r0)))
      (v128.store (local.get $to)
        (i16x8.min_s (local.get $largest) (i16x8.max_s (local.get $smallest)
          (i16x8.narrow_i32x4_s (local.get $redLow)
            (i32x4.shr_s (i32x4.add (local.get $y) (i32x4.mul (local.get $r) (local.get $crToRed))) (i32.const 21))))))
      (v128.store offset=16448 (local.get $to)
        (i16x8.min_s (local.get $largest) (i16x8.max_s (local.get $smallest)
          (i16x8.narrow_i32x4_s (local.get $greenLow)
            (i32x4.shr_s
              (i32x4.sub
                (i32x4.sub (local.get $y) (i32x4.mul (local.get $r) (local.get $crToGreen)))
                (i32x4.mul (local.get $b) (local.get $cbToGreen)))
              (i32.const 21))))))
      (v128.store offset=32896 (local.get $to)
        (i16x8.min_s (local.get $largest) (i16x8.max_s (local.get $smallest)
          (i16x8.narrow_i32x4_s (local.get $blueLow)
            (i32x4.shr_s (i32x4.add (local.get $y) (i32x4.mul (local.get $b) (local.get $cbToBlue))) (i32.const 21))))))
      ;; Pixels 8 to 15.
      (local.set $y (i32x4.add (i32x4.mul (i32x4.extend_low_i16x8_u (local.get $y1)) (local.get $scale)) (local.get $offset)))
      (local.set $b (i32x4.extend_low_i16x8_s (local.get $b1)))
      (local.set $r (i32x4.extend_low_i16x8_s (local.get $r1)))
      (local.set $redLow (i32x4.shr_s (i32x4.add (local.get $y) (i32x4.mul (local.get $r) (local.get $crToRed))) (i32.const 21)))
      (local.set $greenLow
        (i32x4.shr_s
          (i32x4.sub
            (i32x4.sub (local.get $y) (i32x4.mul (local.get $r) (local.get $crToGreen)))
            (i32x4.mul (local.get $b) (local.get $cbToGreen)))
          (i32.const 21)))
      (local.set $blueLow (i32x4.shr_s (i32x4.add (local.get $y) (i32x4.mul (local.get $b) (local.get $cbToBlue))) (i32.const 21)))
      (local.set $y (i32x4.add (i32x4.mul (i32x4.extend_high_i16x8_u (local.get $y1)) (local.get $scale)) (local.get $offset)))
      (local.set $b (i32x4.extend_high_i16x8_s (local.get $b1)))
      (local.set $r (i32x4.extend_high_i16x8_s (local.get $r1)))
      (v128.store offset=16 (local.get $to)
        (i16x8.min_s (local.get $largest) (i16x8.max_s (local.get $smallest)
          (i16x8.narrow_i32x4_s (local.get $redLow)
            (i32x4.shr_s (i32x4.add (local.get $y) (i32x4.mul (local.get $r) (local.get $crToRed))) (i32.const 21))))))
      (v128.store offset=16464 (local.get $to)
        (i16x8.min_s (local.get $largest) (i16x8.max_s (local.get $smallest)
          (i16x8.narrow_i32x4_s (local.get $greenLow)
            (i32x4.shr_s
              (i32x4.sub
                (i32x4.sub (local.get $y) (i32x4.mul (local.get $r) (local.get $crToGreen)))
                (i32x4.mul (local.get $b) (local.get $cbToGreen)))
              (i32.const 21))))))
      (v128.store offset=32912 (local.get $to)
        (i16x8.min_s (local.get $largest) (i16x8.max_s (local.get $smallest)
          (i16x8.narrow_i32x4_s (local.get $blueLow)
            (i32x4.shr_s (i32x4.add (local.get $y) (i32x4.mul (local.get $b) (local.get $cbToBlue))) (i32.const 21))))))
      (br_if $sixteenPixels
        (i32.lt_u (local.tee $to (i32.add (local.get $to) (i32.const 32))) (local.get $end)))))

  ;; One row of output pixels of one row of input. For each of $columns the table has where its input begins, counted from
  ;; $row, what its sum begins with, eight bytes of nothing, and $vectors times eight low and eight high parts of weights.
  ;; Writes bytes where $isLast, else numbers of 16 bits less 128; pixels lie $step apart.
  (func (export "filterAlong")
    (param $row i32) (param $table i32) (param $columns i32) (param $vectors i32) (param $isLast i32) (param $to i32)
    (param $step i32)
    (local $end i32) (local $at i32) (local $isOdd i32) (local $weightBytes i32)
    (local $begin v128) (local $low v128) (local $high v128) (local $x v128) (local $zero v128)
    (local $lowRed v128) (local $highRed v128) (local $lowGreen v128) (local $highGreen v128)
    (local $lowBlue v128) (local $highBlue v128)
    (local.set $isOdd (i32.and (local.get $vectors) (i32.const 1)))
    (local.set $weightBytes (i32.shl (local.get $vectors) (i32.const 5)))
    (loop $column
      (local.set $at (i32.add (local.get $row) (i32.load (local.get $table))))
      (local.set $begin (v128.load32_splat offset=4 (local.get $table)))
      (local.set $table (i32.add (local.get $table) (i32.const 16)))
      (local.set $end (i32.add (local.get $table) (local.get $weightBytes)))
      (local.set $lowRed (local.get $zero))
      (local.set $highRed (local.get $zero))
      (local.set $lowGreen (local.get $zero))
      (local.set $highGreen (local.get $zero))
      (local.set $lowBlue (local.get $zero))
      (local.set $highBlue (local.get $zero))
      (if (local.get $isOdd)
        (then
          (local.set $low (v128.load (local.get $table)))
          (local.set $high (v128.load offset=16 (local.get $table)))
          (local.set $x (v128.load (local.get $at)))
          (local.set $lowRed (i32x4.add (local.get $lowRed) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
          (local.set $highRed (i32x4.add (local.get $highRed) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
          (local.set $x (v128.load offset=16448 (local.get $at)))
          (local.set $lowGreen (i32x4.add (local.get $lowGreen) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
          (local.set $highGreen (i32x4.add (local.get $highGreen) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
          (local.set $x (v128.load offset=32896 (local.get $at)))
          (local.set $lowBlue (i32x4.add (local.get $lowBlue) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
          (local.set $highBlue (i32x4.add (local.get $highBlue) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (local.set $table (i32.add (local.get $table) (i32.const 32)))))
      (if (i32.lt_u (local.get $table) (local.get $end))
        (then
          (loop $sixteenPixels
            (local.set $low (v128.load (local.get $table)))
            (local.set $high (v128.load offset=16 (local.get $table)))
            (local.set $x (v128.load (local.get $at)))
            (local.set $lowRed (i32x4.add (local.get $lowRed) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
            (local.set $highRed (i32x4.add (local.get $highRed) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
            (local.set $x (v128.load offset=16448 (local.get $at)))
            (local.set $lowGreen (i32x4.add (local.get $lowGreen) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
            (local.set $highGreen (i32x4.add (local.get $highGreen) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
            (local.set $x (v128.load offset=32896 (local.get $at)))
            (local.set $lowBlue (i32x4.add (local.get $lowBlue) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
            (local.set $highBlue (i32x4.add (local.get $highBlue) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
            (local.set $low (v128.load offset=32 (local.get $table)))
            (local.set $high (v128.load offset=48 (local.get $table)))
            (local.set $x (v128.load offset=16 (local.get $at)))
            (local.set $lowRed (i32x4.add (local.get $lowRed) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
            (local.set $highRed (i32x4.add (local.get $highRed) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
            (local.set $x (v128.load offset=16464 (local.get $at)))
            (local.set $lowGreen (i32x4.add (local.get $lowGreen) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
            (local.set $highGreen (i32x4.add (local.get $highGreen) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
            (local.set $x (v128.load offset=32912 (local.get $at)))
            (local.set $lowBlue (i32x4.add (local.get $lowBlue) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
            (local.set $highBlue (i32x4.add (local.get $highBlue) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
            (local.set $at (i32.add (local.get $at) (i32.const 32)))
            (br_if $sixteenPixels
              (i32.lt_u (local.tee $table (i32.add (local.get $table) (i32.const 64))) (local.get $end))))))
      (local.set $lowRed (i32x4.add (local.get $lowRed) (i32x4.shl (local.get $highRed) (i32.const 15))))
      (local.set $lowGreen (i32x4.add (local.get $lowGreen) (i32x4.shl (local.get $highGreen) (i32.const 15))))
      (local.set $lowBlue (i32x4.add (local.get $lowBlue) (i32x4.shl (local.get $highBlue) (i32.const 15))))
      ;; Sums of the four lanes: red, green and blue in lanes 0, 1 and 2.
      (local.set $x
        (i32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $lowRed) (local.get $lowGreen))
          (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $lowRed) (local.get $lowGreen))))
      (local.set $lowBlue
        (i32x4.add
          (local.get $lowBlue)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $lowBlue) (local.get $lowBlue))))
      (local.set $x
        (i32x4.shr_s
          (i32x4.add
            (local.get $begin)
            (i32x4.add
              (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $x) (local.get $lowBlue))
              (i8x16.shuffle 8 9 10 11 12 13 14 15 20 21 22 23 16 17 18 19 (local.get $x) (local.get $lowBlue))))
          (i32.const 22)))
      (local.set $x (i16x8.narrow_i32x4_s (local.get $x) (local.get $x)))
      (if (local.get $isLast)
        (then
          (local.set $x (i8x16.narrow_i16x8_u (local.get $x) (local.get $x)))
          (v128.store16_lane 0 (local.get $to) (local.get $x))
          (v128.store8_lane offset=2 2 (local.get $to) (local.get $x)))
        (else
          (v128.store64_lane 0 (local.get $to)
            (i16x8.extend_low_i8x16_s (i8x16.narrow_i16x8_s (local.get $x) (local.get $x))))))
      (local.set $to (i32.add (local.get $to) (local.get $step)))
      (br_if $column (local.tee $columns (i32.sub (local.get $columns) (i32.const 1))))))

  ;; One row of output of several rows of input, $count numbers of 16 bits of each, $from bytes on, sixteen at a time. The
  ;; table has what sums begin with, twelve bytes of nothing, and for each of $pairs of rows both addresses, the low parts
  ;; of their weights, and the high ones.
  ;; Writes bytes where $isLast, else numbers of 16 bits less 128.
  (func (export "filterAcross")
    (param $table i32) (param $pairs i32) (param $from i32) (param $count i32) (param $isLast i32) (param $to i32)
    (local $end i32) (local $tableEnd i32) (local $pair i32) (local $begin v128) (local $zero v128)
    (local $low v128) (local $high v128) (local $a v128) (local $b v128) (local $x v128)
    (local $low0 v128) (local $low1 v128) (local $low2 v128) (local $low3 v128)
    (local $high0 v128) (local $high1 v128) (local $high2 v128) (local $high3 v128)
    (local.set $begin (v128.load32_splat (local.get $table)))
    (local.set $table (i32.add (local.get $table) (i32.const 16)))
    (local.set $end (i32.add (local.get $from) (i32.shl (local.get $count) (i32.const 1))))
    (local.set $tableEnd (i32.add (local.get $table) (i32.shl (local.get $pairs) (i32.const 4))))
    (loop $sixteenNumbers
      (local.set $pair (local.get $table))
      (local.set $low0 (local.get $begin))
      (local.set $low1 (local.get $begin))
      (local.set $low2 (local.get $begin))
      (local.set $low3 (local.get $begin))
      (local.set $high0 (local.get $zero))
      (local.set $high1 (local.get $zero))
      (local.set $high2 (local.get $zero))
      (local.set $high3 (local.get $zero))
      (loop $twoRows
        (local.set $low (v128.load32_splat offset=8 (local.get $pair)))
        (local.set $high (v128.load32_splat offset=12 (local.get $pair)))
        (local.set $a (v128.load (i32.add (i32.load (local.get $pair)) (local.get $from))))
        (local.set $b (v128.load (i32.add (i32.load offset=4 (local.get $pair)) (local.get $from))))
        (local.set $x (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $a) (local.get $b)))
        (local.set $low0 (i32x4.add (local.get $low0) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
        (local.set $high0 (i32x4.add (local.get $high0) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
        (local.set $x (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $a) (local.get $b)))
        (local.set $low1 (i32x4.add (local.get $low1) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
        (local.set $high1 (i32x4.add (local.get $high1) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
        (local.set $a (v128.load offset=16 (i32.add (i32.load (local.get $pair)) (local.get $from))))
        (local.set $b (v128.load offset=16 (i32.add (i32.load offset=4 (local.get $pair)) (local.get $from))))
        (local.set $x (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $a) (local.get $b)))
        (local.set $low2 (i32x4.add (local.get $low2) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
        (local.set $high2 (i32x4.add (local.get $high2) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
        (local.set $x (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $a) (local.get $b)))
        (local.set $low3 (i32x4.add (local.get $low3) (i32x4.dot_i16x8_s (local.get $x) (local.get $low))))
        (local.set $high3 (i32x4.add (local.get $high3) (i32x4.dot_i16x8_s (local.get $x) (local.get $high))))
        (br_if $twoRows
          (i32.lt_u (local.tee $pair (i32.add (local.get $pair) (i32.const 16))) (local.get $tableEnd))))
      (local.set $a
        (i16x8.narrow_i32x4_s
          (i32x4.shr_s (i32x4.add (local.get $low0) (i32x4.shl (local.get $high0) (i32.const 15))) (i32.const 22))
          (i32x4.shr_s (i32x4.add (local.get $low1) (i32x4.shl (local.get $high1) (i32.const 15))) (i32.const 22))))
      (local.set $b
        (i16x8.narrow_i32x4_s
          (i32x4.shr_s (i32x4.add (local.get $low2) (i32x4.shl (local.get $high2) (i32.const 15))) (i32.const 22))
          (i32x4.shr_s (i32x4.add (local.get $low3) (i32x4.shl (local.get $high3) (i32.const 15))) (i32.const 22))))
      (if (local.get $isLast)
        (then
          (v128.store (local.get $to) (i8x16.narrow_i16x8_u (local.get $a) (local.get $b)))
          (local.set $to (i32.add (local.get $to) (i32.const 16))))
        (else
          (local.set $x (i8x16.narrow_i16x8_s (local.get $a) (local.get $b)))
          (v128.store (local.get $to) (i16x8.extend_low_i8x16_s (local.get $x)))
          (v128.store offset=16 (local.get $to) (i16x8.extend_high_i8x16_s (local.get $x)))
          (local.set $to (i32.add (local.get $to) (i32.const 32)))))
      (br_if $sixteenNumbers
        (i32.lt_u (local.tee $from (i32.add (local.get $from) (i32.const 32))) (local.get $end))))))
