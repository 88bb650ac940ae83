package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haproof/haproof/harness/audit"
)

// configOptions are the flags of doctor about configurations.
type configOptions struct {
	haproxy   string // a path, auto or none
	version   string // overrides the program's; empty if not given
	table     string
	localPeer string
	asJSON    bool
}

func (o *configOptions) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.haproxy, "haproxy", "auto", "the HAProxy to ask about FILE: a path, auto for the one on PATH, none")
	flags.StringVar(&o.version, "haproxy-version", "", "the version of HAProxy that FILE is for, such as 3.2.4 (default that of --haproxy)")
	flags.StringVar(&o.table, "table", "", "the stick table that is billed from (default those told to peers in which a counter is increased)")
	flags.StringVar(&o.localPeer, "localpeer", "", "the name that HAProxy is started with, as haproxy -L")
	flags.BoolVar(&o.asJSON, "json", false, "print JSON, see docs/DOCTOR.md")
}

// errTraps is returned for findings that are more than notes.
var errTraps = errors.New("the configuration has traps")

// configReport is what doctor prints of a configuration with --json. Fields are
// added, never removed or given another meaning, without a new schema number.
type configReport struct {
	Schema   int             `json:"schema"`
	Files    []string        `json:"files"`
	HAProxy  *programReport  `json:"haproxy"` // null if none was asked
	Version  string          `json:"haproxy_version"`
	Tables   []string        `json:"tables"` // that are billed from
	Findings []audit.Finding `json:"findings"`
	Errors   int             `json:"errors"`
	Warnings int             `json:"warnings"`
	Notes    int             `json:"notes"`
}

type programReport struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

// examine reads a configuration and prints what is wrong with it.
func (a *app) examine(ctx context.Context, paths []string, o configOptions) error {
	program, err := o.program(ctx)
	if err != nil {
		return err
	}
	env, err := o.environment(program)
	if err != nil {
		return err
	}
	config, err := audit.Read(paths, env)
	if err != nil {
		return err
	}
	if !config.Bill(o.table) {
		return fmt.Errorf("--table %s: there is no such stick table", o.table)
	}
	found := config.Examine()
	report := configReport{Schema: 1, Files: config.Files, Version: env.Version.String(), Tables: config.Billed()}
	if program != nil {
		report.HAProxy = &programReport{program.Path, program.Version.String()}
		said, err := program.Check(ctx, paths, o.localPeer)
		if err != nil {
			return err
		}
		found = config.Arrange(append(found, said...))
	}
	report.count(found)
	if err := a.printConfig(report, o.asJSON); err != nil {
		return err
	}
	if report.Errors+report.Warnings > 0 {
		return errTraps
	}
	return nil
}

// program finds the HAProxy to ask; nil if there is none to be asked.
func (o configOptions) program(ctx context.Context) (*audit.Program, error) {
	if o.haproxy == "none" {
		return nil, nil
	}
	name := o.haproxy
	if name == "auto" {
		name = "haproxy"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		if o.haproxy == "auto" {
			return nil, nil
		}
		return nil, fmt.Errorf("--haproxy %s: %w", o.haproxy, err)
	}
	return audit.AskProgram(ctx, path)
}

func (o configOptions) environment(program *audit.Program) (audit.Environment, error) {
	env := audit.OwnEnvironment()
	env.LocalPeer = o.localPeer
	if program != nil {
		env.Version, env.Features = program.Version, program.Features
	}
	if o.version == "" {
		return env, nil
	}
	var err error
	if env.Version, err = audit.ParseVersion(o.version); err != nil {
		return env, fmt.Errorf("--haproxy-version: %w", err)
	}
	return env, nil
}

func (r *configReport) count(found []audit.Finding) {
	r.Findings = []audit.Finding{}
	for _, f := range found {
		r.Findings = append(r.Findings, f)
		switch f.Severity {
		case audit.Error:
			r.Errors++
		case audit.Warning:
			r.Warnings++
		case audit.Note:
			r.Notes++
		}
	}
}

func (a *app) printConfig(r configReport, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(a.stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(r)
	}
	a.printFindings(r.Findings)
	if len(r.Tables) == 0 {
		fmt.Fprintln(a.stdout, "no stick table is counted and told to peers; --table says which one is billed from")
	} else {
		fmt.Fprintf(a.stdout, "billed from: %s\n", printable(strings.Join(r.Tables, ", ")))
	}
	_, err := fmt.Fprintf(a.stdout, "%s, %s, %s\n", several(r.Errors, "error"), several(r.Warnings, "warning"), several(r.Notes, "note"))
	return err
}

// alikeShown is how many findings of one trap are printed in full; --json has all.
const alikeShown = 3

func (a *app) printFindings(found []audit.Finding) {
	shown := map[string]int{}
	for _, f := range found {
		if shown[f.ID]++; shown[f.ID] > alikeShown && !strings.HasPrefix(f.ID, "haproxy-") {
			continue
		}
		fmt.Fprintf(a.stdout, "%s%s %s [%s]\n", where(f), a.painted(f.Severity), printable(f.What), f.ID)
		fmt.Fprintf(a.stdout, "    why:  %s\n    mend: %s\n", f.Why, f.Mend)
	}
	for _, id := range slices.Sorted(maps.Keys(shown)) {
		if more := shown[id] - alikeShown; more > 0 && !strings.HasPrefix(id, "haproxy-") {
			fmt.Fprintf(a.stdout, "and %d more of %s; --json lists them\n", more, id)
		}
	}
}

func several(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func where(f audit.Finding) string {
	switch {
	case f.File == "":
		return ""
	case f.Line == 0:
		return printable(f.File) + ": "
	}
	return fmt.Sprintf("%s:%d: ", printable(f.File), f.Line)
}

// severityColours are those of terminals: red, yellow, cyan.
var severityColours = map[audit.Severity]int{audit.Error: 31, audit.Warning: 33, audit.Note: 36}

func (a *app) painted(s audit.Severity) string {
	if !a.colour() {
		return string(s) + ":"
	}
	return fmt.Sprintf("\x1b[1;%dm%s:\x1b[0m", severityColours[s], s)
}

// printable keeps what a configuration says from steering the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, text)
}
