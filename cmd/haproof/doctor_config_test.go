package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness/audit"
)

const trapped = "../../harness/audit/testdata/table-nopurge.cfg"

// doctored runs doctor without an HAProxy.
func doctored(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = execute(append([]string{"doctor", "--haproxy", "none"}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

func TestDoctorTellsTrapsByItsExitCode(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "binary.cfg")
	if err := os.WriteFile(binary, []byte("global\x00"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		why    string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"an error", []string{trapped}, exitFail, "table-nopurge.cfg:21: error: table tracker/quota has nopurge [table-nopurge]\n    why:  When", ""},
		{"nothing", []string{"../../docs/tracker/haproxy.cfg"}, exitPass, "billed from: tracker/quota\n0 errors, 0 warnings, 0 notes\n", ""},
		{"only a note", []string{"../../harness/audit/testdata/accept-unknown.cfg"}, exitPass, "0 errors, 0 warnings, 1 note\n", ""},
		{"nothing is billed", []string{"../../harness/audit/testdata/good-plain.cfg"}, exitPass, "no stick table is counted", ""},
		{"a version with a defect", []string{"--haproxy-version", "3.2.8", "../../docs/tracker/haproxy.cfg"}, exitFail, "[version-pushes-3.2]", ""},
		{"a table by name", []string{"--table", "quota", trapped}, exitFail, "[table-nopurge]", ""},
		{"another localpeer", []string{"--localpeer", "hap9", "../../docs/tracker/haproxy.cfg"}, exitFail, "has no server hap9", ""},
		{"a table that is not there", []string{"--table", "counts", trapped}, exitCannot, "", "no such stick table"},
		{"no file", []string{"/nowhere.cfg"}, exitCannot, "", "no such file"},
		{"a binary file", []string{binary}, exitCannot, "", "NUL"},
		{"no version", []string{"--haproxy-version", "new", trapped}, exitCannot, "", "want one like 3.2.4"},
		{"no such program", []string{"--haproxy", "/nowhere/haproxy", trapped}, exitCannot, "", "no such file"},
	} {
		code, stdout, stderr := doctored(row.args...)
		if code != row.code || !strings.Contains(stdout, row.stdout) || !strings.Contains(stderr, row.stderr) || (stderr == "") != (row.stderr == "") {
			t.Errorf("%s: exit code %d, want %d\nstdout: %s\nstderr: %s", row.why, code, row.code, stdout, stderr)
		}
	}
}

func TestDoctorsJSONHasAllThatItFound(t *testing.T) {
	code, stdout, _ := doctored("--json", "--haproxy-version", "3.4.0", trapped)
	decoder := json.NewDecoder(strings.NewReader(stdout))
	decoder.DisallowUnknownFields()
	var got configReport
	if err := decoder.Decode(&got); err != nil {
		t.Fatalf("%v in\n%s", err, stdout)
	}
	if code != exitFail || len(got.Findings) != 1 || got.Findings[0].Why == "" || got.Findings[0].Mend == "" {
		t.Fatalf("exit code %d, %+v", code, got)
	}
	got.Findings[0].Why, got.Findings[0].Mend = "", ""
	want := configReport{
		Schema: 1, Files: []string{trapped}, Version: "3.4.0", Tables: []string{"tracker/quota"}, Errors: 1,
		Findings: []audit.Finding{{ID: "table-nopurge", Severity: audit.Error, File: trapped, Line: 21, What: "table tracker/quota has nopurge"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, stdout, _ = doctored("--json", "../../harness/audit/testdata/good-plain.cfg")
	for _, part := range []string{`"findings": []`, `"tables": []`, `"haproxy": null`} {
		if !strings.Contains(stdout, part) {
			t.Errorf("no %s in\n%s", part, stdout)
		}
	}
}

func TestDoctorShowsThreeOfAKind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "many.cfg")
	text := "backend b\n" + strings.Repeat("    http-response sc-inc-gpc0(2)\n", 5)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	_, stdout, _ := doctored(path)
	if n := strings.Count(stdout, "[slot-untracked]"); n != 3 || !strings.Contains(stdout, "and 2 more of slot-untracked; --json lists them\n") || !strings.Contains(stdout, "\n5 errors, ") {
		t.Errorf("%d shown in\n%s", n, stdout)
	}
}

func TestDoctorDoesNotPassOnControlCharacters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "escape.cfg")
	if err := os.WriteFile(path, []byte("backend b\n    http-request deny if { src,table_gpt0(\x1b[31mred) gt 0 }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, stdout, _ := doctored(path)
	if strings.ContainsRune(stdout, 0x1b) || !strings.Contains(stdout, "red") {
		t.Errorf("%q", stdout)
	}
}
