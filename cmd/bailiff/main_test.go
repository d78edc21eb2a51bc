package main

import (
	"context"
	"os"
	"testing"

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
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: func(e *testscript.Env) error {
		e.Setenv("TZ", "UTC")
		return nil
	}})
}
