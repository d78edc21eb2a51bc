package config

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// A number is whole or not, as in Python: whole numbers stay exact and / never makes one.
type number struct {
	i     int64
	f     float64
	whole bool
}

func whole(i int64) number { return number{i: i, whole: true} }

func constant(n number) node { return func(*Vars) (number, error) { return n, nil } }

func (n number) float() float64 {
	if n.whole {
		return float64(n.i)
	}
	return n.f
}

var (
	errLarge = errors.New("the number grows too large")
	errZero  = errors.New("division by zero")
)

// apply computes left OP right.
func apply(op string, left, right node) node {
	return func(v *Vars) (number, error) {
		a, err := left(v)
		if err != nil {
			return a, err
		}
		b, err := right(v)
		if err != nil {
			return b, err
		}
		if a.whole && b.whole && op != "/" && !(op == "**" && b.i < 0) {
			return wholes(op, a.i, b.i)
		}
		return floats(op, a.float(), b.float())
	}
}

func floats(op string, a, b float64) (number, error) {
	if b == 0 && (op == "/" || op == "//" || op == "%") || a == 0 && b < 0 && op == "**" {
		return number{}, errZero
	}
	var f float64
	switch op {
	case "+":
		f = a + b
	case "-":
		f = a - b
	case "*":
		f = a * b
	case "/":
		f = a / b
	case "//":
		f = math.Floor(a / b)
	case "%":
		if f = math.Mod(a, b); f != 0 && (f < 0) != (b < 0) {
			f += b
		}
	case "**":
		f = math.Pow(a, b)
	default:
		return number{}, fmt.Errorf("%s needs whole numbers", op)
	}
	return finite(f)
}

func finite(f float64) (number, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return number{}, errLarge
	}
	return number{f: f}, nil
}

func wholes(op string, a, b int64) (number, error) {
	if b == 0 && (op == "//" || op == "%") {
		return number{}, errZero
	}
	switch op {
	case "+", "-", "*", "<<", "**":
		return growing(op, a, b)
	case ">>":
		if b < 0 {
			return number{}, errors.New("a shift cannot be negative")
		}
		return whole(a >> min(b, 63)), nil
	case "//":
		q := a / b
		if a%b != 0 && (a < 0) != (b < 0) {
			q--
		}
		return whole(q), nil
	}
	m := a % b
	if m != 0 && (m < 0) != (b < 0) {
		m += b
	}
	return whole(m), nil
}

// growing computes what may leave the range of whole numbers, which Python's do not have: that is an error.
func growing(op string, a, b int64) (number, error) {
	switch op {
	case "+":
		if c := a + b; (c > a) == (b > 0) {
			return whole(c), nil
		}
	case "-":
		if c := a - b; (c < a) == (b > 0) {
			return whole(c), nil
		}
	case "*":
		return product(a, b)
	case "<<":
		if b < 0 {
			return number{}, errors.New("a shift cannot be negative")
		}
		if a == 0 {
			return whole(0), nil
		}
		if b < 62 {
			return product(a, 1<<b)
		}
	case "**":
		return power(a, b)
	}
	return number{}, errLarge
}

func product(a, b int64) (number, error) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 || lo > math.MaxInt64 {
		return number{}, errLarge
	}
	if (a < 0) != (b < 0) {
		return whole(-int64(lo)), nil
	}
	return whole(int64(lo)), nil
}

func magnitude(a int64) uint64 {
	if a < 0 {
		return uint64(-a)
	}
	return uint64(a)
}

// power multiplies at most 64 times: any other whole base than -1, 0 and 1 has left the range by then.
func power(a, b int64) (number, error) {
	if a >= -1 && a <= 1 {
		b = min(b, 2+b%2)
	}
	n := whole(1)
	for range min(b, 64) {
		var err error
		if n, err = product(n.i, a); err != nil {
			return n, err
		}
	}
	return n, nil
}

func compare(op string, a, b number) bool {
	x, y := a.float(), b.float()
	switch op {
	case "<":
		return x < y
	case "<=":
		return x <= y
	case ">":
		return x > y
	case ">=":
		return x >= y
	case "==":
		return x == y
	}
	return x != y
}
