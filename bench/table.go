package main

import (
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
)

// table.go - what a figure must reach, and the table of those that do and do not. The one
// rule: a line is printed as soon as it is known, and says how far the rounds were apart,
// so that a reader can tell a miss from a noisy minute.

// must is what a figure is judged by: a bound of the ratio to the limit, or of the value.
type must struct {
	text  string
	ratio bool
	holds func(x float64) bool
}

func atMost(r float64) must {
	return must{fmt.Sprintf("≤ %g ×", r), true, func(x float64) bool { return x <= r }}
}

func atLeast(r float64) must {
	return must{fmt.Sprintf("≥ %g ×", r), true, func(x float64) bool { return x >= r }}
}

func within(v float64) must {
	return must{fmt.Sprintf("≤ %g", v), false, func(x float64) bool { return x <= v }}
}

// told is a figure that is shown and not judged.
var told = must{text: "-"}

// figure is one line: what luv reached and what the limit reached, round by round.
type figure struct {
	what, lua, unit string
	luv, limit      []float64
	must            must
}

type table struct {
	workload    string
	judged, met int
}

const line = "%-46s %-7s %9s %9s %-8s %7s  %-11s %-8s %s\n"

func (t *table) head() {
	fmt.Printf(line, "workload", "lua", "luv", "limit", "unit", "ratio", "from-to", "must", "")
}

func (t *table) add(f figure) {
	ratios := f.ratios()
	judge := median(f.luv)
	if f.must.ratio {
		judge = median(ratios)
	}
	fmt.Printf(line, f.what, f.lua, number(median(f.luv)), number(median(f.limit)), f.unit,
		ratio(median(ratios)), span(ratios), f.must.text, t.verdict(f.must, judge))
}

func (t *table) verdict(m must, x float64) string {
	if m.holds == nil {
		return ""
	}
	t.judged++
	if !m.holds(x) {
		return "MISS"
	}
	t.met++
	return "ok"
}

// A workload that could not be measured counts as one figure that is missed.
func (t *table) failed(err error) {
	t.judged++
	fmt.Printf(line, t.workload, "", "-", "-", "", "-", "", "", "MISS")
	fmt.Fprintf(os.Stderr, "bench: %s: %v\n", t.workload, err)
}

func (f figure) ratios() []float64 {
	var list []float64
	for i := range min(len(f.luv), len(f.limit)) {
		list = append(list, f.luv[i]/f.limit[i])
	}
	return list
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return math.NaN()
	}
	sorted := append([]float64(nil), list...)
	sort.Float64s(sorted)
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// number shows four digits, which is more than any of them is good for.
func number(x float64) string {
	switch {
	case math.IsNaN(x):
		return "-"
	case x == 0:
		return "0"
	case x >= 1000:
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}

func ratio(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.3f", x)
}

func span(list []float64) string {
	if len(list) == 0 {
		return ""
	}
	sorted := append([]float64(nil), list...)
	sort.Float64s(sorted)
	return fmt.Sprintf("%.2f-%.2f", sorted[0], sorted[len(sorted)-1])
}
