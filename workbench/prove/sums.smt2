; The axioms of model.h: the induction steps of total's, and the wrap. t(v,n) is the sum of the first n entries from v on; len is
; one entry's length, in one memory or in another. z3 must say
; unsat to each.
(declare-fun len (Int) Int)
(declare-fun other (Int) Int)
(declare-fun t (Int Int) Int)
(declare-fun u (Int Int) Int)
(assert (forall ((v Int)) (>= (len v) 0)))
(assert (forall ((v Int) (n Int)) (=> (<= n 0) (= (t v n) 0))))
(assert (forall ((v Int) (n Int)) (=> (<= n 0) (= (u v n) 0))))
(declare-const v Int)
(declare-const n Int)
(declare-const k Int)
(assert (>= n 0))
(define-fun next ((w Int) (m Int)) Bool
    (= (t w (+ m 1)) (+ (t w m) (len (+ w m)))))

; total_positive: from n to n + 1
(push)
(assert (and (next v n) (>= (t v n) 0) (< (t v (+ n 1)) 0)))
(check-sat)
(pop)

; total_grows: n = k, then from n to n + 1, for one k
(push)
(assert (not (<= (t v k) (t v k))))
(check-sat)
(pop)
(push)
(assert (and (<= k n) (next v n) (<= (t v k) (t v n))))
(assert (not (<= (t v k) (t v (+ n 1)))))
(check-sat)
(pop)

; total_same: n = 0, then from n to n + 1
(push)
(assert (not (= (t v 0) (u v 0))))
(check-sat)
(pop)
(push)
(assert (and (next v n) (= (u v (+ n 1)) (+ (u v n) (other (+ v n))))))
(assert (and (= (t v n) (u v n)) (= (len (+ v n)) (other (+ v n)))))
(assert (not (= (t v (+ n 1)) (u v (+ n 1)))))
(check-sat)
(pop)

; below_nothing: unsigned arithmetic is that of the remainder by 2^64
(push)
(assert (not (= (mod (- 1) 18446744073709551616) 18446744073709551615)))
(check-sat)
(pop)
