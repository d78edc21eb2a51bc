package match

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// An oracle is a child of Python's that searches with its own re.
type oracle struct {
	in  *json.Encoder
	out *json.Decoder
}

type question struct {
	Expr  string   `json:"expr"`
	Flags Flags    `json:"flags"`
	Texts []string `json:"texts"`
	From  []int    `json:"from,omitempty"`
}

type answer struct {
	Error string            `json:"error"`
	Pos   *int              `json:"pos"`
	Spans []json.RawMessage `json:"spans"`
}

func startOracle(t testing.TB) *oracle {
	cmd := exec.Command("/usr/bin/python3", "testdata/oracle.py")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("oracle: %v\n%s", err, stderr.String())
		}
	})
	enc := json.NewEncoder(in)
	enc.SetEscapeHTML(false)
	return &oracle{in: enc, out: json.NewDecoder(bufio.NewReader(out))}
}

func (o *oracle) ask(t testing.TB, q question) answer {
	t.Helper()
	if err := o.in.Encode(q); err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := o.out.Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

// disagreement compares what we make of a question with Python's answer. It returns a Go test case, or "".
func disagreement(q question, a answer, s *Scratch) (diff string, slow int) {
	p, err := Compile(q.Expr, q.Flags)
	if err != nil || a.Error != "" {
		return compareErrors(q, a, err), 0
	}
	for i, text := range q.Texts {
		if string(a.Spans[i]) == `"slow"` {
			slow++
			continue
		}
		from := 0
		if q.From != nil {
			from = q.From[i]
		}
		var want []int
		if err := json.Unmarshal(a.Spans[i], &want); err != nil {
			return err.Error(), slow
		}
		got, err := p.Search(s, []byte(text), from)
		if err != nil || !slices.Equal(got, want) {
			return fmt.Sprintf("{%s, %d, %s, %d, %#v}, // got %v %v", strconv.Quote(q.Expr), q.Flags, strconv.Quote(text), from, want, got, err), slow
		}
		if got, err := stepwise(p).Search(s, []byte(text), from); err == nil && !slices.Equal(got, want) {
			return fmt.Sprintf("{%s, %d, %s, %d, %#v}, // stepwise: got %v", strconv.Quote(q.Expr), q.Flags, strconv.Quote(text), from, want, got), slow
		}
		if got, ok := searchLinear(p, s, []byte(text), from); ok && !slices.Equal(got, want) {
			return fmt.Sprintf("{%s, %d, %s, %d, %#v}, // linear: got %v", strconv.Quote(q.Expr), q.Flags, strconv.Quote(text), from, want, got), slow
		}
	}
	return "", slow
}

// stepwise returns p with nothing left to forward.
func stepwise(p *Pattern) *Pattern {
	slow, prog := *p, *p.prog
	slow.prog, prog.insts = &prog, slices.Clone(prog.insts)
	for i := range prog.insts {
		prog.insts[i].move = leave
	}
	return &slow
}

// searchLinear is Search when the budget has run out at once.
func searchLinear(p *Pattern, s *Scratch, text []byte, from int) (caps []int, ok bool) {
	if !s.failed.start(p.prog, len(text)) {
		return nil, false
	}
	s.steps, s.limit = 0, linearBudget
	caps = p.prog.search(s, text, from)
	return caps, !s.over
}

func compareErrors(q question, a answer, err error) string {
	where := fmt.Sprintf("{%s, %d}", strconv.Quote(q.Expr), q.Flags)
	switch {
	case err == nil:
		return fmt.Sprintf("%s compiles, Python says: %s", where, a.Error)
	case a.Error == "":
		return fmt.Sprintf("%s: %v, Python compiles it", where, err)
	}
	e := err.(*SyntaxError)
	if strings.HasPrefix(e.Msg, "bad character range") {
		a.Pos = nil // ours is where the range begins; Python's may lie in it
	}
	if e.Msg != a.Error || a.Pos != nil && *a.Pos != e.Pos {
		pos := -1
		if a.Pos != nil {
			pos = *a.Pos
		}
		return fmt.Sprintf("%s: %q at %d, Python says %q at %d", where, e.Msg, e.Pos, a.Error, pos)
	}
	return ""
}
