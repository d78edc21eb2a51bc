package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// asBailiff in the environment makes the test's own program be bailiff, so that tests can start it anywhere.
const asBailiff = "BAILIFF_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asBailiff) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){
		"bailiff":        main,
		"fail2ban-regex": func() { os.Exit(execute(context.Background(), append([]string{"fail2ban-regex"}, os.Args[1:]...))) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("SYSLOG_NOW", time.Now().UTC().Format(time.Stamp))
			e.Setenv("WEB_NOW", time.Now().UTC().Format("02/Jan/2006:15:04:05 -0700"))
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			e.Defer(func() { taken.Close() })
			e.Setenv("TAKEN", taken.Addr().String())
			free, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			e.Setenv("FREE", free.Addr().String())
			free.Close()
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"await": await, "expand": expand, "until": until, "fetch": fetch,
		},
	})
}

// await SOCKET returns when somebody listens there.
func await(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		if c, err := net.Dial("unix", ts.MkAbs(args[0])); err == nil {
			c.Close()
			return
		}
	}
	ts.Fatalf("nobody listens at %s", args[0])
}

// until REGEX COMMAND... repeats the command till a line of its output matches.
func until(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile("(?m)" + args[0])
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		if err := ts.Exec(args[1], args[2:]...); err == nil && want.MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("no line as %q from %q", args[0], args[1:])
}

// fetch URL prints the status and the body of an answer, as soon as there is one.
func fetch(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		answer, err := http.Get("http://" + args[0])
		if err != nil {
			continue
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		ts.Check(err)
		fmt.Fprintf(ts.Stdout(), "%s\n%s", answer.Status, body)
		return
	}
	ts.Fatalf("nobody answers at %s", args[0])
}

// expand FILE replaces $WORK and other variables in the file.
func expand(ts *testscript.TestScript, _ bool, args []string) {
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
