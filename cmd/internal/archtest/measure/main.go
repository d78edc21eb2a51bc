// Command measure prints how large a Go program is and how it is cut into pieces: one program a column, so that ours can
// be laid beside others.
//
//	go run ./cmd/internal/archtest/measure [DIR...]
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"bailiff/cmd/internal/archtest"
)

func main() {
	dirs := os.Args[1:]
	if len(dirs) == 0 {
		dirs = []string{"."}
	}
	if err := run(dirs); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(dirs []string) error {
	var columns [][]row
	head := []string{""}
	for _, dir := range dirs {
		files, err := archtest.Load(dir)
		if err != nil {
			return err
		}
		absolute, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		head = append(head, filepath.Base(absolute))
		columns = append(columns, rows(archtest.Take(files)))
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(head, "\t"))
	for i, r := range columns[0] {
		line := []string{r.name}
		for _, c := range columns {
			line = append(line, c[i].value)
		}
		fmt.Fprintln(w, strings.Join(line, "\t"))
	}
	return w.Flush()
}

// A row is one figure of a program.
type row struct{ name, value string }

func rows(m *archtest.Measure) (all []row) {
	add := func(name, format string, values ...any) { all = append(all, row{name, fmt.Sprintf(format, values...)}) }
	var lengths, cyclomatic, interfaces []int
	for _, f := range m.Functions {
		lengths, cyclomatic = append(lengths, f.Lines), append(cyclomatic, f.Cyclomatic)
	}
	for _, i := range m.Interfaces {
		interfaces = append(interfaces, i.Methods)
	}
	largest, most := m.Largest(), m.LargestPackage()
	add("lines without tests", "%d", m.Lines)
	add("packages / files", "%d / %d", len(m.Packages), len(m.FileLines))
	add("files a package (lines a package)", "%.1f (%d)", float64(len(m.FileLines))/float64(len(m.Packages)), m.Lines/len(m.Packages))
	add("largest package, files", "%d (%s)", m.Packages[most], most)
	add("file median / p90 / max", "%s", spread(m.FileLines))
	add("files under 60 lines", "%d %%", percent(m.FileLines, func(n int) bool { return n < 60 }))
	add("functions: n, median / p90 / max", "%d: %s", len(lengths), spread(lengths))
	add("functions over 40 / 80 lines", "%d / %d", count(lengths, func(n int) bool { return n > 40 }), count(lengths, func(n int) bool { return n > 80 }))
	add("cyclomatic p90 / max", "%d / %d", quantile(cyclomatic, 0.9), slices.Max(cyclomatic))
	for i := range min(3, len(largest)) {
		t := largest[i]
		add(fmt.Sprintf("most methods (files, fields) %d", i+1), "%d (%d, %d) %s", t.Methods, t.Files, t.Fields, t.Name)
	}
	add("exported names documented", "%d %%", 100*m.Documented/max(m.Exported, 1))
	add("comment share / words a line", "%d %% / %.1f", 100*m.CommentLines/m.Lines, float64(m.CommentWords)/float64(max(m.CommentLines, 1)))
	add("comment width median / p90", "%d / %d", quantile(m.CommentWidth, 0.5), quantile(m.CommentWidth, 0.9))
	add("lines over 100 / 120 columns", "%d / %d", count(m.Widths, func(n int) bool { return n > 100 }), count(m.Widths, func(n int) bool { return n > 120 }))
	add("go statements / init / package variables", "%d / %d / %d", m.Go, m.Inits, m.Variables)
	add("exits / panics", "%d / %d", m.Exits, m.Panics)
	add("interfaces: n, median, max methods", "%d, %d, %d", len(interfaces), quantile(interfaces, 0.5), quantile(interfaces, 1))
	add("TODO / skips / fuzz targets / examples", "%d / %d / %d / %d", m.Todos, m.Skips, m.Fuzz, m.Examples)
	add("tests / source", "%.2f", float64(m.TestLines)/float64(m.Lines))
	add("time.Sleep in tests", "%d", m.Sleeps)
	add("mean local name", "%.1f letters", m.NameLength())
	return all
}

func spread(numbers []int) string {
	return fmt.Sprintf("%d / %d / %d", quantile(numbers, 0.5), quantile(numbers, 0.9), quantile(numbers, 1))
}

// quantile is the number that a part of the numbers does not exceed.
func quantile(numbers []int, part float64) int {
	if len(numbers) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(numbers))
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}

func count(numbers []int, is func(int) bool) (n int) {
	for _, x := range numbers {
		if is(x) {
			n++
		}
	}
	return n
}

func percent(numbers []int, is func(int) bool) int {
	return 100 * count(numbers, is) / max(len(numbers), 1)
}
