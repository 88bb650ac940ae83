package daemon

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestCommandRefusesWhatItDoesNotUnderstand(t *testing.T) {
	const peers = "-peers=127.0.0.1:0"
	t.Chdir(t.TempDir())
	tests := []struct {
		args []string
		want string // in the complaint
	}{
		{nil, "no address to listen on for peers and no peer to dial"},
		{[]string{"-persist"}, "-persist"},
		{[]string{peers, "extra"}, `unexpected argument "extra"`},
		{[]string{"-peers=20001"}, `address "20001"`},
		{[]string{peers, "-http=8080"}, `address "8080"`},
		{[]string{"-dial=proxy1"}, "want name=address"},
		{[]string{"-dial=proxy 1=127.0.0.1:1"}, `name "proxy 1"`},
		{[]string{peers, "-name="}, "own peer name"},
		{[]string{peers, "-table=/quota"}, "without the slash"},
		{[]string{peers, "-table="}, "table: must not be empty"},
		{[]string{peers, "-log=xml"}, `log.format "xml"`},
		{[]string{peers, "-keys=odd"}, `keys "odd"`},
		{[]string{peers, "-http=192.0.2.1:80"}, "needs TLS and a token"},
		{[]string{peers, "-config=/nowhere.yaml"}, "/nowhere.yaml"},
		{[]string{"export", "-from=yesterday"}, "want a day such as"},
		{[]string{"export", "-from=2026-11-21T08:30:00Z"}, "whole hour"},
		{[]string{peers, "-config=/dev/null"}, "not a regular file"},
		{[]string{"export", "-format=xml"}, "csv or json"},
		{[]string{"verify", "-store=none"}, "nothing to read"},
		{[]string{peers, "-cert=a", "-key=b"}, "give all three or none"},
	}
	for _, tt := range tests {
		var stderr bytes.Buffer
		c := Command{Name: "quota-tracker"}
		if code := c.Run(t.Context(), tt.args, &stderr); code != ExitUsage {
			t.Errorf("%q: got exit code %d, want %d", tt.args, code, ExitUsage)
		}
		if !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%q: got %q, want %q in it", tt.args, stderr.String(), tt.want)
		}
	}
}

func TestCommandExplainsItself(t *testing.T) {
	var stderr bytes.Buffer
	if code := (Command{Name: "quota-tracker"}).Run(t.Context(), []string{"-h"}, &stderr); code != ExitOK {
		t.Errorf("got exit code %d, want %d", code, ExitOK)
	}
	if !strings.Contains(stderr.String(), "-dial name=address") {
		t.Errorf("got %q, want the flags", stderr.String())
	}
}

func TestCommandNamesWhatKeepsItFromRunning(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"-peers", busy.Addr().String()}, busy.Addr().String()},
		{[]string{"-peers=127.0.0.1:0", "-http", busy.Addr().String()}, busy.Addr().String()},
		{[]string{"-peers=127.0.0.1:0", "-cert=/nowhere/c", "-key=/nowhere/k", "-ca=/nowhere/a"}, "/nowhere/c"},
	}
	for _, tt := range tests {
		var stderr bytes.Buffer
		if code := (Command{Name: "quota-tracker"}).Run(t.Context(), append(tt.args, "-store=none"), &stderr); code != ExitCannot {
			t.Errorf("%q: got exit code %d, want %d", tt.args, code, ExitCannot)
		}
		if !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%q: got %q, want %q in it", tt.args, stderr.String(), tt.want)
		}
	}
}

func TestCommandServesUntilItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var stderr bytes.Buffer
	status := make(chan int, 1)
	c := Command{Name: "quota-tracker", Ready: func(_, api string) {
		go func() { // the answer comes once the server runs
			defer cancel()
			resp, err := http.Get("http://" + api + "/healthz")
			if err != nil {
				status <- 0
				return
			}
			status <- resp.StatusCode
			_ = resp.Body.Close()
		}()
	}}
	if code := c.Run(ctx, []string{"-peers=127.0.0.1:0", "-http=127.0.0.1:0", "-log=json", "-store=none"}, &stderr); code != ExitOK {
		t.Errorf("got exit code %d, want %d: %s", code, ExitOK, stderr.String())
	}
	if got := <-status; got != http.StatusOK {
		t.Errorf("healthz: got %d, want 200", got)
	}
	if !strings.Contains(stderr.String(), `"msg":"started"`) || !strings.Contains(stderr.String(), `"msg":"stopped"`) {
		t.Errorf("log: got %s, want started and stopped", stderr.String())
	}
}

func TestCommandTakesFlagsOfItsOwn(t *testing.T) {
	var lie string
	c := Command{
		Name:    "lyingtracker",
		Flags:   func(set *flag.FlagSet) { set.StringVar(&lie, "lie", "", "") },
		Counter: func() (Counter, error) { return nil, errors.New("-lie " + lie) },
	}
	var stderr bytes.Buffer
	if code := c.Run(t.Context(), []string{"-peers=127.0.0.1:0", "-lie=big"}, &stderr); code != ExitUsage {
		t.Errorf("got exit code %d, want %d", code, ExitUsage)
	}
	if want := "lyingtracker: -lie big\n"; stderr.String() != want {
		t.Errorf("got %q, want %q", stderr.String(), want)
	}
}
