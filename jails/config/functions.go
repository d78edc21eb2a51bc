package config

import (
	"errors"
	"math"
)

// names of a ban that a formula may use.
var names = map[string]func(v *Vars) number{
	"ban.Time":  func(v *Vars) number { return asWhole(v.Time) },
	"ban.Count": func(v *Vars) number { return whole(int64(v.Count)) },
	"banFactor": func(v *Vars) number { return asWhole(v.Factor) },
}

// asWhole keeps whole what is: times and factors are written as whole numbers and shifted.
func asWhole(f float64) number {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return whole(int64(f))
	}
	return number{f: f}
}

type function struct {
	min, max int
	run      func(v *Vars, args []number) (number, error)
}

var functions = map[string]function{
	"min":           {2, maxTokens, extreme("<")},
	"max":           {2, maxTokens, extreme(">")},
	"int":           {1, 1, truncate},
	"float":         {1, 1, func(_ *Vars, a []number) (number, error) { return number{f: a[0].float()}, nil }},
	"math.exp":      {1, 1, func(_ *Vars, a []number) (number, error) { return finite(math.Exp(a[0].float())) }},
	"math.log":      {1, 2, logarithm},
	"math.pow":      {2, 2, func(_ *Vars, a []number) (number, error) { return finite(math.Pow(a[0].float(), a[1].float())) }},
	"random.random": {0, 0, random},
}

func extreme(op string) func(*Vars, []number) (number, error) {
	return func(_ *Vars, args []number) (number, error) {
		best := args[0]
		for _, n := range args[1:] {
			if compare(op, n, best) {
				best = n
			}
		}
		return best, nil
	}
}

func truncate(_ *Vars, args []number) (number, error) {
	if args[0].whole {
		return args[0], nil
	}
	if math.Abs(args[0].f) >= 1<<63 {
		return number{}, errLarge
	}
	return whole(int64(args[0].f)), nil
}

func logarithm(_ *Vars, args []number) (number, error) {
	of := math.Log(args[0].float())
	if len(args) == 2 {
		of /= math.Log(args[1].float())
	}
	if math.IsInf(of, 0) || math.IsNaN(of) {
		return number{}, errors.New("the logarithm is not defined there")
	}
	return number{f: of}, nil
}

func random(v *Vars, _ []number) (number, error) {
	if v == nil || v.Random == nil {
		return number{}, nil
	}
	return number{f: v.Random()}, nil
}
